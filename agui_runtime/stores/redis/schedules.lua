-- Schedules, all in one place of a cluster. It follows prelude.lua.
--
-- BODIES  hash: <id> the version, 32 characters, and the schedule as JSON
-- WAKES   sorted set: ids by when somebody has to look after them
-- OWNED   sorted set: ids of one owner by when they were made
local BODIES, WAKES, OWNED = unpack(KEYS)

local function store(id, version, wakes, body)
  call('HSET', BODIES, id, version .. body)
  if wakes == '' then
    call('ZREM', WAKES, id)
  else
    call('ZADD', WAKES, wakes, id)
  end
end

local function bodies(ids)
  if #ids == 0 then
    return {}
  end
  return call('HMGET', BODIES, unpack(ids))
end

local steps = {}

function steps.add(id, version, wakes, body, created, most)
  if call('HEXISTS', BODIES, id) == 0 then -- else it was done before
    if call('ZCARD', OWNED) >= tonumber(most) then
      return 0
    end
    store(id, version, wakes, body)
    call('ZADD', OWNED, created, id)
  end
  return 1
end

function steps.swap(id, version, wakes, body, known)
  local present = string.sub(call('HGET', BODIES, id) or '', 1, 32)
  if present == known then
    store(id, version, wakes, body)
  elseif present ~= version then -- else it was done before
    return 0
  end
  return 1
end

function steps.delete(id)
  call('ZREM', WAKES, id)
  call('ZREM', OWNED, id)
  return call('HDEL', BODIES, id)
end

function steps.list()
  return bodies(call('ZRANGE', OWNED, 0, -1))
end

function steps.due(most)
  local first = call('ZRANGE', WAKES, 0, 0, 'WITHSCORES')[2]
  local ids = call('ZRANGEBYSCORE', WAKES, '-inf', stamp(now), 'LIMIT', 0, most)
  return { stamp(now), first or '', bodies(ids) }
end

return steps[step](unpack(ARGV, 3))
