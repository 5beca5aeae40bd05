/**
 * Admits a trace: as an item, as one more of another, or not at all where it is known. ARGV[9] to [11] are what it was to a
 * queue that lost it: the item that it belonged to, and the stage and the excluded reviewers of its own.
 */
export const ADMIT = `
local id, body, created, repetition = ARGV[1], ARGV[2], ARGV[4], ARGV[8]
local former = ARGV[9] or ''
local owner = redis.call('HGET', desk .. 'member-of', id)
local function unplaced(item)
  if redis.call('ZSCORE', desk .. 'order', item) then return '' end
  return redis.call('HGET', desk .. 'item:' .. item, 'body') or ''
end
local function join(other)
  redis.call('HSET', desk .. 'member-of', id, other)
  redis.call('ZADD', desk .. 'members:' .. other, created, id)
  return { 'joined', unplaced(other) }
end
if owner then
  local missing = owner == id and unplaced(id) or ''
  return { missing == '' and 'known' or 'added', missing }
end
if former ~= '' and former ~= id and redis.call('EXISTS', desk .. 'item:' .. former) == 1 then return join(former) end
local same = desk .. 'same:' .. repetition
if former ~= id then
  for _, other in ipairs(redis.call('SMEMBERS', same)) do
    if redis.call('ZSCORE', bull .. 'completed', other) then redis.call('SREM', same, other) else return join(other) end
  end
end
redis.call('HSET', desk .. 'item:' .. id, 'body', body, 'priority', ARGV[3], 'created', created, 'detector', ARGV[5],
  'action', ARGV[6], 'model', ARGV[7], 'repetition', repetition, 'stage', ARGV[10] or 'first', 'excluded', ARGV[11] or '[]')
redis.call('HSET', desk .. 'member-of', id, id)
redis.call('ZADD', desk .. 'members:' .. id, created, id)
redis.call('SADD', same, id)
return { 'added', body }
`;

/** Gives an admitted item, whose job is there now, its place among the others. */
export const PLACE = `
local id = ARGV[1]
if redis.call('ZSCORE', bull .. 'prioritized', id) then wait(id) end
redis.call('ZADD', desk .. 'order', (scoreOf(id)), id)
return 1
`;
