-- Takes an entry out: what was stored, or nil.
local old = redis.call('GET', entry)
if old then
  redis.call('DEL', entry)
  unlist(ARGV[3], old)
end
return old
