-- The runs that wait in one queue, in the order in which workers are to take them. It follows
-- prelude.lua and boot.lua. These keys are a hint: what a thread says of itself is the truth.
--
-- A run's place is a number that is higher than those of all runs before it. Its rank is its turn
-- among the runs of its owner, counted from where the queue was when it came: owners take turns.
--
-- ENTRIES  hash: p:<run> its place; r:<place> the run, o:<place> its owner, v:<place> who wrote the
--          entry last, after "new:" until its post is known to be stored; t:<worker> the nonce of
--          what it took last, and the places; latest (place); boot (the server that is known to have
--          lost nothing), sweeping (until when somebody sees to that)
-- RANKS    sorted set: all places by rank; equal ranks by place
-- OPEN     sorted set: those of them that may be offered, by rank
-- HIDDEN   sorted set: the others, by when they may be
-- POSTED   sorted set: all places by the time of the post
-- OWNED    sorted set: "<owner>\0<rank>" of all, in the order of their bytes
-- WORKERS  sorted set: workers by when they looked last
local ENTRIES, RANKS, OPEN, HIDDEN, POSTED, OWNED, WORKERS = unpack(KEYS)
local DUE = 1000 -- so many hidden places at most are opened in one step

local function even_when_full()
  call('HDEL', ENTRIES, 'none')
end

local function keep(max_age)
  for _, key in ipairs(KEYS) do
    call('PEXPIRE', key, string.format('%d', max_age * 1000))
  end
end

local function owned(owner, rank)
  return owner .. '\0' .. string.format('%016d', rank)
end

-- The rank of the owner's next run: behind its own, and not before the first of all.
local function next_rank(owner)
  local own = call('ZREVRANGEBYLEX', OWNED, '(' .. owner .. '\1', '[' .. owner .. '\0', 'LIMIT', 0, 1)[1]
  local first = call('ZRANGE', RANKS, 0, 0, 'WITHSCORES')[2]
  return math.max(own and tonumber(string.sub(own, -16)) or 0, first and first - 1 or 0) + 1
end

local function hide(place, seconds)
  call('ZREM', OPEN, place)
  call('ZADD', HIDDEN, stamp(now + seconds), place)
end

local function open(place)
  local rank = call('ZSCORE', RANKS, place)
  call('ZREM', HIDDEN, place)
  if rank then
    call('ZADD', OPEN, rank, place)
  end
end

local function forget(worker)
  call('ZREM', WORKERS, worker)
  call('HDEL', ENTRIES, 't:' .. worker)
end

local function clear(place)
  for _, key in ipairs({ RANKS, OPEN, HIDDEN, POSTED }) do
    call('ZREM', key, place)
  end
end

local function add(run, owner, waited)
  local latest = call('HGET', ENTRIES, 'latest')
  local place = string.format('%.0f', math.max(latest and latest + 1 or 0, math.floor(now * 1e6)))
  local rank = next_rank(owner)
  call('HSET', ENTRIES, 'latest', place, 'p:' .. run, place, 'r:' .. place, run, 'o:' .. place, owner)
  call('ZADD', RANKS, rank, place)
  call('ZADD', POSTED, stamp(now - waited), place)
  call('ZADD', OWNED, 0, owned(owner, rank))
  return place
end

-- Whether the post of the run at that place is not known to be stored.
local function is_new(place)
  return string.sub(call('HGET', ENTRIES, 'v:' .. place) or '', 1, 4) == 'new:'
end

local steps = {}

-- The run may be posted in a moment. If it is here already, whoever took that entry for a stale one
-- does not remove it.
function steps.enter(run, owner, version, hidden, max_age)
  local place = call('HGET', ENTRIES, 'p:' .. run)
  if not place then
    place = add(run, owner, 0)
    hide(place, hidden)
    version = 'new:' .. version
  elseif is_new(place) then
    version = 'new:' .. version
  end
  call('HSET', ENTRIES, 'v:' .. place, version)
  keep(max_age)
  return 1
end

-- The run was posted.
function steps.confirm(run, owner, version, max_age)
  even_when_full()
  local place = call('HGET', ENTRIES, 'p:' .. run)
  if not place then
    place = add(run, owner, 0)
    open(place)
  elseif is_new(place) then
    open(place)
  end
  call('HSET', ENTRIES, 'v:' .. place, version)
  keep(max_age)
  return 1
end

-- The run seems to wait for so many seconds. 0 if it is here; else it is hidden, until `reveal`.
function steps.restore(run, owner, version, waited, hidden, max_age)
  even_when_full()
  if call('HEXISTS', ENTRIES, 'p:' .. run) == 1 then
    return 0
  end
  local place = add(run, owner, waited)
  call('HSET', ENTRIES, 'v:' .. place, 'new:' .. version)
  hide(place, hidden)
  keep(max_age)
  return 1
