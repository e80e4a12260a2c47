// A bounded queue with waiting getters and putters, as asyncio.Queue has them.
class Queue {
    constructor(limit) { this.limit = limit; this.items = []; this.head = 0; this.getters = []; this.putters = []; }
    get size() { return this.items.length - this.head; }
    wake(waiters) { if (waiters.length) waiters.shift()(); }
    async put(item) {
        while (this.size >= this.limit) await new Promise((resolve) => this.putters.push(resolve));
        this.items.push(item);
        this.wake(this.getters);
    }
    async get() {
        while (this.size === 0) await new Promise((resolve) => this.getters.push(resolve));
        const item = this.items[this.head++];
        if (this.head > 1000) { this.items = this.items.slice(this.head); this.head = 0; }
        this.wake(this.putters);
        return item;
    }
}
const ITEMS = 500000;
async function producer(queue) {
    for (let i = 0; i < ITEMS; i++) await queue.put(i);
    await queue.put(null);
}
async function consumer(queue) {
    let total = 0;
    while (true) {
        const item = await queue.get();
        if (item === null) return total;
        total += item;
    }
}
(async () => {
    const queue = new Queue(100);
    const task = producer(queue);
    console.log(await consumer(queue));
    await task;
})();
