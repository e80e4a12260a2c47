function* averager() {
    let total = 0, count = 0, average = null;
    while (true) {
        const term = yield average;
        total += term;
        count += 1;
        average = Math.floor(total / count);
    }
}
const coro = averager();
coro.next();
let last = 0;
for (let i = 0; i < 3000000; i++) last = coro.next(i).value;
console.log(last);