end

-- The run that was restored with that version waits, unless it was taken out since.
function steps.reveal(run, version)
  even_when_full()
  local place = call('HGET', ENTRIES, 'p:' .. run)
  if place and call('HGET', ENTRIES, 'v:' .. place) == 'new:' .. version then
    call('HSET', ENTRIES, 'v:' .. place, version)
    open(place)
  end
  return 1
end

-- Take the run out; with a version, only if its entry was not written since.
function steps.remove(run, version)
  even_when_full()
  local place = call('HGET', ENTRIES, 'p:' .. run)
  if not place or (version ~= '' and call('HGET', ENTRIES, 'v:' .. place) ~= version) then
    return 0
  end
  local owner, rank = call('HGET', ENTRIES, 'o:' .. place), call('ZSCORE', RANKS, place)
  if owner and rank then
    call('ZREM', OWNED, owned(owner, rank))
  end
  clear(place)
  call('HDEL', ENTRIES, 'p:' .. run, 'r:' .. place, 'o:' .. place, 'v:' .. place)
  return 1
end

-- The runs at these places, each with who wrote its entry last, and for how long it has waited.
local function described(places)
  local found = {}
  for _, place in ipairs(places) do
    local run, version = unpack(call('HMGET', ENTRIES, 'r:' .. place, 'v:' .. place))
    local posted = call('ZSCORE', POSTED, place)
    if run and version and posted then
      table.insert(found, { run, version, stamp(now - posted) })
    else
      clear(place) -- another program was here
    end
  end
  return found
end

-- The server, if it is another than the one that is known to have lost nothing; one caller is to see
-- to it at a time.
local function moved(seconds)
  local server = boot()
  local known, sweeping = unpack(call('HMGET', ENTRIES, 'boot', 'sweeping'))
  if known == server or (sweeping and tonumber(sweeping) > now) then
    return ''
  end
  call('HSET', ENTRIES, 'sweeping', stamp(now + seconds))
  return server
end

-- Places that are offered for so many seconds.
local function offered(most, seconds)
  for _, place in ipairs(call('ZRANGEBYSCORE', HIDDEN, '-inf', stamp(now), 'LIMIT', 0, DUE)) do
    open(place)
  end
  local places = call('ZRANGE', OPEN, 0, most - 1)
  for _, place in ipairs(places) do
    hide(place, seconds)
  end
  return places
end

local function here(worker, seen)
  for _, gone in ipairs(call('ZRANGEBYSCORE', WORKERS, '-inf', stamp(now - seen))) do
    forget(gone)
  end
  call('ZADD', WORKERS, stamp(now), worker)
end

-- The next runs, up to so many; each is offered for so many seconds. A repeat has the nonce of the
-- step that it repeats.
function steps.take(worker, most, nonce, seconds, seen, max_age)
  even_when_full()
  here(worker, seen)
  local server = moved(seconds)
  if server ~= '' then
    return { server, {} }
  end
  local last, words = string.match(call('HGET', ENTRIES, 't:' .. worker) or '', '^(%S+) (.*)$')
  local places = {}
  if last == nonce then
    for place in string.gmatch(words, '%d+') do
      table.insert(places, place)
    end
  elseif tonumber(most) > 0 then
    places = offered(most, seconds)
    call('HSET', ENTRIES, 't:' .. worker, nonce .. ' ' .. table.concat(places, ' '))
  end
  keep(max_age)
  return { '', described(places) }
end

-- All runs that wait have been seen to be here since that server was found.
function steps.swept(server)
  even_when_full()
  call('HSET', ENTRIES, 'boot', server)
  call('HDEL', ENTRIES, 'sweeping')
  return 1
end

-- Offer the run again so many seconds from now; 0 if it is not here.
function steps.put_back(run, seconds)
  even_when_full()
  local place = call('HGET', ENTRIES, 'p:' .. run)
  if not place then
    return 0
  end
  if tonumber(seconds) > 0 then
    hide(place, seconds)
  else
    open(place)
  end
  return 1
end

-- Runs that were posted so many seconds ago.
function steps.overdue(seconds, most)
  return described(call('ZRANGEBYSCORE', POSTED, '-inf', stamp(now - seconds), 'LIMIT', 0, most))
end

function steps.position(run)
  local place = call('HGET', ENTRIES, 'p:' .. run)
  return place and call('ZRANK', RANKS, place) or -1
end

function steps.figures(seen)
  local first = call('ZRANGE', POSTED, 0, 0, 'WITHSCORES')[2]
  return { call('ZCARD', RANKS), first and stamp(now - first) or '0',
    call('ZCOUNT', WORKERS, stamp(now - seen), '+inf') }
end

function steps.leave(worker)
  forget(worker)
  return 1
end

return steps[step](unpack(ARGV, 3, 8))
