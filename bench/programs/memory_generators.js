function* numbers(n) {
    while (true) {
        yield n;
        n += 1;
    }
}
const count = Number(process.argv[2]);
const items = new Array(count);
for (let i = 0; i < count; i++) {
    items[i] = numbers(i);
    items[i].next();
}
console.log(count);
