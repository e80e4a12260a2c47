/* SPDX-License-Identifier: MIT */
/*
 * Draws a recording: lanes from top to bottom, the program's clock (or the events one by one) from
 * left to right, on one canvas.
 *
 * Only what is in view is looked at: the first span of a lane by bisection, then whatever is
 * narrower than a pixel is passed over by another bisection, so that a frame costs a few operations
 * per pixel of a visible lane, however many spans there are.
 */
/* ---- the view ---- */

const canvas = $('view'), pen = canvas.getContext('2d');
const view = {byEvent: data.end === 0, from: 0, to: 1, top: 0, width: 0, height: 0, label: 190,
              showArrows: true, picked: null, hits: null, hit: -1};
const first = x => view.byEvent ? x.first : x.begin;
const last = x => view.byEvent ? x.last : x.end;
const whole = () => view.byEvent ? data.events : data.end;
const scale = () => (view.width - view.label - 40) / (view.to - view.from);
const xOf = at => view.label + (at - view.from) * scale();
const atX = x => view.from + (x - view.label) / scale();
const yOf = lane => TOP + lane.row * ROW - view.top;
let colours = {}, patterns = {}, scheduled = false;

function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ['paper', 'ink', 'faint', 'line', 'band', 'wake', 'cancel', 'create', 'pick', 'wait-timer',
                      'wait-thing', 'wait-work', 'wait-loop', 'forever', ...COLOURS])
    colours[name] = style.getPropertyValue('--' + name).trim();
  patterns = {[READY]: hatch(colours.ready, 1), [BLOCKING]: hatch(colours.blocking, -1),
              forever: tile(12, p => { p.fillStyle = colours.forever; p.fillRect(0, 0, 2, 12); }),
              [OUTSIDE]: dots(colours.outside)};
}

function tile(size, draw) {
  const small = document.createElement('canvas');
  small.width = small.height = size;
  draw(small.getContext('2d'));
  return pen.createPattern(small, 'repeat');
}

function hatch(colour, way) {
  return tile(8, p => {
    p.fillStyle = colour; p.globalAlpha = 0.3; p.fillRect(0, 0, 8, 8); p.globalAlpha = 1;
    p.strokeStyle = colour; p.lineWidth = 2; p.beginPath();
    for (const shift of [-8, 0, 8]) { p.moveTo(shift, way > 0 ? 8 : 0); p.lineTo(shift + 8, way > 0 ? 0 : 8); }
    p.stroke();
  });
}

function dots(colour) {
  return tile(6, p => {
    p.fillStyle = colour; p.globalAlpha = 0.25; p.fillRect(0, 0, 6, 6); p.globalAlpha = 1;
    p.fillRect(1, 1, 2, 2); p.fillRect(4, 4, 2, 2);
  });
}

function redraw() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => { scheduled = false; draw(); });
}

function resize() {
  const ratio = window.devicePixelRatio || 1, box = canvas.getBoundingClientRect();
  view.width = box.width; view.height = box.height;
  view.label = Math.min(230, Math.max(126, box.width * 0.2));
  const least = window.matchMedia('print').matches ? ON_PAPER : LEAST;       // paper does not scroll
  ROW = Math.min(MOST, Math.max(least, Math.floor((view.height - TOP - 8) / rows.length)));
  canvas.width = Math.round(box.width * ratio); canvas.height = Math.round(box.height * ratio);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  clamp(); draw();
}

function clamp() {
  const end = whole() || 1, least = view.byEvent ? 4 : Math.min(end, 100);
  let size = Math.min(Math.max(view.to - view.from, least), end * 1.02);
  view.from = Math.min(Math.max(view.from, -end * 0.01), end * 1.01 - size);
  view.to = view.from + size;
  view.top = Math.max(0, Math.min(view.top, rows.length * ROW + TOP + 10 - view.height));
}

function fit() { view.from = 0; view.to = whole() || 1; clamp(); redraw(); }

