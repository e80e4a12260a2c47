/* SPDX-License-Identifier: MIT */
/*
 * What answers the reader: the details of a span, keys, mouse and fingers, search, the legend.
 */
/* ---- details ---- */

function element(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
}

function levels(text) {
  return text ? text.split('\n').map(line => { const [name, file, at] = line.split('\t'); return {name, file, line: at}; }) : [];
}

/* The innermost level that is the program's own. */
function leaf(text) {
  const all = levels(text).filter(l => l.file !== undefined);
  const own = all.filter(l => l.file && !l.file.startsWith('stdlib/'));
  const at = own[own.length - 1] || all[all.length - 1];
  return at ? {...at, label: at.file ? `${at.name}:${at.line}` : at.name} : {label: ''};
}

function chainList(text) {
  const list = element('ol');
  for (const level of levels(text)) {
    const item = element('li', undefined, level.file && level.file.startsWith('stdlib/') ? 'library' : '');
    item.append(element('div', level.name + (level.file ? '' : '()')));
    if (level.file) {
      item.append(element('div', `${level.file}:${level.line}`, 'where'));
      const source = data.lines[`${level.file}:${level.line}`];
      if (source) item.append(element('code', source.trim()));
    }
    list.append(item);
  }
  return list;
}

function place(text) {
  const at = text.split('\t')[1];
  return at ? [element('div', at, 'where'), ...(data.lines[at] ? [element('code', data.lines[at].trim())] : [])] : [];
}

function section(title, ...nodes) { return [element('h3', title), ...nodes]; }

function jump(text, lane, at) {
  const button = element('button', text, 'jump');
  button.onclick = () => { pickAt(lane, at); canvas.focus(); };
  const holder = element('p');
  holder.append(button);
  return holder;
}

/* Without the stretches of deadlocks. */
function realTime(at) {
  return at - data.forever.reduce((sum, f) => sum + Math.min(Math.max(at - f.begin, 0), f.end - f.begin), 0);
}

/* A span that stands for many. */
function showMany(span) {
  const many = span.many, nodes = [], list = element('ul');
  const took = time => data.virtual && !time ? '' : `, ${unitText(time)} in all`;
  for (const {kind, count, time} of many.kinds) list.append(element('li', `${STATES[kind]}: ${counted(count)} times${took(time)}`));
  for (const {kind, count} of many.marks) list.append(element('li', `${MARKS[kind]}: ${counted(count)}`));
  if (many.woken) list.append(element('li', `woken, created or given a job: ${counted(many.woken)} times`));
  if (many.wakes) list.append(element('li', `wakes or creates others: ${counted(many.wakes)} times`));
  nodes.push(...section(`${counted(many.count)} spans too short to be drawn one by one`, list));
  if (span.lane.members && span.end > span.begin) nodes.push(element('p', `on average ${atATime(many.level)} tasks at a time`));
  const text = data.texts[span.text].split('\t')[0];
  nodes.push(...section('the longest', element('p', `${STATES[many.longest]}, ${unitText(many.length)}`)));
  if (text && many.longest !== RUN) nodes.push(element('p', text));
  if (data.texts[span.chain]) nodes.push(chainList(data.texts[span.chain]));
  const middle = (span.first + span.last) >> 1;
  nodes.push(...section('to see them one by one', element('code', `tulip timeline --detail ${middle}${data.virtual ? ' --virtual-time' : ''} ${data.title}`)));
  return nodes;
}

