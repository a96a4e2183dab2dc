-- KEYS: schema, writers, counters, retired, retired-versions.
-- ARGV: the seconds after which a writer is dead, and how many are folded at most.
-- Returns how many writers were folded. Numbers stay text: a double would round them.
local counters = redis.call('SMEMBERS', KEYS[3])

-- A script that fails doesn't roll back, so what might fail is tried first, where no one sees it: what is folded of a
-- writer, which isn't read before the writer is. HINCRBY takes whole numbers of 64 bits only.
local function prepare(writer)
    local folded = '{quipu}:folded:' .. writer
    redis.call('DEL', folded)
    for _, counter in ipairs(counters) do
        local row = redis.call('HGET', '{quipu}:totals:' .. counter, writer)
        if row then
            redis.call('HINCRBY', folded, counter, string.match(row, '^%d+ (-?%d+)$') or '')
            for _, key in ipairs({KEYS[4], KEYS[5]}) do
                if redis.call('HGET', key, counter) then
                    redis.call('HINCRBY', key, counter, 0)
                end
            end
        end
    end
    return redis.call('HGETALL', folded)
end

-- Adds to the sum of what was folded, as two's complement does. HINCRBY refuses to overflow: then the sum is as far
-- from its other end, 2^64 away, which it reaches by four steps that don't overflow.
local function add(counter, total)
    if type(redis.pcall('HINCRBY', KEYS[4], counter, total)) == 'number' then
        return
    end
    local quarter = (string.sub(total, 1, 1) == '-' and '' or '-') .. '4611686018427387904'
    for _, step in ipairs({quarter, quarter, total, quarter, quarter}) do
        redis.call('HINCRBY', KEYS[4], counter, step)
    end
end

local function fold(writer)
    local rows = prepare(writer)
    for i = 1, #rows, 2 do
        add(rows[i], rows[i + 1])
        redis.call('HINCRBY', KEYS[5], rows[i], 1)
        redis.call('HDEL', '{quipu}:totals:' .. rows[i], writer)
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
        if folded == tonumber(ARGV[2]) then
            break
        end
    end
end
return folded