function zoom(factor, x = view.label + (view.width - view.label) / 2) {
  const at = atX(x);
  view.from = at - (at - view.from) * factor;
  view.to = at + (view.to - at) * factor;
  clamp(); redraw();
}

/* ---- drawing ---- */

/* The first of [items], sorted, whose end is at or after [at]. */
function bisect(items, at) {
  let low = 0, high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (last(items[middle]) < at) low = middle + 1; else high = middle;
  }
  return low;
}

function unitText(ns) {
  const size = Math.abs(ns);
  return !ns ? '0 s' : size >= 1e9 ? `${+(ns / 1e9).toFixed(3)} s` : size >= 1e6 ? `${+(ns / 1e6).toFixed(3)} ms`
       : size >= 1e3 ? `${+(ns / 1e3).toFixed(2)} µs` : `${ns} ns`;
}

function drawAxis() {
  const size = view.to - view.from, rough = size / Math.max(2, (view.width - view.label) / 110);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max([1, 2, 5, 10].find(n => n * power >= rough) * power, 1);
  pen.font = '11.5px system-ui, "DejaVu Sans", sans-serif'; pen.textBaseline = 'middle';
  for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) {
    const x = Math.round(xOf(at)) + 0.5;
    pen.strokeStyle = colours.line; pen.beginPath(); pen.moveTo(x, TOP - 6); pen.lineTo(x, view.height); pen.stroke();
    pen.fillStyle = colours.faint; pen.textAlign = x < view.label + 20 ? 'left' : 'center';
    const inside = !view.byEvent && data.forever.some(f => at > f.begin && at <= f.end);
    if (!inside && x < view.width - 20) pen.fillText(view.byEvent ? counted(at) : unitText(realTime(at)), x, 11);
  }
}

function drawForever() {
  if (view.byEvent) return;
  for (const stretch of data.forever) {
    const x = xOf(stretch.begin), width = xOf(stretch.end) - x;
    pen.fillStyle = patterns.forever; pen.fillRect(x, TOP - 4, width, view.height);
    pen.fillStyle = colours.blocking; pen.textAlign = 'center'; pen.font = '600 13px system-ui, "DejaVu Sans", sans-serif';
    pen.fillText(width > 170 ? 'deadlock: all wait, for ever' : '∞', x + width / 2, 11);
  }
}

/* While all wait for ever: from who waits to who has what it waits for. */
function drawHolders() {
  if (view.byEvent || !data.forever.length) return;
  const named = new Map(rows.map(lane => [lane.name, lane]));
  for (const stretch of data.forever) {
    let count = 0;
    for (const lane of rows) {
      const span = lane.spans.find(s => s.kind === PARKED && s.begin <= stretch.begin && s.end >= stretch.end);
      const found = span && /, held by (.+?)(?: since |[,\t\n]|$)/.exec(data.texts[span.text]), holder = found && named.get(found[1]);
      if (!holder || holder === lane) continue;
      const x = xOf(stretch.begin + (stretch.end - stretch.begin) * (0.72 + 0.1 * (count++ % 3)));
      const down = yOf(holder) > yOf(lane), from = yOf(lane) + ROW / 2, to = yOf(holder) + ROW / 2;
      pen.strokeStyle = pen.fillStyle = colours.blocking; pen.lineWidth = 2.5;
      pen.beginPath(); pen.arc(x, from, 3, 0, 7); pen.fill();
      pen.beginPath(); pen.moveTo(x, from); pen.lineTo(x, to + (down ? -8 : 8)); pen.stroke();
      pen.beginPath(); pen.moveTo(x, to); pen.lineTo(x - 5, to + (down ? -9 : 9)); pen.lineTo(x + 5, to + (down ? -9 : 9)); pen.fill();
    }
  }
}

/* What somebody waits for, in four groups: time itself, a thing that others have, the end of other
 * work, the outside. */
const WAITS = {timer: 'waits for a moment', thing: 'waits for a lock, queue …', work: 'waits for a task, job …',
               loop: 'waits for the loop, the system …'};
