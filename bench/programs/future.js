(async () => {
    let total = 0;
    for (let i = 0; i < 300000; i++) {
        let resolve;
        const future = new Promise((r) => { resolve = r; });
        queueMicrotask(() => resolve(i));
        total += await future;
    }
    console.log(total);
})();
