const FORGET = `
local function forget(id)
  local item = desk .. 'item:' .. id
  local owner = redis.call('HGET', desk .. 'member-of', id)
  if owner and owner ~= id then redis.call('ZREM', desk .. 'members:' .. owner, id) end
  redis.call('HDEL', desk .. 'member-of', id)
  for _, member in ipairs(redis.call('ZRANGE', desk .. 'members:' .. id, 0, -1)) do
    redis.call('HDEL', desk .. 'member-of', member)
  end
  local repetition = redis.call('HGET', item, 'repetition')
  if repetition then redis.call('SREM', desk .. 'same:' .. repetition, id) end
  redis.call('ZREM', desk .. 'order', id)
  redis.call('ZREM', desk .. 'waiting', id)
  for _, state in ipairs({ 'prioritized', 'completed', 'failed' }) do redis.call('ZREM', bull .. state, id) end
  for _, state in ipairs({ 'active', 'wait' }) do redis.call('LREM', bull .. state, 0, id) end
  redis.call('SREM', bull .. 'stalled', id)
  redis.call('DEL', item, desk .. 'members:' .. id, bull .. id, bull .. id .. ':lock', bull .. id .. ':logs')
  announce('removed', id, 'unknown')
end
`;

/** Takes an item out, whatever its state, or a trace out of the item that it joined; goes after `SHARED`. */
export const REMOVE = `${FORGET}
forget(ARGV[1])
return 1
`;

/** Takes out the items that were decided at a time or before, the earliest first and so many at most; goes after `SHARED`. */
export const CLEAR = `${FORGET}
local ids = redis.call('ZRANGEBYSCORE', bull .. 'completed', '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, id in ipairs(ids) do forget(id) end
return #ids
`;
