-- Tries what the store needs, on KEYS that hold nothing else and on the channel ARGV[1]; answers with
-- the commands that it refuses, and its words for it.
local hash, stream, list, set, sorted, text = unpack(KEYS)
local needed = {
  { 'TIME' },
  { 'INFO', 'server' },
  { 'HSET', hash, 'a', 1 },
  { 'HGET', hash, 'a' },
  { 'HMGET', hash, 'a' },
  { 'HGETALL', hash },
  { 'HEXISTS', hash, 'a' },
  { 'HINCRBY', hash, 'a', 1 },
  { 'HKEYS', hash },
  { 'HLEN', hash },
  { 'HDEL', hash, 'b' },
  { 'XADD', stream, '1-0', 'a', 'b' },
  { 'XRANGE', stream, '-', '+', 'COUNT', 1 },
  { 'XTRIM', stream, 'MINID', '1-0' },
  { 'RPUSH', list, 'a' },
  { 'LINDEX', list, 0 },
  { 'LLEN', list },
  { 'LRANGE', list, 0, -1 },
  { 'LSET', list, 0, 'b' },
  { 'LPOP', list },
  { 'SADD', set, 'a' },
  { 'SMEMBERS', set },
  { 'ZADD', sorted, 1, 'a' },
  { 'ZSCORE', sorted, 'a' },
  { 'ZCARD', sorted },
  { 'ZREM', sorted, 'b' },
  { 'ZRANGE', sorted, 0, -1 },
  { 'ZRANK', sorted, 'a' },
  { 'ZCOUNT', sorted, '-inf', 0 },
  { 'ZREVRANGEBYLEX', sorted, '+', '-' },
  { 'ZRANGEBYSCORE', sorted, '-inf', 1 },
  { 'ZREMRANGEBYSCORE', sorted, '-inf', 0 },
  { 'SET', text, 'a', 'PX', 1000 },
  { 'GET', text },
  { 'EXISTS', hash },
  { 'PEXPIRE', hash, 1000 },
  { 'PUBLISH', ARGV[1], '' },
  { 'DEL', unpack(KEYS) },
}
local refused = {}
for _, words in ipairs(needed) do
  local reply = redis.pcall(unpack(words))
  if type(reply) == 'table' and reply.err then
    table.insert(refused, { words[1], reply.err })
  end
end
return refused
