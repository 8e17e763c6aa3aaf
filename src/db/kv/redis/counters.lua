-- What the scripts about throttle counters share; each is one atomic step.
--
-- counters: a sorted set of bucket names, scored by their theoretical arrival times (ms since the epoch).
local counters, now = KEYS[1], ARGV[1]

-- Drops counters that are as good as none, at most `limit`. One that is not must never make room.
local function drop(limit)
  local gone = redis.call('ZRANGEBYSCORE', counters, '-inf', now, 'LIMIT', 0, limit)
  if #gone > 0 then redis.call('ZREM', counters, unpack(gone)) end
  return #gone
end
