-- The steps on a thread whose run waits for a worker. It follows prelude.lua, thread.lua, boot.lua and
-- claim.lua.
--
-- While it waits, META also has queue, posted (when), and moved ("<server> <when>": another server
-- than the one to which it was posted was seen first). `poster` stays: "<nonce> <newest record>" of
-- the latest post. In KEYS[7] is what was posted; it expires by itself some time after the run, and
-- is not written by any other step.
local JOB = KEYS[7]
local GRACE = 60 -- seconds for which a job outlives its run at most

local steps = {}

-- As a claim, for `seconds` in the place of a lease. What stands in ARGV[15] and [16] is the queue's
-- name and the job.
function steps.post(owner, agent, epoch, nonce, run_id, fingerprint, run, seconds, inbox, max_runs)
  local poster, now_epoch = unpack(call('HMGET', META, 'poster', 'epoch'))
  local by, start = string.match(poster or '', '^(%S+) (%d+)$')
  if by == nonce then -- a repeat; it may have been adopted, and even have ended
    return { 'ok', now_epoch, start, stamp(now) }
  end
  local answer = claim(owner, agent, epoch, nonce, run_id, fingerprint, run, seconds, inbox, max_runs)
  if answer[1] ~= 'ok' then
    return answer
  end
  local seq = answer[3]
  call('HSET', META, 'queue', ARGV[15], 'posted', stamp(now), 'poster', nonce .. ' ' .. seq)
  call('SET', JOB, ARGV[16], 'PX', string.format('%d', (seconds + GRACE) * 1000))
  return { 'ok', answer[2], seq, stamp(now) }
end

-- Records that were written after the post, and cursors into them, may be lost: readers go on from
-- where it was posted, as all before that is there, and no later.
local function renew_epoch(epoch, known, seq, server)
  call('HSET', META, 'epoch', epoch, 'boot', server, 'before', known .. ' ' .. seq)
  return epoch
end

-- Whether another server than that of the post may have lost that somebody adopted the run. Whoever
-- did so renews a lease, and says so, within `recovery` seconds.
local function in_doubt(server, moved, recovery)
  local seen, at = string.match(moved or '', '^(%S*) (%S+)$')
  if seen == server then
    return tonumber(at) + tonumber(recovery) > now
  end
  call('HSET', META, 'moved', server .. ' ' .. stamp(now))
  return true
end

-- The run gets another token, which nobody has yet, and a lease; 'later' while it is in doubt whether
-- somebody has it. The job stays for a repeat: see `taken`.
function steps.adopt(run_id, nonce, epoch, lease, inbox, recovery)
  even_when_full()
  local token, live, queue, by, posted, known, seq, stop, started, moved = unpack(call('HMGET', META,
    'token', 'live', 'queue', 'nonce', 'posted', 'epoch', 'seq', 'stop', 'boot', 'moved'))
  if not token or live ~= run_id or (by ~= nonce and not queue) then
    return { 'none' }
  end
  if by ~= nonce then
    if lapsed() then
      return { 'lapsed' }
    end
    local server = boot()
    if started ~= server then
      if in_doubt(server, moved, recovery) then
        return { 'later' }
      end
      known = renew_epoch(epoch, known, seq, server)
    end
    token = string.format('%.0f', call('HINCRBY', META, 'tokens', 1))
    call('HSET', META, 'token', token, 'nonce', nonce, 'inbox', inbox,
      'adopted', string.format('%.6f %s', now - posted, queue))
    begin()
  end
  call('HSET', META, 'until', stamp(now + tonumber(lease)))
  local waited, name = string.match(call('HGET', META, 'adopted'), '^(%S+) (.*)$')
  return { 'ok', known, seq, token, call('SMEMBERS', IDS), call('LINDEX', RUNS, -1),
    call('GET', JOB), waited, stop and 1 or 0, name }
end

-- The job came to whoever adopted the run with that nonce, or its run has ended.
function steps.taken(nonce)
  local token, by = unpack(call('HMGET', META, 'token', 'nonce'))
  if not token or by == nonce then
    call('DEL', JOB)
  end
  return { 'ok' }
end

-- The run that waits, for how many seconds it has done so and will do so.
function steps.waiting()
  local live, queue, posted, owner, til =
    unpack(call('HMGET', META, 'live', 'queue', 'posted', 'owner', 'until'))
  if not live or not queue then
    return { 'none' }
  end
  return { 'ok', live, owner, queue, stamp(now - posted), stamp(til - now) }
end

return steps[step](unpack(ARGV, 5, 14))
