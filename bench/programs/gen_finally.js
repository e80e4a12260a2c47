function* numbers(n) {
    let i = 0;
    try {
        while (i < n) {
            try {
                yield i;
            } finally {
                i += 1;
            }
        }
    } finally {
        console.log("done");
    }
}
let total = 0;
for (const x of numbers(4000000)) total += x;
console.log(total);
