local Toggle = {}
Toggle.__index = Toggle
function Toggle.new(state) return setmetatable({state = state}, Toggle) end
function Toggle:value() return self.state end
function Toggle:activate()
    self.state = not self.state
    return self
end
local NthToggle = setmetatable({}, {__index = Toggle})
NthToggle.__index = NthToggle
function NthToggle.new(state, limit)
    local self = Toggle.new(state)
    self.limit, self.count = limit, 0
    return setmetatable(self, NthToggle)
end
function NthToggle:activate()
    self.count = self.count + 1
    if self.count >= self.limit then
        self.state = not self.state
        self.count = 0
    end
    return self
end
local function python(flag) return flag and "True" or "False" end
local n, on = 1500000, 0
local toggle = Toggle.new(true)
for _ = 1, n do if toggle:activate():value() then on = on + 1 end end
print(on .. " " .. python(toggle:value()))
local nth = NthToggle.new(true, 3)
on = 0
for _ = 1, n do if nth:activate():value() then on = on + 1 end end
print(on .. " " .. python(nth:value()))
