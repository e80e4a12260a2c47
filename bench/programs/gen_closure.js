function make(n) {
    const step = 1;
    function* numbers() {
        let i = 0;
        while (i < n) {
            yield i;
            i += step;
        }
    }
    const items = numbers();
    return () => {
        let result = 0;
        for (const x of items) result += x;
        return result;
    };
}
console.log(make(5000000)());
