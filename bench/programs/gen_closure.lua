local function make(n)
    local step = 1
    local items = coroutine.wrap(function()
        local i = 0
        while i < n do
            coroutine.yield(i)
            i = i + step
        end
    end)
    return function()
        local result = 0
        for x in items do result = result + x end
        return result
    end
end
print(string.format("%.0f", make(5000000)()))
