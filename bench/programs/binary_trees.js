class Tree {
    constructor(left, right) { this.left = left; this.right = right; }
    check() { return this.left === null ? 1 : 1 + this.left.check() + this.right.check(); }
}
function build(depth) {
    return depth === 0 ? new Tree(null, null) : new Tree(build(depth - 1), build(depth - 1));
}
const largest = 14;
console.log("stretch", build(largest + 1).check());
const kept = build(largest);
for (let depth = 4; depth <= largest; depth += 4) {
    const count = 1 << (largest - depth + 4);
    let total = 0;
    for (let i = 0; i < count; i++) total += build(depth).check();
    console.log(count, depth, total);
}
console.log("kept", kept.check());