function show(span) {
  const lane = span.lane, box = $('details'), nodes = [];
  nodes.push(element('h2', `${lane.name} ${lane.work}`));
  const state = element('p', undefined);
  const begin = realTime(span.begin), end = realTime(span.end);
  state.append(element('span', stateOf(span), 'state'), ` ${unitText(begin)} – ${unitText(end)}`);
  state.append(element('div', `${unitText(end - begin)}, events ${span.first}–${span.last}`, 'where'));
  nodes.push(state);
  const text = data.texts[span.text], chain = data.texts[span.chain], given = data.texts[span.given];
  if (span.many) {
    nodes.push(...showMany(span));
  } else if (span.kind === RUN) {
    if (given) nodes.push(...section('is given', element('code', given)));
    if (chain) nodes.push(...section(lane.kind === 2 ? 'goes on from' : 'in', chainList(chain)));
    if (text) nodes.push(...section('comes to', chainList(text)));
    const next = lane.spans[span.index + 1];
    if (next && next.kind === PARKED) nodes.push(...section('where it waits for', element('p', data.texts[next.text].split('\t')[0])));
    else if (lane.ended && !next) nodes.push(...section('and is done', element('code', lane.outcome)));
  } else {
    if (text) nodes.push(...section(span.kind === PARKED ? 'for' : 'because', element('p', text.split('\t')[0]), ...place(text)));
    if (chain) nodes.push(...section(lane.kind === 2 ? 'the await chain' : 'where', chainList(chain)));
    if (given && lane.kind === 2) nodes.push(...section('it awaits', element('code', given)));
  }
  const to = arrows.filter(a => a.to === lane && a.last >= span.first && a.last <= span.last);
  const from = arrows.filter(a => a.from === lane && a.first >= span.first && a.first <= span.last);
  for (const a of to.slice(0, 5))
    nodes.push(...section(`${a.from.name} ${ARROWS[a.kind]} it`, element('p', a.text.split('\t')[0]), ...place(a.text), jump('show', a.from, a.first)));
  for (const a of from.slice(0, 8))
    nodes.push(...section(`it ${ARROWS[a.kind]} ${a.to.name}`, element('p', a.text.split('\t')[0]), ...place(a.text), jump('show', a.to, a.last)));
  const marks = lane.marks.filter(m => m.first >= span.first && m.first <= span.last);
  for (const m of marks.slice(0, 8)) nodes.push(...section(MARKS[m.kind], element('p', m.text.split('\t')[0]), ...place(m.text)));
  if (lane.made) nodes.push(...section('made', ...place(lane.made)));
  if (lane.outcome) nodes.push(...section('in the end', element('code', lane.outcome)));
  box.replaceChildren(...nodes);
  box.scrollTop = 0;
}

function pick(span) {
  view.picked = span && {lane: span.lane, span};
  if (span) show(span); else $('details').replaceChildren(...hint());
  redraw();
}

function reveal(span) {
  const size = view.to - view.from;
  if (first(span) < view.from || first(span) > view.to) { view.from = first(span) - size / 3; view.to = view.from + size; }
  const y = yOf(span.lane);
  if (y < TOP || y > view.height - ROW) view.top = span.lane.row * ROW - view.height / 2;
  clamp();
}

function pickAt(lane, number) {
  const before = view.byEvent;
  view.byEvent = true;
  const i = bisect(lane.spans, number);
  view.byEvent = before;
  const span = lane.spans[Math.min(i, lane.spans.length - 1)];
  if (span) { pick(span); reveal(span); }
}

/* What a page of a long run leaves out. */
function condensed() {
  const [lanes, spans, arrows, marks] = data.merged;
  if (!spans) return [];
  const parts = [[spans, 'short spans'], [lanes, 'lanes'], [arrows, 'arrows'], [marks, 'moments']].filter(p => p[0]);
  return [element('h2', 'A long run, condensed'),
          element('p', `${parts.map(([n, what]) => `${counted(n)} ${what}`).join(', ')} are drawn together or left out; a block framed in dots stands for many spans, a lane of many tasks is as high as there were tasks at that moment; a click tells how many of what.`),
          element('p', 'Step by step: the beginning, the end, what went wrong, and any event that --detail N names. Search finds what is drawn.')];
}

function hint() {
  const about = data.about.split('\n').filter(text => text);
  return [...condensed(), ...(about.length ? [element('h2', 'About this program'), ...about.map(text => element('p', text))] : []),
          element('h2', 'Reading the page'),
          element('p', 'A lane for the main program, for every thread, event loop, task and child process. Click a span, or move with the arrow keys, to see where it stands and what it waits for.'),
          element('p', 'Wheel: zoom. Drag: move. Shift+wheel: lanes. +, −, 0: zoom. e: by event. a: arrows. /: search, Enter: next.')];
}

/* ---- input ---- */

function spanAt(x, y) {
  const lane = rows[Math.floor((y - TOP + view.top) / ROW)];
  if (!lane || y < TOP) return null;
  const over = lane.over.find(s => s.kind === BLOCKING && xOf(first(s)) - 2 <= x && x <= xOf(last(s)) + 2);
  if (over) return over;
  if (x < view.label) return lane.spans[0] || null;
  let best = null, distance = 6;
  for (let i = bisect(lane.spans, atX(x - 6)); i < lane.spans.length && xOf(first(lane.spans[i])) < x + 6; i++) {
    const s = lane.spans[i];
    const d = Math.max(xOf(first(s)) - x, x - xOf(last(s)), 0) - (s.kind === RUN ? 3 : 0);
    if (d < distance) { best = s; distance = d; }
    if (i > 4000 + bisect(lane.spans, atX(x - 6))) break;
  }
  return best;
}

let drag = null;
const fingers = new Map();

