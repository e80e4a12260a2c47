local Source = {}
Source.__index = Source
function Source.new(n)
    local self = setmetatable({}, Source)
    self.items = coroutine.wrap(function()
        local i = 0
        while i < n do
            coroutine.yield(i)
            i = i + 1
        end
    end)
    return self
end
function Source:total(n)
    local total = 0
    for _ = 1, n do total = total + self.items() end
    return total
end
print(string.format("%.0f", Source.new(3000001):total(3000000)))