const GROUPS = {timer: 'timer', lock: 'thing', semaphore: 'thing', event: 'thing', condition: 'thing', barrier: 'thing',
                queue: 'thing', object: 'thing', task: 'work', tasks: 'work', job: 'work', thread: 'work', future: 'work',
                executor: 'work', process: 'work'};
const waitGroup = wait => GROUPS[wait] || 'loop';

function drawWait(group, x, width, middle) {
  pen.fillStyle = pen.strokeStyle = colours['wait-' + group];
  if (group === 'timer') pen.fillRect(x, middle - 3, width, 6);
  else if (group === 'work') { pen.fillRect(x, middle - 3, width, 1.5); pen.fillRect(x, middle + 2, width, 1.5); }
  else {
    pen.lineWidth = group === 'thing' ? 3 : 1.2;
    pen.setLineDash(group === 'thing' ? [3, 5] : [2, 3]);
    pen.beginPath(); pen.moveTo(x, middle); pen.lineTo(x + width, middle); pen.stroke();
    pen.setLineDash([]);
  }
  if (width > 5) pen.fillRect(x, middle - 5, 1, 10);
}

const STACK = [[PARKED, 'parked'], [IDLE, 'idle'], [OUTSIDE, 'outside'], [READY, 'ready'], [PASS, 'pass'], [RUN, 'run']];

/* What many spans did, one above the other: each state as high as its share of their time, and never
 * so low that one cannot see it. In a lane of many tasks the height says how many there were. */
function drawMany(span, x, width, y) {
  const many = span.many, whole = ROW - 6, most = span.lane.most;
  const height = most && span.end > span.begin ? Math.max(3, whole * many.level / most) : whole;
  const share = kind => {
    const found = many.kinds.find(k => k.kind === kind);
    return !found ? 0 : Math.max(0.12, many.time ? found.time / many.time : found.count / many.count);
  };
  const shares = STACK.map(([kind, colour]) => [kind, colour, share(kind)]).filter(s => s[2]);
  const total = shares.reduce((sum, s) => sum + s[2], 0);
  let bottom = y + ROW - 3;
  for (const [kind, colour, part] of shares) {
    const high = height * part / total;
    bottom -= high;
    pen.fillStyle = patterns[kind] || colours[colour];
    pen.globalAlpha = kind === PARKED || kind === IDLE ? 0.55 : 1;
    pen.fillRect(x, bottom, width, high);
    pen.globalAlpha = 1;
  }
  if (width < 14 || most) return;
  pen.strokeStyle = colours.ink; pen.lineWidth = 1; pen.setLineDash([1, 2]);
  pen.strokeRect(x + 0.5, y + 3.5, width - 1, ROW - 7); pen.setLineDash([]);
}

/* Height, and how it is filled: no two states look the same without colour. */
function drawSpan(span, x, width, y) {
  const kind = span.kind, colour = colours[COLOURS[kind]];
  pen.fillStyle = pen.strokeStyle = colour;
  if (kind === MANY) {
    drawMany(span, x, width, y);
  } else if (kind === PARKED || kind === IDLE) {
    drawWait(kind === IDLE ? 'loop' : waitGroup(span.wait), x, width, y + ROW / 2 + Math.min(7, ROW / 4));
  } else if (kind === READY || kind === OUTSIDE) {
    pen.fillStyle = patterns[kind]; pen.fillRect(x, y + 8, width, ROW - 16);
    if (width > 3) { pen.lineWidth = 1; pen.strokeRect(x + 0.5, y + 8.5, width - 1, ROW - 17); }
  } else if (kind === JOB) {
    pen.fillRect(x, y + ROW - 6, width, 3);
  } else if (kind === BLOCKING) {
    pen.fillStyle = colours.paper; pen.fillRect(x, y + 2, width, ROW - 4);
    pen.fillStyle = patterns[kind]; pen.fillRect(x, y + 2, width, ROW - 4);
    pen.lineWidth = 2; pen.strokeRect(x + 1, y + 3, Math.max(1, width - 2), ROW - 6);
  } else {
    pen.fillRect(x, y + (kind === PASS ? 7 : 5), width, ROW - (kind === PASS ? 14 : 10));
  }
  if (view.hits && view.hits.has(span)) {
    pen.strokeStyle = colours.pick; pen.lineWidth = 2; pen.strokeRect(x - 1, y + 2, Math.max(width + 2, 4), ROW - 4);
  }
}

