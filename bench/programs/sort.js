let seed = 42;
const data = [];
for (let i = 0; i < 300000; i++) {
    seed = seed * 16807 % 2147483647;
    data.push(seed);
}
const ordered = [...data].sort((a, b) => a - b);
const squares = ordered.filter((x) => x % 2 === 0).map((x) => x * 3);
const backwards = [...data].sort((a, b) => b - a);
const pairs = data.map((x) => [x % 1000, x]);
pairs.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
const reversed = [...backwards].reverse();
console.log(ordered[0], ordered[150000], backwards[0]);
console.log(squares.length, squares[1000], pairs[777][0], pairs[777][1]);
console.log(ordered.every((x, i) => x === reversed[i]) ? "True" : "False");
