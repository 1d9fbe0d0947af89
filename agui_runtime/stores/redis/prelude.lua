-- What index.lua, queue.lua and thread.lua begin with. ARGV[1] names the step, ARGV[2] is the time now if it is
-- not the server's own.
local call, step, clock = redis.call, ARGV[1], ARGV[2]

local function time()
  if clock ~= '' then
    return tonumber(clock)
  end
  local parts = call('TIME')
  return tonumber(parts[1]) + tonumber(parts[2]) / 1000000
end

local now = time()

local function stamp(seconds)
  return string.format('%.6f', seconds)
end

