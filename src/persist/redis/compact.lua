-- KEYS: schema, writers, counters, retired, retired-versions. ARGV: the seconds after which a writer is dead.
-- Returns how many writers were folded. Numbers stay text: a double would round them.
local counters = redis.call('SMEMBERS', KEYS[3])

local function fold(writer)
    for _, counter in ipairs(counters) do
        local row = redis.call('HGET', '{quipu}:totals:' .. counter, writer)
        if row then
            local total = string.match(row, ' (-?%d+)$')
            redis.call('HSET', '{quipu}:folded:' .. writer, counter, total)
            redis.call('HINCRBY', KEYS[4], counter, total)
            redis.call('HINCRBY', KEYS[5], counter, 1)
            redis.call('HDEL', '{quipu}:totals:' .. counter, writer)
        end
    end
    redis.call('HSET', KEYS[2], writer, 'folded')
end

local dead = tonumber(redis.call('TIME')[1]) - tonumber(ARGV[1])
local writers = redis.call('HGETALL', KEYS[2])
local folded = 0
for i = 1, #writers, 2 do
    local state, seen = string.match(writers[i + 1], '^(%a+) (%d+)$')
    if state == 'closed' or (state == 'open' and tonumber(seen) <= dead) then
        fold(writers[i])
        folded = folded + 1
    end
end
return folded
