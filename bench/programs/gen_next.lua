local function numbers(n)
    return coroutine.wrap(function()
        local i = 0
        while i < n do
            coroutine.yield(i)
            i = i + 1
        end
    end)
end

local total = 0
for x in numbers(5000000) do total = total + x end
print(string.format("%.0f", total))
