local seed, data = 42, {}
for i = 1, 300000 do
    seed = seed * 16807 % 2147483647
    data[i] = seed
end
local ordered, backwards, pairs, squares = {}, {}, {}, {}
for i = 1, #data do
    ordered[i], backwards[i], pairs[i] = data[i], data[i], {data[i] % 1000, data[i]}
end
table.sort(ordered)
for i = 1, #ordered do
    if ordered[i] % 2 == 0 then squares[#squares + 1] = ordered[i] * 3 end
end
table.sort(backwards, function(a, b) return -a < -b end)
table.sort(pairs, function(a, b) return a[1] < b[1] or (a[1] == b[1] and a[2] < b[2]) end)
local same = "True"
for i = 1, #ordered do
    if ordered[i] ~= backwards[#ordered + 1 - i] then same = "False" end
end
print(string.format("%.0f %.0f %.0f", ordered[1], ordered[150001], backwards[1]))
print(string.format("%d %.0f %.0f %.0f", #squares, squares[1001], pairs[778][1], pairs[778][2]))
print(same)
