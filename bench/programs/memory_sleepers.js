async function sleeper() {
    await new Promise((resolve) => setTimeout(resolve, 5000));
    return 1;
}
(async () => {
    const count = Number(process.argv[2]);
    const tasks = [];
    for (let i = 0; i < count; i++) tasks.push(sleeper());
    let total = 0;
    for (const task of tasks) total += await task;
    console.log(total);
})();
