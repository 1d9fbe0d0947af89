-- All steps on a thread but append.lua and jobs.lua; ARGV[1] names one. It follows prelude.lua,
-- thread.lua, boot.lua and claim.lua.
local function save_state(agent, payload)
  call('HSET', STATES, 's:' .. agent, payload)
  return call('HINCRBY', STATES, 'v:' .. agent, 1)
end

local steps = {}

function steps.obtain(owner, agent, epoch)
  if not obtain(owner, agent, epoch) then
    return { 'foreign' }
  end
  return { 'ok', call('HGETALL', META) }
end

function steps.claim(...)
  local answer = claim(...)
  if answer[1] == 'ok' then
    answer[5], answer[6] = call('SMEMBERS', IDS), stamp(now)
  end
  return answer
end

function steps.renew(token, lease)
  even_when_full()
  local held, stop = unpack(call('HMGET', META, 'token', 'stop'))
  if held ~= token then
    if held and tonumber(token) > tonumber(held) and call('HEXISTS', META, 'queue') == 1 then
      begin() -- it was adopted, and the server forgot that: nobody may start it again
      call('HSET', META, 'until', 0)
    end
    return { 'lost' }
  end
  call('HSET', META, 'until', stamp(now + tonumber(lease)))
  return { 'ok', stop and 1 or 0 }
end

-- `lost` is '1' when not the holder ends the run but somebody who found its lease lapsed. After
-- `count` comes so many message ids, then the events. Answers in which queue it waited until then.
function steps.release(token, expected, epoch, nonce, lost, run_id, run, agent, payload, count)
  even_when_full()
  if call('HGET', META, 'ended') == nonce then
    return { 'ok', stamp(now), '' }
  end
  local seen = look()
  local how = compare(seen, token, tonumber(expected), 0, epoch)
  if how ~= 'ok' or (lost == '1' and not lapsed()) then
    return { 'lost' }
  end
  if lost == '1' then
    local server = boot()
    if call('HGET', META, 'boot') ~= server then
      seen.epoch = epoch
      call('HSET', META, 'epoch', epoch, 'boot', server)
    end
  end
  local ids = 14
  for index = ids + 1, ids + tonumber(count) do
    call('SADD', IDS, ARGV[index])
  end
  if payload ~= '' then
    save_state(agent, payload)
  end
  write(seen, run_id, ids + 1 + tonumber(count))
  local first = string.match(call('LINDEX', RUNS, -1), '^%d+')
  call('LSET', RUNS, -1, first .. ' ' .. call('HGET', META, 'spent') .. ' ' .. run)
  local queue = lost == '1' and call('HGET', META, 'queue')
  call('HDEL', META, 'token', 'live', 'until', 'inbox', 'nonce', 'stop', 'queue', 'posted', 'moved',
    'adopted')
  call('HSET', META, 'updated', stamp(now), 'ended', nonce)
  keep()
  return { 'ok', stamp(now), queue or '' }
end

