/**
 * What BullMQ has no verb for: claiming a named or a filtered job, giving one back for another reviewer, joining. Each
 * script is one atomic step on BullMQ's own keys (`bull`: prioritized, active, completed, failed, <id>, <id>:lock) and on
 * those of the desk:
 *
 *   item:<id>     body, priority, created, detector, action, model, repetition, stage, excluded, claimant, abandoned
 *   member-of     trace → item          members:<id>  traces of an item, by age
 *   same:<text>   undecided items with this repetition
 *   order         all items by priority and age          waiting  those that wait, by age          expired  a counter
 *
 * A full Redis refuses a script at its first write that needs memory and lets a script that has written go on, so none
 * stops in the middle.
 */
export const SHARED = `
local bull, desk = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))

local function announce(event, id, previous)
  redis.call('XADD', bull .. 'events', 'MAXLEN', '~', 1000, '*', 'event', event, 'jobId', id, 'prev', previous)
end

-- BullMQ's score is priority * 2^32 + a counter; here the seconds of its age take the counter's place.
local function scoreOf(id)
  local at = redis.call('HMGET', desk .. 'item:' .. id, 'priority', 'created')
  local seconds = math.min(math.max(math.floor((tonumber(at[2]) or 0) / 1000), 0), 4294967295)
  return string.format('%.0f', (tonumber(at[1]) or 2097151) * 4294967296 + seconds), at[2] or now
end

local function wait(id)
  local score, created = scoreOf(id)
  redis.call('ZADD', bull .. 'prioritized', score, id)
  redis.call('ZADD', desk .. 'waiting', created, id)
end

local function abandon(id, most)
  local times = redis.call('HINCRBY', desk .. 'item:' .. id, 'abandoned', 1)
  redis.call('INCR', desk .. 'expired')
  redis.call('HDEL', desk .. 'item:' .. id, 'claimant')
  redis.call('HDEL', bull .. id, 'defa')
  if times < most then
    wait(id)
    announce('stalled', id, 'active')
  else
    redis.call('ZADD', bull .. 'failed', now, id)
    redis.call('HINCRBY', bull .. 'metrics:failed', 'count', 1)
    redis.call('HSET', bull .. id, 'failedReason', 'abandoned too often', 'finishedOn', now)
    announce('failed', id, 'active')
  end
end

-- A claim lives as long as its lock. BullMQ's own check would take two rounds and put the job before all others.
local function sweep(most)
  for _, id in ipairs(redis.call('LRANGE', bull .. 'wait', 0, -1)) do
    redis.call('LREM', bull .. 'wait', 1, id)
    abandon(id, most)
  end
  for _, id in ipairs(redis.call('LRANGE', bull .. 'active', 0, -1)) do
    if redis.call('EXISTS', bull .. id .. ':lock') == 0 then
      redis.call('LREM', bull .. 'active', 1, id)
      redis.call('SREM', bull .. 'stalled', id)
      abandon(id, most)
    end
  end
end

local function describe(id)
  local at = redis.call('HMGET', desk .. 'item:' .. id, 'body', 'stage', 'excluded', 'claimant')
  if not at[1] then return false end
  local state, claimant, untilMs = 'claimed', '', redis.call('PEXPIRETIME', bull .. id .. ':lock')
  if redis.call('ZSCORE', bull .. 'prioritized', id) then state = 'waiting'
  elseif redis.call('ZSCORE', bull .. 'completed', id) then state = 'decided'
  elseif redis.call('ZSCORE', bull .. 'failed', id) then state = 'dead'
  elseif untilMs < 0 then return false
  else claimant = at[4] or '' end
  return { at[1], state, at[2], at[3], claimant, untilMs, redis.call('ZCARD', desk .. 'members:' .. id) }
end
`;

// Names come as JSON texts, and lists of them as JSON of such texts: Lua's decoder refuses half a surrogate pair.
const CLAIM = `
local most, token, leaseMs, reviewer = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local named, stages, detectors = ARGV[5], ARGV[6], ARGV[7]
sweep(most)
local function fits(id)
  local at = redis.call('HMGET', desk .. 'item:' .. id, 'stage', 'excluded', 'detector', 'created')
  if not at[1] or not string.find(stages, ',' .. at[1] .. ',', 1, true) then return end
  if at[2] ~= '[]' then
    for _, excluded in ipairs(cjson.decode(at[2])) do if excluded == reviewer then return end end
  end
  if detectors ~= '' then
    local wanted = false
    for _, detector in ipairs(cjson.decode(detectors)) do wanted = wanted or detector == at[3] end
    if not wanted then return end
  end
  return tonumber(at[4])
end
local function first()
  local best, bestScore, bestCreated
  for from = 0, redis.call('ZCARD', bull .. 'prioritized'), 100 do
    local found = redis.call('ZRANGE', bull .. 'prioritized', from, from + 99, 'WITHSCORES')
    for place = 1, #found, 2 do
      if best and found[place + 1] ~= bestScore then return best end
      local created = fits(found[place])
      if created and (not best or created < bestCreated) then
        best, bestScore, bestCreated = found[place], found[place + 1], created
      end
    end
  end
  return best
end
local id
if named == '' then id = first()
elseif redis.call('ZSCORE', bull .. 'prioritized', named) and fits(named) then id = named end
if not id then return false end
redis.call('ZREM', bull .. 'prioritized', id)
redis.call('ZREM', desk .. 'waiting', id)
redis.call('LPUSH', bull .. 'active', id)
redis.call('SET', bull .. id .. ':lock', token, 'PX', leaseMs)
redis.call('HSET', desk .. 'item:' .. id, 'claimant', reviewer)
redis.call('HSET', bull .. id, 'processedOn', now)
redis.call('HINCRBY', bull .. id, 'ats', 1)
announce('active', id, 'waiting')
return describe(id)
`;

