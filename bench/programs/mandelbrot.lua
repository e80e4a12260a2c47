local function mandelbrot(size, limit)
    local inside = 0
    for row = 0, size - 1 do
        local ci = 2.0 * row / size - 1.0
        for column = 0, size - 1 do
            local cr = 2.0 * column / size - 1.5
            local zr, zi, i = 0.0, 0.0, 0
            local escaped = false
            while i < limit do
                local square_r, square_i = zr * zr, zi * zi
                if square_r + square_i > 4.0 then
                    escaped = true
                    break
                end
                zi = 2.0 * zr * zi + ci
                zr = square_r - square_i + cr
                i = i + 1
            end
            if not escaped then inside = inside + 1 end
        end
    end
    return inside
end
print(mandelbrot(500, 50))
