function makeText(n) {
    const syllables = ["ta", "lu", "po", "mi", "ren", "so", "ka", "vi"];
    let seed = 42;
    const words = [];
    for (let i = 0; i < n; i++) {
        let word = "";
        seed = seed * 16807 % 2147483647;
        for (let k = 1 + seed % 4; k > 0; k--) {
            seed = seed * 16807 % 2147483647;
            word += syllables[Math.floor(seed / 64) % 8];
        }
        words.push(word);
    }
    return words.join(" ");
}
const text = makeText(300000);
const counts = new Map();
for (let word of text.split(" ")) {
    word = word.toUpperCase();
    if (counts.has(word)) counts.set(word, counts.get(word) + 1);
    else counts.set(word, 1);
}
const lengths = new Map();
for (const [word, count] of counts) {
    const key = "n" + word.length;
    lengths.set(key, (lengths.get(key) || 0) + count);
}
const best = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 5);
console.log(text.length, counts.size);
console.log(best.map(([word, count]) => word + ":" + count).join(", "));
console.log([...lengths.keys()].sort().map((key) => key + "=" + lengths.get(key)).join(", "));
console.log(text.replaceAll("ta", "T").split("Tlu").length - 1, text.indexOf("kavikavi"));