// Not BullMQ's extendLock: that sets the lock anew, which a full Redis refuses, and reviewers would lose their claims.
const EXTEND = `
local id, lock = ARGV[1], bull .. ARGV[1] .. ':lock'
if redis.call('GET', lock) ~= ARGV[2] then return 0 end
redis.call('PEXPIRE', lock, ARGV[3])
redis.call('SREM', bull .. 'stalled', id)
return redis.call('PEXPIRETIME', lock)
`;

const GIVE_BACK = `
local id, token, stage, excluded = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if redis.call('GET', bull .. id .. ':lock') ~= token or redis.call('LREM', bull .. 'active', 1, id) == 0 then return 0 end
redis.call('DEL', bull .. id .. ':lock')
redis.call('SREM', bull .. 'stalled', id)
redis.call('HDEL', desk .. 'item:' .. id, 'claimant')
if stage ~= '' then redis.call('HSET', desk .. 'item:' .. id, 'stage', stage, 'excluded', excluded) end
wait(id)
announce('waiting', id, 'active')
return 1
`;

const REOPEN = `
local most, id, item = tonumber(ARGV[1]), ARGV[2], desk .. 'item:' .. ARGV[2]
sweep(most)
local previous = redis.call('ZREM', bull .. 'completed', id) == 1 and 'completed'
  or redis.call('ZREM', bull .. 'failed', id) == 1 and 'failed'
if not previous then return 0 end
redis.call('HDEL', bull .. id, 'finishedOn', 'processedOn', 'returnvalue', 'failedReason', 'defa', 'stc', 'atm')
redis.call('HSET', item, 'stage', ARGV[3], 'excluded', ARGV[4], 'abandoned', 0)
redis.call('SADD', desk .. 'same:' .. redis.call('HGET', item, 'repetition'), id)
wait(id)
announce('waiting', id, previous)
return 1
`;

const SETTLE = `
if redis.call('ZSCORE', bull .. 'completed', ARGV[1]) then
  redis.call('SREM', desk .. 'same:' .. redis.call('HGET', desk .. 'item:' .. ARGV[1], 'repetition'), ARGV[1])
end
return 1
`;

const GET = `
sweep(tonumber(ARGV[1]))
return describe(ARGV[2])
`;

const PAGE = `
sweep(tonumber(ARGV[1]))
local source, from, to = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local wanted, latest = { ARGV[5], ARGV[6], ARGV[7], ARGV[8] }, ARGV[9]
local ids
if source == 'order' then ids = redis.call('ZRANGE', desk .. 'order', from, to)
elseif source == 'active' then ids = redis.call('LRANGE', bull .. 'active', from, to)
else ids = redis.call('ZRANGE', bull .. source, from, to) end
local rows = {}
for _, id in ipairs(ids) do
  local at = redis.call('HMGET', desk .. 'item:' .. id, 'stage', 'detector', 'action', 'model', 'created')
  local fits = at[5] and (latest == '' or tonumber(at[5]) <= tonumber(latest))
  for place = 1, 4 do fits = fits and (wanted[place] == '' or wanted[place] == at[place]) end
  local row = fits and describe(id)
  if row and (ARGV[10] == '' or ARGV[10] == row[2]) then table.insert(rows, row) end
end
return { #ids, rows }
`;

const STATS = `
sweep(tonumber(ARGV[1]))
local oldest = redis.call('ZRANGE', desk .. 'waiting', 0, 0, 'WITHSCORES')[2]
return { redis.call('ZCARD', bull .. 'prioritized'), redis.call('LLEN', bull .. 'active'),
  redis.call('ZCARD', bull .. 'completed'), redis.call('ZCARD', bull .. 'failed'),
  oldest and math.max(0, tonumber(now) - tonumber(oldest)) or 0, tonumber(redis.call('GET', desk .. 'expired') or 0) }
`;

/** By name; each goes after `SHARED`. */
export const LUA = {
  claim: CLAIM,
  extend: EXTEND,
  giveBack: GIVE_BACK,
  settle: SETTLE,
  reopen: REOPEN,
  get: GET,
  page: PAGE,
  stats: STATS,
} as const;
