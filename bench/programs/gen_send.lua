local floor = math.floor
local coro = coroutine.wrap(function(term)
    local total, count, average = 0, 0, nil
    while true do
        total = total + term
        count = count + 1
        average = floor(total / count)
        term = coroutine.yield(average)
    end
end)
local last = 0
for i = 0, 2999999 do last = coro(i) end
print(string.format("%.0f", last))
