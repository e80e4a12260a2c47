/* SPDX-License-Identifier: MIT
 *
 * Searches while somebody types. The page works without this; what follows only saves reloading.
 *
 * Several questions can be under way at once, and their answers come in any order. Only the answer
 * to the newest question may be shown: a new question aborts the one before it, and an answer that
 * comes all the same is recognised by its number and dropped. A pause of PAUSE milliseconds
 * between two keys is waited for, so that not every letter is a question.
 */
"use strict";

const PAUSE = 120;
const input = document.getElementById("q");
const results = document.getElementById("results");
const status = document.getElementById("status");
const pages = document.getElementById("pages");
const toast = document.getElementById("toast");

let newest = 0;                 // the number of the newest question
let underWay = null;            // what aborts it
let pause = null;               // the timer between two keys
const asked = { questions: 0, shown: 0, stale: 0 };    // for whoever wants to watch
window.charfinder = asked;

document.documentElement.classList.add("js");

function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
}

function address(query, page) {
    const question = new URLSearchParams({ q: query });
    if (page > 1) question.set("page", page);
    return query ? "/?" + question : "/";
}

/* ---- showing an answer ---- */

function charButton(result) {
    return element("button", {
        type: "button", class: "char", "data-char": result.char, title: "Copy " + result.code,
        "aria-label": "Copy " + result.name.toLowerCase(),
    }, element("bdi", {}, result.shown));
}

/* The words of a name as links, and what is between them as it is. */
function linkedWords(name) {
    const text = document.createDocumentFragment();
    for (const part of name.split(/(\w+)/)) {
        text.append(/\w/.test(part)
            ? element("a", { href: address(part.toLowerCase(), 1) }, part) : part);
    }
    return text;
}

function row(result) {
    return element("li", {}, charButton(result), element("span", { class: "code" }, result.code),
        element("span", { class: "name" }, linkedWords(result.name)));
}

function statusOf(answer) {
    const number = (value) => value.toLocaleString("en");
    if (!answer.query) return "Type a word of a character’s name.";
    if (!answer.count) return "No character has all these words in its name.";
    const text = answer.count === 1 ? "1 character" : number(answer.count) + " characters";
    return answer.pages > 1
        ? `${text}, page ${number(answer.page)} of ${number(answer.pages)}` : text;
}

function pageLink(answer, step, rel, text) {
    return element("a", { rel, href: address(answer.query, answer.page + step) }, text);
}

function show(answer) {
    document.title = answer.query ? answer.query + " – Charfinder" : "Charfinder";
    status.textContent = statusOf(answer);
    results.replaceChildren(...answer.results.map(row));
    pages.replaceChildren();
    if (answer.page > 1) pages.append(pageLink(answer, -1, "prev", "← Previous"));
    if (answer.page < answer.pages) pages.append(pageLink(answer, 1, "next", "Next →"));
    results.removeAttribute("aria-busy");
}

/* ---- asking ---- */

async function ask(query, page, typing) {
    clearTimeout(pause);
    if (underWay) underWay.abort();
    underWay = new AbortController();
    const number = ++newest;
    const question = new URLSearchParams({ q: query, page });
    if (typing) question.set("typing", 1);
    results.setAttribute("aria-busy", "true");
    asked.questions++;
    try {
        const response = await fetch("/search.json?" + question, { signal: underWay.signal });
        if (!response.ok) throw new Error("status " + response.status);
        const answer = await response.json();
        if (number !== newest) {
            asked.stale++;
            return;
        }
        asked.shown++;
        show(answer);
    } catch (error) {
        if (number !== newest) {
            asked.stale++;
            return;
        }
        results.removeAttribute("aria-busy");
        status.textContent = "The server does not answer. Is it still running?";
    }
}

function typed() {
    clearTimeout(pause);
    pause = setTimeout(() => {
        const query = input.value.trim();
        history.replaceState(null, "", address(query, 1));
        ask(query, 1, true);
    }, PAUSE);
}

/* Goes to an address of this page as its link would, without loading it. */
function visit(href, remember) {
    const question = new URL(href, location).searchParams;
    input.value = question.get("q") || "";
    if (remember) history.pushState(null, "", href);
    return ask(input.value, Number(question.get("page")) || 1, false);
}

/* ---- copying ---- */

function say(text) {
    toast.textContent = text;
    toast.classList.add("shown");
    clearTimeout(say.timer);
    say.timer = setTimeout(() => toast.classList.remove("shown"), 1600);
}

/* The clipboard is there only on secure pages (localhost is one); elsewhere a selection helps. */
function copyBySelection(text) {
    const field = element("textarea", { "aria-hidden": "true" });
    const before = document.activeElement;
    field.value = text;
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    before.focus();
    return copied;
}

async function copy(button) {
    const char = button.dataset.char;
    let copied = false;
    try {
        await navigator.clipboard.writeText(char);
        copied = true;
    } catch (error) {
        copied = copyBySelection(char);
    }
    say(copied ? `Copied ${char}` : "This browser does not let pages copy");
}

/* ---- events ---- */

function isPlain(event) {
    return !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button);
}

function moveAmong(buttons, at, key) {
    const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1,
        Home: 0, End: buttons.length - 1 }[key];
    if (to === undefined) return false;
    (to < 0 ? input : buttons[Math.min(to, buttons.length - 1)]).focus();
    return true;
}

function onKey(event) {
    const buttons = [...results.querySelectorAll("button.char")];
    const at = buttons.indexOf(document.activeElement);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && document.activeElement !== input) {
        input.focus();
        input.select();
    } else if (event.key === "ArrowDown" && document.activeElement === input && buttons.length) {
        buttons[0].focus();
    } else if (at < 0 || !moveAmong(buttons, at, event.key)) {
        return;
    }
    event.preventDefault();
}

function onClick(event) {
    const button = event.target.closest("button.char");
    if (button) {
        copy(button);
        return;
    }
    const link = event.target.closest("a[href^='/']");
    if (link && isPlain(event)) {
        event.preventDefault();
        visit(link.href, true);
        if (link.closest("#pages")) {
            window.scrollTo(0, 0);
            status.focus();
        }
    }
}

input.addEventListener("input", typed);
document.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    visit(address(input.value.trim(), 1), true);
});
document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
window.addEventListener("popstate", () => visit(location.href, false));

for (const span of results.querySelectorAll("span.char")) {
    const item = span.closest("li");
    span.replaceWith(charButton({
        char: span.dataset.char, shown: span.textContent,
        code: item.querySelector(".code").textContent,
        name: item.querySelector(".name").textContent,
    }));
}
