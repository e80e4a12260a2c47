-- Coroutines of Lua are stackful: a delegation is a plain call.
local depth, items = tonumber(arg[1]), tonumber(arg[2])
local function level(d)
    if d > 0 then
        level(d - 1)
    else
        for i = 0, items - 1 do coroutine.yield(i) end
    end
    return nil
end
local total = 0
for x in coroutine.wrap(function() level(depth) end) do total = total + x end
print(string.format("%.0f", total))