const counted = n => n.toLocaleString('en').replaceAll(',', '\u2009');

const stateOf = span => span.lane.kind === 3 && span.kind === OUTSIDE ? 'runs, in a process of its own' : STATES[span.kind];
const atATime = level => level < 10 ? `${+level.toFixed(2)}` : counted(Math.round(level));

function caption(span) {
  if (span.kind === RUN) return leaf(data.texts[span.text] || data.texts[span.chain]).label;
  if (span.kind === MANY && span.lane.members) return `${atATime(span.many.level)} tasks`;
  if (span.kind === MANY) return `${counted(span.many.count)} spans`;
  const text = data.texts[span.text].split('\t')[0].split('\n')[0];
  if (span.kind === BLOCKING && span.lane.kind === 2)
    return `holds the loop: ${span.chain ? leaf(data.texts[span.chain]).label : unitText(span.end - span.begin)}`;
  return text;
}

/* The same shorter and shorter: "… since when it was made" and what follows a comma are for the details. */
function captions(span) {
  const text = caption(span).replace(/, made at [^,]*/, '').replace(/ since [^ ,]*/, '').replace(/^loop waits for /, '');
  const sleep = /^(?:a timer|a moment), (.*) more$/.exec(text);
  if (sleep) return ['sleeps ' + sleep[1], sleep[1]];
  return text.includes(', ') ? [text, text.slice(0, text.indexOf(', '))] : [text];
}

/* As much of [text] as [room] pixels hold; nothing when that says nothing. */
function fitted(text, room) {
  if (pen.measureText(text).width <= room) return text;
  let low = 0, high = text.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pen.measureText(text.slice(0, middle) + '…').width <= room) low = middle; else high = middle - 1;
  }
  return low < 6 ? '' : text.slice(0, low).trimEnd() + '…';
}

function drawCaption(span, x, width, y) {
  const shownFrom = Math.max(x, view.label + 2), room = Math.min(x + width, view.width) - shownFrom - 8;
  if (room < (span.kind === IDLE ? 60 : 24) || (span.kind === PARKED && span.wait === 'loop') ||
      (span.kind === JOB && span.lane.kind === 3)) return;
  pen.font = '11.5px system-ui, "DejaVu Sans", sans-serif'; pen.textAlign = 'left'; pen.textBaseline = 'middle';
  const all = captions(span);
  const text = all.find(one => pen.measureText(one).width <= room) || fitted(all[all.length - 1], room);
  if (text.length < 3) return;
  const solid = span.kind === RUN || span.kind === PASS, waits = span.kind === PARKED || span.kind === IDLE;
  const wide = pen.measureText(text).width;
  const middle = span.kind === JOB ? y + ROW - 12 : waits ? y + ROW / 2 - 4 : y + ROW / 2;
  const shift = span.kind === JOB ? room - wide : 0;
  if (!solid && !waits) {
    pen.fillStyle = colours.paper;
    pen.fillRect(shownFrom + shift + 3, middle - 7, wide + 4, 14);
  }
  pen.fillStyle = solid ? colours.paper : span.kind === BLOCKING ? colours.blocking : colours.ink;
  pen.fillText(text, shownFrom + shift + 5, middle + 0.5);
}

/* Spans of a lane that are in view; what is narrower than a pixel is drawn once a pixel. Moments
 * of running stay at least two pixels wide. */
