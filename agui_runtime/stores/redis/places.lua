-- What is open in one scope, a sorted set by when each lapses: KEYS[1]. ARGV: the step, the length of
-- a lease in milliseconds, the most that may be open, and the places.
local step, lease, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

if step == 'free' then
  return redis.call('ZREM', KEYS[1], ARGV[4])
end
if step == 'take' then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  local again = redis.call('ZSCORE', KEYS[1], ARGV[4])
  if not again and redis.call('ZCARD', KEYS[1]) >= most then
    return 0
  end
end
for number = 4, #ARGV do
  redis.call('ZADD', KEYS[1], now + lease, ARGV[number])
end
if redis.call('PTTL', KEYS[1]) < lease then
  redis.call('PEXPIRE', KEYS[1], lease)
end
return 1
