-- The sealed rows of one owner. OWNER: a hash with its key and version. ROWS: a hash of what rows say.
-- CHANGES: a sorted set of their ids by the change that wrote them. DELETED: of those that are no
-- longer there, by when that was. ARGV: the step, and what it is given.
local OWNER, ROWS, CHANGES, DELETED = unpack(KEYS)
local step = ARGV[1]
local key, version = unpack(redis.call('HMGET', OWNER, 'key', 'version'))

if step == 'read' then
  if not key then
    return { false, 0 }
  end
  local after = ARGV[2] == key and ARGV[3] or 0
  local ids = redis.call('ZRANGEBYSCORE', CHANGES, '(' .. after, '+inf')
  local found = { key, version }
  for _, id in ipairs(ids) do
    found[#found + 1] = id
    found[#found + 1] = redis.call('HGET', ROWS, id)
  end
  return found
end

if step == 'key' then
  return { key }
end

if step == 'rewrap' then
  if key ~= ARGV[2] then
    return 0
  end
  redis.call('HSET', OWNER, 'key', ARGV[3])
  return 1
end

if step == 'forget' then
  redis.call('DEL', OWNER)
  return redis.call('DEL', ROWS, CHANGES, DELETED)
end

-- write: key, version, seconds for which deletions are told; the number of rows to put, then ids and
-- what they say; then the ids of those to delete
if key then
  if key ~= ARGV[2] or version ~= ARGV[3] then
    return { 'conflict', version }
  end
elseif ARGV[3] ~= '0' then
  return { 'conflict', 0 }
end
redis.call('HSET', OWNER, 'key', ARGV[2])
version = redis.call('HINCRBY', OWNER, 'version', 1)
local now = tonumber(redis.call('TIME')[1])
local first_deleted = 6 + 2 * tonumber(ARGV[5])
for at = 6, first_deleted - 1, 2 do
  redis.call('HSET', ROWS, ARGV[at], ARGV[at + 1])
  redis.call('ZADD', CHANGES, version, ARGV[at])
  redis.call('ZREM', DELETED, ARGV[at])
end
for at = first_deleted, #ARGV do
  redis.call('HDEL', ROWS, ARGV[at])
  redis.call('ZADD', CHANGES, version, ARGV[at])
  redis.call('ZADD', DELETED, now, ARGV[at])
end
local old = now - tonumber(ARGV[4])
for _, id in ipairs(redis.call('ZRANGEBYSCORE', DELETED, '-inf', old)) do
  redis.call('ZREM', CHANGES, id)
end
redis.call('ZREMRANGEBYSCORE', DELETED, '-inf', old)
return { 'ok', version }
