function* numbers(n) {
    let i = 0;
    while (i < n) {
        yield i;
        i += 1;
    }
}

let total = 0;
for (const x of numbers(5000000)) total += x;
console.log(total);
