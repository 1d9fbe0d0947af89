-- A server that was started anew may have lost its latest writes.
local function boot()
  return string.match(call('INFO', 'server'), 'run_id:(%w+)') or ''
end
