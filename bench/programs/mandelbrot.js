function mandelbrot(size, limit) {
    let inside = 0;
    for (let row = 0; row < size; row++) {
        const ci = 2.0 * row / size - 1.0;
        for (let column = 0; column < size; column++) {
            const cr = 2.0 * column / size - 1.5;
            let zr = 0.0, zi = 0.0, i = 0;
            while (i < limit) {
                const squareR = zr * zr, squareI = zi * zi;
                if (squareR + squareI > 4.0) break;
                zi = 2.0 * zr * zi + ci;
                zr = squareR - squareI + cr;
                i += 1;
            }
            if (i === limit) inside += 1;
        }
    }
    return inside;
}
console.log(mandelbrot(500, 50));
