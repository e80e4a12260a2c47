class Node {
    constructor(left, key, right) { this.left = left; this.key = key; this.right = right; }
}
function build(low, high) {
    if (low > high) return null;
    const middle = (low + high) >> 1;
    return new Node(build(low, middle - 1), middle, build(middle + 1, high));
}
function* walk(node) {
    if (node !== null) {
        yield* walk(node.left);
        yield node.key;
        yield* walk(node.right);
    }
}
for (let round = 0; round < 3; round++) {
    let total = 0;
    for (const key of walk(build(1, 2 ** 17))) total += key;
    console.log(total);
}