function drawSpans(lane, y) {
  const spans = lane.spans, thin = [];
  let i = bisect(spans, view.from);
  while (i < spans.length && first(spans[i]) <= view.to) {
    const span = spans[i], x = xOf(first(span)), right = xOf(last(span));
    if (right - x < 1) {
      if (span.kind === RUN || span.kind === PASS || span.kind === MANY) thin.push(span);
      const next = bisect(spans, atX(x + 1));
      for (let n = i + 1; n < Math.min(next, i + 4) && !thin.length; n++)
        if (spans[n].kind === RUN) thin.push(spans[n]);
      if (next > i + 1 && (!thin.length || thin[thin.length - 1].index < i)) thin.push(spans[i]);
      i = Math.max(next, i + 1);
      continue;
    }
    const from = Math.max(x, view.label - 4), width = Math.min(right, view.width + 4) - from;
    drawSpan(span, from, width, y);
    drawCaption(span, from, width, y);
    i++;
  }
  for (const span of thin) drawSpan(span, xOf(first(span)) - 1, 2.5, y);
  for (const span of lane.over) {
    const x = Math.max(xOf(first(span)), view.label - 4), right = Math.min(xOf(last(span)), view.width + 4);
    if (right < view.label || x > view.width) continue;
    drawSpan(span, x, Math.max(right - x, 2), y);
    drawCaption(span, x, right - x, y);
  }
}

const SHAPES = {
  0: (x, y) => { pen.moveTo(x - 4, y - 4); pen.lineTo(x + 4, y - 4); pen.lineTo(x - 4, y + 4); pen.lineTo(x + 4, y + 4); },
  1: (x, y) => pen.rect(x - 3, y - 3, 6, 6),
  2: (x, y) => { pen.moveTo(x - 4, y - 4); pen.lineTo(x + 4, y + 4); pen.moveTo(x + 4, y - 4); pen.lineTo(x - 4, y + 4); },
  3: (x, y) => { pen.moveTo(x, y - 5); pen.lineTo(x + 5, y + 4); pen.lineTo(x - 5, y + 4); },
  4: (x, y) => pen.rect(x - 6, y - 6, 12, 12),
  6: (x, y) => pen.arc(x, y, 3.5, 0, 7),
};

function drawMark(kind, x, y) {
  const bad = kind === 2 || kind === 4;
  pen.beginPath(); SHAPES[kind](x, y); pen.closePath();
  pen.strokeStyle = bad ? colours.blocking : colours.ink; pen.lineWidth = bad ? 2.5 : 1.3;
  if (kind === 6 || kind === 4) { pen.fillStyle = kind === 4 ? colours.blocking : colours.paper; pen.fill(); }
  pen.stroke();
}

function drawMarks(lane, y) {
  let before = -9, i = bisect(lane.marks, view.from);
  for (; i < lane.marks.length && first(lane.marks[i]) <= view.to; i++) {
    const mark = lane.marks[i], x = xOf(first(mark)), draw = SHAPES[mark.kind];
    if (!draw) continue;
    if (x - before < 3 && mark.kind < 2) { i = Math.max(i, bisect(lane.marks, atX(before + 3)) - 1); continue; }
    before = x;
    drawMark(mark.kind, x, mark.kind === 6 ? y + ROW / 2 : y + 6);
  }
}

/* When there are too many for the eye, only those of the picked lane. */
function drawArrows() {
  if (!view.showArrows) return;
  let shown = arrows.slice(bisect(arrows, view.from)).filter(a =>
    first(a) <= view.to && Math.max(yOf(a.from), yOf(a.to)) > TOP && Math.min(yOf(a.from), yOf(a.to)) < view.height);
  const picked = view.picked && view.picked.lane;
  if (shown.length > 300) shown = shown.filter(a => a.kind === 1 || a.from === picked || a.to === picked).slice(0, 2000);
  for (const arrow of shown) drawArrow(arrow, picked && (arrow.from === picked || arrow.to === picked));
}

function drawArrow(arrow, strong) {
  const y0 = yOf(arrow.from) + ROW / 2, down = yOf(arrow.to) > yOf(arrow.from);
  drawCurve(arrow.kind, xOf(first(arrow)), y0, xOf(last(arrow)), yOf(arrow.to) + (down ? 6 : ROW - 6),
            strong || arrow.kind === 1);
}

