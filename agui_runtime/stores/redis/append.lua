-- The step that stores events: a script of its own, because each call pays for whatever its script
-- defines, and no other step is called as often. It follows prelude.lua and thread.lua.
-- What is the same each time comes first. The answer is one line, so that its reader reads one.
local token, epoch, run_id, limit, expected = unpack(ARGV, 5, 9)
local from, seen = 10, look()
local how = compare(seen, token, tonumber(expected), #ARGV - from + 1, epoch)
if how ~= 'ok' then
  return { ok = how }
end
local size = write(seen, run_id, from)
while size > tonumber(limit) do
  if call('LLEN', RUNS) < 2 then
    return { ok = 'too_large' }
  end
  size = forget_oldest()
end
return { ok = 'ok' }
