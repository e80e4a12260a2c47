function sieve(n) {
    const flags = new Array(n + 1).fill(true);
    flags[0] = flags[1] = false;
    let i = 2;
    while (i * i <= n) {
        if (flags[i]) {
            let j = i * i;
            while (j <= n) {
                flags[j] = false;
                j += i;
            }
        }
        i += 1;
    }
    let count = 0;
    for (const flag of flags) if (flag) count += 1;
    return count;
}
console.log(sieve(3000000));
