local Tree = {}
Tree.__index = Tree
local function new(left, right) return setmetatable({left = left, right = right}, Tree) end
function Tree:check()
    if not self.left then return 1 end
    return 1 + self.left:check() + self.right:check()
end
local function build(depth)
    if depth == 0 then return new(nil, nil) end
    return new(build(depth - 1), build(depth - 1))
end
local largest = 14
print("stretch " .. build(largest + 1):check())
local kept = build(largest)
for depth = 4, largest, 4 do
    local count, total = 1, 0
    for _ = 1, largest - depth + 4 do count = count * 2 end
    for _ = 1, count do total = total + build(depth):check() end
    print(count .. " " .. depth .. " " .. total)
end
print("kept " .. kept:check())
