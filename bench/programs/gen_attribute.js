class Source {
    constructor(n) { this.items = this.numbers(n); }
    *numbers(n) {
        let i = 0;
        while (i < n) {
            yield i;
            i += 1;
        }
    }
    total(n) {
        let total = 0;
        for (let k = 0; k < n; k++) total += this.items.next().value;
        return total;
    }
}
console.log(new Source(3000001).total(3000000));
