-- Drops entries that have ended: how many.
local gone = drop(tonumber(ARGV[3]))
if redis.call('EXISTS', ends) == 0 then redis.call('DEL', bytes) end
return gone
