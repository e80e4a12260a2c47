async function pause() { await null; }
async function worker(n) {
    for (let i = 0; i < n; i++) await pause();
    return n;
}
(async () => {
    const tasks = [];
    for (let i = 0; i < 100; i++) tasks.push(worker(10000));
    let total = 0;
    for (const task of tasks) total += await task;
    console.log(total);
})();
