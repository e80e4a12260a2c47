local floor, yield = math.floor, coroutine.yield
local function build(low, high)
    if low > high then return nil end
    local middle = floor((low + high) / 2)
    return {left = build(low, middle - 1), key = middle, right = build(middle + 1, high)}
end
local function walk(node)
    if node then
        walk(node.left)
        yield(node.key)
        walk(node.right)
    end
end
for _ = 1, 3 do
    local total, tree = 0, build(1, 2 ^ 17)
    for key in coroutine.wrap(function() walk(tree) end) do total = total + key end
    print(string.format("%.0f", total))
end
