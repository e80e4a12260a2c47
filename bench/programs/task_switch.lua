-- Lua has no loop of its own: a first-in first-out queue of coroutines is the usual scheduler.
local ready, head, tail, total = {}, 1, 0, 0
local function push(task) tail = tail + 1; ready[tail] = task end
for _ = 1, 100 do
    push(coroutine.create(function()
        for _ = 1, 10000 do coroutine.yield(true) end
        total = total + 10000
    end))
end
while head <= tail do
    local task = ready[head]
    ready[head] = nil
    head = head + 1
    local _, more = coroutine.resume(task)
    if more then push(task) end
end
print(total)