/* Two fingers: what is under them stays under them. */
function pinch(e) {
  const [a, b] = [...fingers.values()], before = Math.abs(a.x - b.x) + 20;
  fingers.set(e.pointerId, {x: e.offsetX, y: e.offsetY});
  const [c, d] = [...fingers.values()];
  zoom(before / (Math.abs(c.x - d.x) + 20), (c.x + d.x) / 2);
}

canvas.addEventListener('pointerdown', e => {
  fingers.set(e.pointerId, {x: e.offsetX, y: e.offsetY});
  drag = {x: e.offsetX, y: e.offsetY, from: view.from, to: view.to, top: view.top, moved: false};
  canvas.setPointerCapture(e.pointerId);
});
canvas.addEventListener('pointermove', e => {
  if (!drag) {
    const span = spanAt(e.offsetX, e.offsetY);
    canvas.title = span ? `${span.lane.name} ${stateOf(span)}: ${caption(span)} (${unitText(span.end - span.begin)})` : '';
    return;
  }
  if (fingers.size === 2) { drag.moved = true; pinch(e); drag.from = view.from; drag.to = view.to; drag.x = e.offsetX; return; }
  fingers.set(e.pointerId, {x: e.offsetX, y: e.offsetY});
  const dx = e.offsetX - drag.x, dy = e.offsetY - drag.y;
  if (Math.abs(dx) + Math.abs(dy) > 4) drag.moved = true;
  if (!drag.moved) return;
  const shift = dx / scale();
  view.from = drag.from - shift; view.to = drag.to - shift; view.top = drag.top - dy;
  clamp(); redraw();
});
canvas.addEventListener('pointerup', e => {
  fingers.delete(e.pointerId);
  if (drag && !drag.moved) pick(spanAt(e.offsetX, e.offsetY));
  if (!fingers.size) drag = null;
});
canvas.addEventListener('pointercancel', e => { fingers.delete(e.pointerId); drag = null; });
canvas.addEventListener('wheel', e => {
  e.preventDefault();
  if (e.shiftKey) view.top += e.deltaY || e.deltaX;
  else if (Math.abs(e.deltaX) > Math.abs(e.deltaY)) { const d = e.deltaX / scale(); view.from += d; view.to += d; }
  else zoom(1.0015 ** e.deltaY, e.offsetX);
  clamp(); redraw();
}, {passive: false});

/* Left and right: the neighbours in the lane; up and down: the lane beside, at the same moment. */
function step(dx, dy) {
  const now = view.picked && view.picked.span;
  if (!now) return pick((rows.find(lane => lane.spans.length) || {spans: []}).spans[0]);
  let span;
  if (dx) span = now.lane.spans[(now.index === undefined ? 0 : now.index) + dx];
  else {
    let row = now.lane.row + dy;
    while (rows[row] && !rows[row].spans.length) row += dy;
    const spans = rows[row] && rows[row].spans;
    if (spans) span = spans[Math.min(bisect(spans, first(now)), spans.length - 1)];
  }
  if (span) { pick(span); reveal(span); }
}

const KEYS = {
  ArrowLeft: () => step(-1, 0), ArrowRight: () => step(1, 0), ArrowUp: () => step(0, -1), ArrowDown: () => step(0, 1),
  '+': () => zoom(0.7), '=': () => zoom(0.7), '-': () => zoom(1.4), 0: fit, e: toggleAxis, a: toggleArrows,
  '/': () => $('search').focus(), Escape: () => pick(null),
  Enter: () => { const s = view.picked && view.picked.span; if (s) { const size = Math.max(last(s) - first(s), 1); view.from = first(s) - size * 0.2; view.to = last(s) + size * 0.2; clamp(); redraw(); } },
};
document.addEventListener('keydown', e => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target === $('search') || (e.target.tagName === 'BUTTON' && e.key === 'Enter')) return;
  const action = KEYS[e.key];
  if (action) { e.preventDefault(); action(); }
});

function toggleAxis() {
  const share = (view.from + view.to) / 2 / (whole() || 1), part = (view.to - view.from) / (whole() || 1);
  view.byEvent = !view.byEvent;
  $('axis').setAttribute('aria-pressed', view.byEvent);
  const middle = share * whole(), size = part * whole();
  view.from = middle - size / 2; view.to = middle + size / 2;
  clamp(); redraw();
}

function toggleArrows() {
  view.showArrows = !view.showArrows;
  $('arrows').setAttribute('aria-pressed', view.showArrows);
  redraw();
}

function search(text) {
  const word = text.trim().toLowerCase();
  view.hits = null; view.hit = -1; $('found').textContent = '';
  if (!word) return redraw();
  const texts = data.texts.map(t => t.toLowerCase().includes(word)), hits = new Set();
  for (const lane of rows) {
    const whole = (lane.name + ' ' + lane.work).toLowerCase().includes(word);
    for (const span of lane.spans) {
      if (hits.size >= 50000) break;
      if (texts[span.text] || texts[span.chain] || texts[span.given] || (whole && span.index === 0)) hits.add(span);
    }
  }
  view.hits = hits;
  $('found').textContent = hits.size === 1 ? '1 span' : `${hits.size} spans`;
  redraw();
}

