-- How a thread is made and claimed. It follows prelude.lua, thread.lua and boot.lua.
local max_age = tonumber(ARGV[4])

-- A write that is allowed when memory is full makes those that follow it in the step allowed. For
-- small ones only: ends, leases and stops, without which a thread would stay taken.
local function even_when_full()
  call('HDEL', META, 'none')
end

local function keep()
  for _, key in ipairs(KEYS) do
    call('PEXPIRE', key, string.format('%d', max_age * 1000))
  end
end

local function lapsed()
  return tonumber(call('HGET', META, 'until')) <= now
end

-- Make the thread unless it is there; answers whether it is the owner's.
local function obtain(owner, agent, epoch)
  local is, updated, token = unpack(call('HMGET', META, 'owner', 'updated', 'token'))
  if is and not token and tonumber(updated) + max_age < now then
    is = false
  end
  if not is then
    call('DEL', unpack(KEYS))
    call('HSET', META, 'owner', owner, 'agent', agent, 'created', stamp(now),
      'updated', stamp(now), 'epoch', epoch, 'boot', boot(), 'seq', 0, 'first', 1,
      'size', 0, 'spent', 0, 'tokens', string.format('%.0f', now * 1e6))
    keep()
    return true
  end
  return is == owner
end

-- Make the run the one that writes the thread: 'ok' with the epoch, the newest record and the token,
-- or why not.
local function claim(owner, agent, epoch, nonce, run_id, fingerprint, run, lease, inbox, max_runs)
  if not obtain(owner, agent, epoch) then
    return { 'foreign' }
  end
  local known, seq, token, live, by, started =
    unpack(call('HMGET', META, 'epoch', 'seq', 'token', 'live', 'nonce', 'boot'))
  local latest = call('LINDEX', RUNS, -1)
  if token and by == nonce then
    call('HSET', META, 'until', stamp(now + tonumber(lease)))
    return { 'ok', known, seq, token }
  end
  if latest and fingerprint ~= '' then
    local first, stored = string.match(latest, '^(%d+) %d+ (.*)$')
    local readable, info = pcall(cjson.decode, stored)
    if readable and info.run_id == run_id and info.fingerprint == fingerprint then
      return { 'same', known, tonumber(first) - 1, stored }
    end
  end
  if token then
    return { lapsed() and 'lapsed' or 'busy', live }
  end
  local server = boot()
  if started ~= server then
    known = epoch
    call('HSET', META, 'epoch', epoch, 'boot', server)
  end
  token = call('HINCRBY', META, 'tokens', 1)
  call('RPUSH', RUNS, (tonumber(seq) + 1) .. ' 0 ' .. run)
  call('HSET', META, 'token', token, 'live', run_id, 'until', stamp(now + tonumber(lease)),
    'inbox', inbox, 'nonce', nonce, 'updated', stamp(now), 'spent', 0)
  call('HDEL', META, 'stop', 'queue', 'posted', 'moved')
  while call('LLEN', RUNS) > tonumber(max_runs) do
    forget_oldest()
  end
  keep()
  return { 'ok', known, seq, string.format('%.0f', token) }
end

-- The run of the thread waits for a worker no longer; answers its item.
local function begin()
  local item = call('LINDEX', RUNS, -1)
  local from, to = string.find(item, '"status":"queued"', 1, true) -- no text has quotes like these
  if from then
    item = string.sub(item, 1, from - 1) .. '"status":"running"' .. string.sub(item, to + 1)
    call('LSET', RUNS, -1, item)
  end
  call('HDEL', META, 'queue', 'posted', 'moved')
  return item
end
