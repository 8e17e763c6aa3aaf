-- Drops counters that are as good as none: how many.
return drop(tonumber(ARGV[2]))