$('search').addEventListener('input', e => search(e.target.value));
$('search').addEventListener('keydown', e => {
  if (e.key === 'Escape') { e.target.value = ''; search(''); canvas.focus(); }
  if (e.key !== 'Enter' || !view.hits || !view.hits.size) return;
  const all = [...view.hits];
  view.hit = (view.hit + (e.shiftKey ? all.length - 1 : 1)) % all.length;
  pick(all[view.hit]); reveal(all[view.hit]);
  $('found').textContent = `${view.hit + 1} of ${all.length}`;
});
$('fit').onclick = fit; $('in').onclick = () => zoom(0.6); $('out').onclick = () => zoom(1.6);
$('axis').onclick = toggleAxis; $('arrows').onclick = toggleArrows;

/* ---- legend and beginning ---- */

function picture(text, draw) {
  pen.fillStyle = colours.paper; pen.fillRect(0, 0, 40, ROW);
  draw();
  const item = element('span');
  item.append(sample(), text);
  return item;
}

function sample() {
  const small = document.createElement('canvas'), ratio = window.devicePixelRatio || 1;
  small.width = 34 * ratio; small.height = ROW * ratio;
  small.style.cssText = 'width:34px;height:22px;flex:none;cursor:default';
  small.getContext('2d').drawImage(canvas, 0, 0, 34 * ratio, ROW * ratio, 0, 0, 34 * ratio, ROW * ratio);
  return small;
}

const SOME = {kind: MANY, lane: {}, begin: 0, end: 1,
              many: {count: 10, time: 10, kinds: [{kind: PARKED, count: 4, time: 4}, {kind: READY, count: 3, time: 3}, {kind: RUN, count: 3, time: 3}]}};

function legend() {
  const row = ROW;
  ROW = 30;
  const items = [], used = new Set();
  for (const lane of lanes) for (const list of [lane.spans, lane.over]) for (const s of list) used.add(s.kind);
  const waits = new Set(lanes.flatMap(lane => lane.spans.map(s => s.kind === PARKED ? waitGroup(s.wait) : s.kind === IDLE ? 'loop' : '')));
  for (const group in WAITS) if (waits.has(group)) items.push(picture(WAITS[group], () => drawWait(group, 1, 32, ROW / 2)));
  for (const kind of [...used].filter(k => k !== PARKED && k !== IDLE).sort()) {
    items.push(picture(STATES[kind], () => drawSpan(kind === MANY ? SOME : {kind}, 1, 32, 0)));
  }
  const marks = new Set(lanes.flatMap(lane => [...new Set(lane.marks.map(m => m.kind))]));
  for (const kind of [...marks].sort()) if (SHAPES[kind]) items.push(picture(MARKS[kind], () => drawMark(kind, 17, ROW / 2)));
  for (const kind of [...new Set(arrows.map(a => a.kind))].sort())
    items.push(picture(ARROWS[kind], () => drawCurve(kind, 3, ROW / 2 - 8, 31, ROW / 2 + 9, true)));
  $('legend').replaceChildren(...items);
  ROW = row;
}

function start() {
  document.title = `${data.title} – timeline`;
  $('title').textContent = data.title;
  const number = kind => lanes.reduce((sum, l) => sum + (l.kind === kind ? l.members || 1 : 0), 0);
  const tasks = number(2), threads = number(0), processes = number(3);
  $('facts').textContent = `${unitText(data.run)}${data.virtual ? ' of virtual time' : ''} · ${counted(tasks)} task${tasks === 1 ? '' : 's'} · ` +
    `${counted(threads)} thread${threads === 1 ? '' : 's'} · ${processes ? `${processes} child process${processes === 1 ? '' : 'es'} · ` : ''}${counted(data.events)} events` + (data.merged[1] ? ', condensed' : '') + (data.dropped ? ` · ${data.dropped} more were not recorded` : '');
  $('axis').setAttribute('aria-pressed', view.byEvent);
  readColours(); fit(); resize(); legend(); draw();
  $('details').replaceChildren(...hint());
  new ResizeObserver(resize).observe(canvas);
  for (const media of ['(prefers-color-scheme: dark)', 'print'])
    window.matchMedia(media).addEventListener('change', () => { readColours(); resize(); legend(); draw(); });
}

window.timeline = {view, rows, arrows, pick, spanAt, xOf, yOf, zoom, fit};
start();
