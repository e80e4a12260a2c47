class Node { constructor(value, other) { this.value = value; this.other = other; } }
const live = [];
for (let i = 0; i < 1000000; i++) live.push(new Node(i, null));
let seed = 42, running = true, worst = 0;
const now = () => performance.now();
const seconds = Number(process.argv[2]);
(function churn() {
    for (let i = 0; i < 300; i++) {
        seed = seed * 16807 % 2147483647;
        live[seed % live.length] = new Node(seed, [seed]);
    }
    if (running) setImmediate(churn);
})();
const begin = now();
let last = begin;
setTimeout(function tick() {
    const time = now();
    worst = Math.max(worst, time - last);
    last = time;
    if (last - begin < seconds * 1000) {
        setTimeout(tick, 1);
    } else {
        running = false;
        console.log(worst.toFixed(3));
    }
}, 1);
