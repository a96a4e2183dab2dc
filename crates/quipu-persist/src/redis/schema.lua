-- KEYS[1] has the layout of the keys, which is 1.
local schema = redis.call('GET', KEYS[1])
if schema and schema ~= '1' then
    return redis.error_reply('QUIPUSCHEMA ' .. KEYS[1] .. ' is ' .. schema .. ', this version makes 1')
end
