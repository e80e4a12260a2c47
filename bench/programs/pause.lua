-- Lua has no loop: the ticker looks at the clock after every slice of work.
local live, seed, size = {}, 42, 1000000
for i = 1, size do live[i] = {value = i, other = nil} end
local seconds, worst = tonumber(arg[1]), 0
local begin = os.clock()
local last = begin
while last - begin < seconds do
    for _ = 1, 300 do
        seed = seed * 16807 % 2147483647
        live[seed % size + 1] = {value = seed, other = {seed}}
    end
    local now = os.clock()
    if now - last > worst then worst = now - last end
    last = now
end
print(string.format("%.3f", worst * 1000))
