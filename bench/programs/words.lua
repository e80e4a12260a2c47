local floor = math.floor
local function make_text(n)
    local syllables = {"ta", "lu", "po", "mi", "ren", "so", "ka", "vi"}
    local seed, words = 42, {}
    for i = 1, n do
        local word = ""
        seed = seed * 16807 % 2147483647
        for _ = 1, 1 + seed % 4 do
            seed = seed * 16807 % 2147483647
            word = word .. syllables[floor(seed / 64) % 8 + 1]
        end
        words[i] = word
    end
    return table.concat(words, " ")
end
local text = make_text(300000)
local counts, size = {}, 0
for word in text:gmatch("[^ ]+") do
    word = word:upper()
    local count = counts[word]
    if count then
        counts[word] = count + 1
    else
        counts[word] = 1
        size = size + 1
    end
end
local lengths, items = {}, {}
for word, count in pairs(counts) do
    local key = "n" .. #word
    lengths[key] = (lengths[key] or 0) + count
    items[#items + 1] = {word, count}
end
table.sort(items, function(a, b) return a[2] > b[2] or (a[2] == b[2] and a[1] < b[1]) end)
print(#text .. " " .. size)
local best = {}
for i = 1, 5 do best[i] = items[i][1] .. ":" .. items[i][2] end
print(table.concat(best, ", "))
local keys = {}
for key in pairs(lengths) do keys[#keys + 1] = key end
table.sort(keys)
for i, key in ipairs(keys) do keys[i] = key .. "=" .. lengths[key] end
print(table.concat(keys, ", "))
local _, found = text:gsub("ta", "T"):gsub("Tlu", "")
print(found .. " " .. text:find("kavikavi", 1, true) - 1)
