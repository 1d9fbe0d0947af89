-- Steps on KEYS[1], a sorted set of thread ids by times. It follows prelude.lua.
local KEY = KEYS[1]

local steps = {}

-- The threads are due so many seconds from now; with `how` NX unless they are due anyway,
-- with GT or LATER unless they are due later.
function steps.schedule(seconds, how)
  if how ~= 'GT' then -- a start, which is refused when memory is full
    call('ZREM', KEY, '') -- always allowed, and so makes what follows
  end
  how = how == 'LATER' and 'GT' or how
  for index = 5, #ARGV do
    if how ~= '' then
      call('ZADD', KEY, how, stamp(now + tonumber(seconds)), ARGV[index])
    else
      call('ZADD', KEY, stamp(now + tonumber(seconds)), ARGV[index])
    end
  end
  return 1
end

-- The first threads that are due.
function steps.due(count)
  return call('ZRANGEBYSCORE', KEY, '-inf', stamp(now), 'LIMIT', 0, count)
end

-- The member is in use; those that were not for longer than that go.
function steps.use(max_age, member)
  call('ZREMRANGEBYSCORE', KEY, '-inf', stamp(now - tonumber(max_age)))
  call('ZADD', KEY, stamp(now), member)
  call('PEXPIRE', KEY, string.format('%d', max_age * 1000))
  return 1
end

-- The thread was updated then, if not later. Threads that were dropped since their last update go.
function steps.touch(updated, thread, max_age)
  call('ZREMRANGEBYSCORE', KEY, '-inf', '(' .. stamp(now - tonumber(max_age)))
  local known = call('ZSCORE', KEY, thread)
  if not known or tonumber(known) < tonumber(updated) then
    call('ZADD', KEY, updated, thread)
  end
  call('PEXPIRE', KEY, string.format('%d', max_age * 1000))
  return 1
end

-- Take the thread out, if nobody has put it there since with a later time: whoever found that it is
-- gone knows nothing of one that was made after it looked.
function steps.drop(seen, thread)
  local known = call('ZSCORE', KEY, thread)
  if known and tonumber(known) <= tonumber(seen) then
    call('ZREM', KEY, thread)
  end
  return 1
end

return steps[step](ARGV[3], ARGV[4], ARGV[5])
