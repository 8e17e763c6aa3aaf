-- Stores an entry: 1, or 0 where its kind is full.
local name, value, ending, lifetime = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local most_entries, most_bytes, keep = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]

local size = #name + #value
local function is_full()
  local is_new = redis.call('EXISTS', entry) == 0
  return is_new and redis.call('ZCARD', ends) >= most_entries or sum() + size > most_bytes
end

-- Two for one: the shelf shrinks while it is used, even if nobody sweeps.
drop(2)
if is_full() then
  drop(1024)
  if is_full() then return 0 end
end
local old = redis.call('GET', entry)
-- First what Redis may refuse for want of memory: nothing is changed then.
redis.call('SET', entry, ending .. ':' .. value, 'PX', lifetime)
if old then unlist(name, old) end
list(name, size, ending)
redis.call('PEXPIRE', ends, keep)
redis.call('PEXPIRE', bytes, keep)
return 1
