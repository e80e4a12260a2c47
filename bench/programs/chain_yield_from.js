function* leaf(n) { for (let i = 0; i < n; i++) yield i; }
function* link(inner) { yield* inner; }
const [depth, items] = process.argv.slice(2).map(Number);
let chain = leaf(items);
for (let i = 0; i < depth; i++) chain = link(chain);
let total = 0;
for (const x of chain) total += x;
console.log(total);
