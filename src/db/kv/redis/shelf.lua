-- What the scripts about one kind of entries share; each is one atomic step.
--
-- ends: a sorted set of "size:name", scored by the moment (ms since the epoch) at which the entry ends.
-- bytes: the sum of these sizes, names included.
-- entry: "end:value"; Redis drops it by itself, too, when its lifetime is over.
local ends, bytes, entry = KEYS[1], KEYS[2], KEYS[3]
local now, stem = tonumber(ARGV[1]), ARGV[2]

-- Where Redis has no memory to write the new sum, the sum goes, and whoever needs it adds up anew.
local function add(size)
  if redis.call('EXISTS', bytes) == 1 then
    local sum = redis.pcall('INCRBY', bytes, string.format('%d', size))
    if type(sum) == 'table' then redis.call('DEL', bytes) end
  end
end

local function sum()
  local known = redis.call('GET', bytes)
  if known then return tonumber(known) end
  local total = 0
  for _, member in ipairs(redis.call('ZRANGE', ends, 0, -1)) do
    total = total + tonumber(string.match(member, '^%d+'))
  end
  redis.call('SET', bytes, string.format('%d', total))
  return total
end

local function list(name, size, ending)
  if redis.call('ZADD', ends, ending, string.format('%d:', size) .. name) == 1 then add(size) end
end

local function unlist(name, stored)
  local size = #name + #stored - string.find(stored, ':', 1, true)
  if redis.call('ZREM', ends, string.format('%d:', size) .. name) == 1 then add(-size) end
end

-- Drops entries that have ended, at most `limit`.
local function drop(limit)
  local gone = redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, limit)
  for _, member in ipairs(gone) do
    local size, name = string.match(member, '^(%d+):(.*)$')
    -- An entry that was written anew under this name has another end.
    local ending = string.match(redis.call('GETRANGE', stem .. name, 0, 20), '^%d+')
    if ending and tonumber(ending) <= now then redis.call('DEL', stem .. name) end
    redis.call('ZREM', ends, member)
    add(-tonumber(size))
  end
  return #gone
end