-- The records as few strings, which clients read in a fraction of the time: { run id, count, ... },
-- and their events, one a line. Nothing if one of them is not as `write` made it.
local function joined(found, first)
  local runs, events = {}, {}
  for index, entry in ipairs(found) do
    local r, run_id, e, event = unpack(entry[2])
    local expected = (first + index - 1) .. '-0'
    if entry[1] ~= expected or r ~= 'r' or e ~= 'e' or string.find(event, '\n', 1, true) then
      return
    end
    if runs[#runs - 1] == run_id then
      runs[#runs] = runs[#runs] + 1
    else
      table.insert(runs, run_id)
      table.insert(runs, 1)
    end
    events[index] = event
  end
  return runs, table.concat(events, '\n')
end

-- A part of the log after a record, at most `count` records or one archived run.
function steps.read(known, after, count)
  local epoch, first, seq, before = unpack(call('HMGET', META, 'epoch', 'first', 'seq', 'before'))
  if not epoch then
    return { 'unknown' }
  end
  if after == '' then
    after, known = tonumber(first) - 1, epoch
  end
  after = tonumber(after)
  local earlier, up_to = string.match(before or '', '^(%S+) (%d+)$')
  if known == earlier and after <= tonumber(up_to) then
    known = epoch
  end
  if known ~= epoch or after + 1 < tonumber(first) or after > tonumber(seq) then
    return { 'gone' }
  elseif after == tonumber(seq) then
    return { 'ok', epoch, after, {} }
  end
  local archived = call('HGET', ARCHIVE, after + 1)
  if archived then
    return { 'run', epoch, after, archived }
  end
  local found = call('XRANGE', LOG, (after + 1) .. '-0', '+', 'COUNT', count)
  if not found[1] or found[1][1] ~= (after + 1) .. '-0' then
    return { 'gone' }
  end
  local runs, events = joined(found, after + 1)
  if runs then
    return { 'lines', epoch, after, runs, events }
  end
  return { 'ok', epoch, after, found }
end

-- What whoever ends a dead run needs to know; 'held' while its holder lives, 'idle' with the time.
-- In its middle stands for how many seconds it is held.
function steps.inspect()
  local token, epoch, seq, til = unpack(call('HMGET', META, 'token', 'epoch', 'seq', 'until'))
  if not token then
    return { 'idle', stamp(now) }
  end
  local left = tonumber(til) - now
  return { left > 0 and 'held' or 'lapsed', token, epoch, seq, stamp(left), call('LINDEX', RUNS, -1) }
end

function steps.stop(run_id)
  local token, live, inbox = unpack(call('HMGET', META, 'token', 'live', 'inbox'))
  if not token or (run_id ~= '' and run_id ~= live) then
    return { 'idle' }
  end
  even_when_full()
  call('HSET', META, 'stop', 1)
  call('PUBLISH', inbox, channel .. '\n' .. token)
  return { 'ok' }
end

function steps.info()
  local all = call('HGETALL', META)
  return { all[1] and 'ok' or 'unknown', all }
end

steps['end'] = function()
  local epoch, seq = unpack(call('HMGET', META, 'epoch', 'seq'))
  return { epoch and 'ok' or 'unknown', epoch, seq }
end

function steps.update(name, archived)
  if call('EXISTS', META) == 0 then
    return { 'unknown' }
  end
  if name ~= '' then
    call('HSET', META, 'name', string.sub(name, 2))
  end
  if archived ~= '' then
    call('HSET', META, 'archived', archived)
  end
  return steps.info()
end

function steps.delete()
  local owner, live = unpack(call('HMGET', META, 'owner', 'live'))
  if not owner then
    return { 'unknown' }
  elseif live then
    return { 'busy', live }
  end
  call('DEL', unpack(KEYS))
  call('PUBLISH', channel, '')
  return { 'ok', owner, stamp(now) }
end

function steps.runs()
  if call('EXISTS', META) == 0 then
    return { 'unknown' }
  end
  return { 'ok', call('LRANGE', RUNS, 0, -1), call('HKEYS', ARCHIVE), call('HGET', META, 'seq') }
end

-- Replace a finished run's records, the oldest in LOG, by their compacted form.
function steps.archive(first, last, payload)
  local oldest = call('XRANGE', LOG, '-', '+', 'COUNT', 1)[1]
  local place = call('HLEN', ARCHIVE)
  local item = call('LINDEX', RUNS, place)
  if not oldest or oldest[1] ~= first .. '-0' or not item then
    return { 'moved' }
  end
  local begins, cost, run = string.match(item, '^(%d+) (%d+) (.*)$')
  local live = call('HEXISTS', META, 'token') == 1 and place == call('LLEN', RUNS) - 1
  if begins ~= first or live then
    return { 'moved' }
  end
  call('HSET', ARCHIVE, first, payload)
  call('LSET', RUNS, place, first .. ' ' .. #payload .. ' ' .. run)
  call('HINCRBY', META, 'size', #payload - tonumber(cost))
  call('XTRIM', LOG, 'MINID', (tonumber(last) + 1) .. '-0')
  call('PEXPIRE', ARCHIVE, string.format('%d', max_age * 1000))
  return { 'ok' }
end

function steps.load(agent)
  local payload, version = unpack(call('HMGET', STATES, 's:' .. agent, 'v:' .. agent))
  return { payload and 'ok' or 'none', payload, version }
end

function steps.save(agent, payload, expected, nonce)
  if call('EXISTS', META) == 0 then
    return { 'unknown' }
  end
  local version, by = unpack(call('HMGET', STATES, 'v:' .. agent, 'n:' .. agent))
  if by == nonce then
    return { 'ok', version }
  end
  if expected ~= '' and tonumber(expected) ~= tonumber(version or 0) then
    return { 'conflict', version or '0' }
  end
  call('HSET', STATES, 'n:' .. agent, nonce)
  version = save_state(agent, payload)
  call('PEXPIRE', STATES, string.format('%d', max_age * 1000))
  return { 'ok', tostring(version) }
end

function steps.unsave(agent)
  if agent == '' then
    call('DEL', STATES)
  else
    call('HDEL', STATES, 's:' .. agent, 'v:' .. agent, 'n:' .. agent)
  end
  return { 'ok' }
end

-- Not all of them: there may be thousands of events, more than Lua's stack holds.
return steps[step](unpack(ARGV, 5, 14))
