-- Changes counters if all are still as they were read: 1, or 0 where there is no room, or else what they are now.
-- From the fourth argument on: name, level as it was read, new level; an empty level is none.
local most, keep = tonumber(ARGV[2]), tonumber(ARGV[3])

local found, changed, count = {}, false, 0
for at = 4, #ARGV, 3 do
  local level = redis.call('ZSCORE', counters, ARGV[at]) or ''
  count = count + 1
  found[count] = level
  changed = changed or level ~= ARGV[at + 1]
end
if changed then return found end
if redis.call('ZCARD', counters) + count > most then
  drop(1024)
  if redis.call('ZCARD', counters) + count > most then return 0 end
end
for at = 4, #ARGV, 3 do
  local level = ARGV[at + 2]
  if level == '' then
    redis.call('ZREM', counters, ARGV[at])
  elseif level ~= ARGV[at + 1] then
    redis.call('ZADD', counters, level, ARGV[at])
  end
end
local last = redis.call('ZRANGE', counters, -1, -1, 'WITHSCORES')[2]
if last then redis.call('PEXPIRE', counters, string.format('%d', math.max(0, last - now) + keep)) end
return 1
