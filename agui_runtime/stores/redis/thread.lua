-- The keys of one thread, always the same six (jobs.lua adds one), and how records are written to
-- them. It follows prelude.lua; append.lua, steps.lua and jobs.lua follow it. Each step is atomic, and
-- answers with a list whose first item says how it went.
--
-- META     hash: owner, agent, name, archived, created, updated; epoch, boot, seq (newest record),
--          first (oldest record), size and spent (bytes: of all, of the live run); tokens (the
--          latest: they begin with the time at which the thread was made, so that a thread that is
--          made again under a deleted one's id gives others); while a run is live also token, live
--          (its id), until, inbox, nonce, stop
-- LOG      stream: entry `<seq>-0` is one record: r = run id, e = the event's JSON
-- RUNS     list, oldest first: "<first record> <bytes> <the run's JSON>"
-- IDS      set of the ids of the thread's messages
-- STATES   hash: s:<agent> saved bytes, v:<agent> version, n:<agent> nonce of the latest save
-- ARCHIVE  hash: <first record> -> a finished run in compacted form; it left LOG
local META, LOG, RUNS, IDS, STATES, ARCHIVE = unpack(KEYS)
local channel = ARGV[3]
local OVERHEAD = 64 -- bytes that one record costs beside its text

-- Answers what the log weighs without it.
local function forget_oldest()
  local first, cost = string.match(call('LPOP', RUNS), '^(%d+) (%d+) ')
  local next_first = string.match(call('LINDEX', RUNS, 0), '^%d+')
  call('HDEL', ARCHIVE, first)
  call('HSET', META, 'first', next_first)
  call('XTRIM', LOG, 'MINID', next_first .. '-0')
  return call('HINCRBY', META, 'size', '-' .. cost)
end

-- What a write has to know: who holds the thread, and how far its log goes.
local function look()
  local held, epoch, seq, size, spent =
    unpack(call('HMGET', META, 'token', 'epoch', 'seq', 'size', 'spent'))
  return { held = held, epoch = epoch, seq = tonumber(seq), size = size, spent = spent }
end

-- Number, save and show the events that stand in ARGV from there on; answers what the log weighs.
local function write(seen, run_id, from)
  if #ARGV < from then
    return tonumber(seen.size)
  end
  local first, bytes = seen.seq + 1, 0
  for index = from, #ARGV do
    bytes = bytes + #ARGV[index] + OVERHEAD
    call('XADD', LOG, (first + index - from) .. '-0', 'r', run_id, 'e', ARGV[index])
  end
  local size = seen.size + bytes
  call('HSET', META, 'seq', first + #ARGV - from, 'size', size, 'spent', seen.spent + bytes)
  local events = table.concat(ARGV, ',', from)
  call('PUBLISH', channel, seen.epoch .. ' ' .. first .. ' ' .. run_id .. '\n[' .. events .. ']')
  return size
end

-- How a view of the log compares: 'ok', 'done' (this very write was acknowledged to nobody),
-- 'moved' (the log has grown since it was looked at), or 'lost'. If the server forgot records that
-- it had acknowledged, cursors that readers hold are worth nothing: the epoch changes, and whoever
-- comes next ends the run.
local function compare(seen, token, expected, count, epoch)
  if seen.held ~= token then
    return 'lost'
  elseif seen.seq == expected then
    return 'ok'
  elseif count > 0 and seen.seq >= expected + count then -- a repeat may arrive after later writes
    return 'done'
  elseif seen.seq > expected then
    return 'moved'
  end
  call('HSET', META, 'epoch', epoch, 'until', 0)
  return 'lost'
end
