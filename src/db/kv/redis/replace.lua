-- Replaces the value of an entry and keeps its end: 1, or 0 where it is gone.
local name, value = ARGV[3], ARGV[4]

local old, left = redis.call('GET', entry), redis.call('PTTL', entry)
if not old or left <= 0 then return 0 end
local ending = string.match(old, '^%d+')
if tonumber(ending) <= now then return 0 end
redis.call('SET', entry, ending .. ':' .. value, 'PX', left)
unlist(name, old)
list(name, #name + #value, ending)
return 1
