-- KEYS: schema, writers, counters, what was folded of the writer, then the hash of each counter.
-- ARGV: writer, state, then name, version and total of each counter.
-- Returns whether the writer was folded, and what of it was. One that has closed stays closed, whatever arrives late.
local known = redis.call('HGET', KEYS[2], ARGV[1])
if known == 'folded' then
    return {1, redis.call('HGETALL', KEYS[4])}
end
local state = known and string.match(known, '^closed') or ARGV[2]
redis.call('SET', KEYS[1], '1')
redis.call('HSET', KEYS[2], ARGV[1], state .. ' ' .. redis.call('TIME')[1])
for i = 5, #KEYS do
    local at = (i - 5) * 3 + 3
    local known = redis.pcall('HGET', KEYS[i], ARGV[1])
    local version = type(known) == 'string' and tonumber(string.match(known, '^%d+') or '')
    if known and not version then
        return redis.error_reply('QUIPUREFUSED ' .. KEYS[i] .. ' is not a hash of versions and totals')
    end
    if not known or version < tonumber(ARGV[at + 1]) then
        redis.call('HSET', KEYS[i], ARGV[1], ARGV[at + 1] .. ' ' .. ARGV[at + 2])
        redis.call('SADD', KEYS[3], ARGV[at])
    end
end
return {0, {}}
