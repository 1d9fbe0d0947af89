-- Adds ARGV[1] to the sum in KEYS[1], which is forgotten after ARGV[2] milliseconds.
local sum = redis.call('HINCRBY', KEYS[1], 'sum', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return sum