function drawCurve(kind, x0, y0, x1, y1, strong) {
  const bend = Math.min(40, 12 + Math.abs(y1 - y0) / 8), tip = y1 > y0 ? -7 : 7;
  pen.save();
  pen.strokeStyle = pen.fillStyle = colours[kind === 1 ? 'cancel' : kind === 2 ? 'create' : 'wake'];
  pen.globalAlpha = strong ? 1 : 0.6;
  pen.lineWidth = strong ? 2 : 1.1;
  pen.setLineDash(kind === 2 ? [2, 3] : kind === 1 ? [6, 3] : kind === 3 ? [8, 2, 2, 2] : []);
  pen.beginPath(); pen.moveTo(x0, y0);
  pen.bezierCurveTo(x0 + bend, y0 + (y1 - y0) * 0.3, x1 + (x1 - x0 < 4 ? bend : -bend), y1 - (y1 - y0) * 0.3, x1, y1);
  pen.stroke(); pen.setLineDash([]); pen.beginPath();
  pen.moveTo(x1, y1); pen.lineTo(x1 - 4, y1 + tip); pen.lineTo(x1 + 4, y1 + tip); pen.fill();
  pen.restore();
}

function drawLabels() {
  pen.fillStyle = colours.paper; pen.fillRect(0, 0, view.label - 4, view.height);
  pen.strokeStyle = colours.line; pen.beginPath(); pen.moveTo(view.label - 4.5, 0); pen.lineTo(view.label - 4.5, view.height); pen.stroke();
  pen.save(); pen.beginPath(); pen.rect(0, TOP - 2, view.label - 10, view.height); pen.clip();
  pen.textAlign = 'left'; pen.textBaseline = 'middle';
  for (const lane of visible()) {
    const narrow = view.label < 140, x = (narrow ? 8 : 14) + lane.depth * (narrow ? 6 : 12), y = yOf(lane) + ROW / 2;
    const room = view.label - 12 - x;
    pen.font = `${lane.kind === 2 ? '' : '600 '}13px system-ui, "DejaVu Sans", sans-serif`;
    const name = fitted(lane.name, room), wide = pen.measureText(name).width;
    pen.fillStyle = colours.ink; pen.fillText(name, x, y);
    pen.font = '12px system-ui, "DejaVu Sans", sans-serif';
    pen.fillStyle = colours.faint; pen.fillText(fitted(lane.work, room - wide - 7), x + wide + 7, y);
  }
  pen.restore();
}

function visible() {
  return rows.slice(Math.max(0, Math.floor(view.top / ROW) - 1), Math.ceil((view.top + view.height) / ROW) + 1);
}

function draw() {
  pen.fillStyle = colours.paper; pen.fillRect(0, 0, view.width, view.height);
  drawAxis();
  drawForever();
  pen.save(); pen.beginPath(); pen.rect(0, TOP - 2, view.width, view.height); pen.clip();
  for (const lane of visible()) {
    const y = yOf(lane);
    if (view.picked && view.picked.lane === lane) { pen.fillStyle = colours.band; pen.fillRect(0, y, view.width, ROW); }
    pen.strokeStyle = colours.line; pen.lineWidth = 1;
    pen.beginPath(); pen.moveTo(0, y + ROW - 0.5); pen.lineTo(view.width, y + ROW - 0.5); pen.stroke();
    drawSpans(lane, y); drawMarks(lane, y);
  }
  drawArrows();
  drawHolders();
  drawPicked();
  pen.restore();
  drawLabels();
}

function drawPicked() {
  const span = view.picked && view.picked.span;
  if (!span) return;
  const x = xOf(first(span)), width = Math.max(xOf(last(span)) - x, 4);
  pen.strokeStyle = colours.pick; pen.lineWidth = 2.5;
  pen.strokeRect(x - 1, yOf(span.lane) + 2, width + 2, ROW - 4);
}

