class Toggle {
    constructor(state) { this.state = state; }
    value() { return this.state; }
    activate() {
        this.state = !this.state;
        return this;
    }
}
class NthToggle extends Toggle {
    constructor(state, limit) {
        super(state);
        this.limit = limit;
        this.count = 0;
    }
    activate() {
        this.count += 1;
        if (this.count >= this.limit) {
            this.state = !this.state;
            this.count = 0;
        }
        return this;
    }
}
const python = (flag) => (flag ? "True" : "False");
const n = 1500000;
const toggle = new Toggle(true);
let on = 0;
for (let i = 0; i < n; i++) if (toggle.activate().value()) on += 1;
console.log(on, python(toggle.value()));
const nth = new NthToggle(true, 3);
on = 0;
for (let i = 0; i < n; i++) if (nth.activate().value()) on += 1;
console.log(on, python(nth.value()));
