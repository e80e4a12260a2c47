local count = tonumber(arg[1])
local items = {}
for i = 1, count do
    items[i] = coroutine.create(function(n)
        while true do
            coroutine.yield(n)
            n = n + 1
        end
    end)
    coroutine.resume(items[i], i)
end
print(count)
