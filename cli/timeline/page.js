/* SPDX-License-Identifier: MIT */
/*
 * Draws a recording: lanes from top to bottom, the program's clock (or the events one by one) from
 * left to right, on one canvas.
 *
 * Only what is in view is looked at: the first span of a lane by bisection, then whatever is
 * narrower than a pixel is passed over by another bisection, so that a frame costs a few operations
 * per pixel of a visible lane, however many spans there are.
 *
 * The data comes from cli/timeline_data.c; `decode` says what is where.
 */
'use strict';
(() => {
const data = JSON.parse(document.getElementById('data').textContent);
const $ = id => document.getElementById(id);
const RUN = 0, READY = 1, PARKED = 2, OUTSIDE = 3, PASS = 4, IDLE = 5, JOB = 6, BLOCKING = 7;
const STATES = ['runs', 'is ready', 'waits', 'is in the system', 'pass of the loop', 'loop waits',
                'job of an executor', 'holds the loop'];
const COLOURS = ['run', 'ready', 'parked', 'outside', 'pass', 'idle', 'job', 'blocking'];
const ARROWS = ['wakes', 'cancels', 'creates', 'gives a job to'];
const MARKS = ['timer', 'i/o', 'exception', 'signal', 'deadlock', 'callback', 'done', 'timer set'];
const TOP = 28, LEAST = 24, MOST = 46;
let ROW = 30;

/* ---- data ---- */

function decode() {
  const lanes = data.lanes.map(([kind, parent, name, work, made, outcome, begin, first, end, last, ended], index) =>
    ({index, kind, parent, name: data.texts[name], work: data.texts[work], made: data.texts[made],
      outcome: data.texts[outcome], begin, first, end, last, ended, spans: [], over: [], marks: []}));
  for (const row of data.spans) {
    const lane = lanes[row[0]];
    let time = 0, number = 0;
    for (let i = 1; i < row.length; i += 9) {
      const begin = time + row[i + 1], first = number + row[i + 3];
      const span = {lane, kind: row[i], begin, end: begin + row[i + 2], first, last: first + row[i + 4],
                    text: row[i + 5], chain: row[i + 6], given: row[i + 7], wait: data.texts[row[i + 8]]};
      time = span.end; number = span.last;
      (span.kind >= JOB ? lane.over : lane.spans).push(span);
    }
    lane.spans.forEach((span, i) => span.index = i);
  }
  const arrows = [];
  for (let i = 0; i < data.arrows.length; i += 8) {
    const [kind, from, begin, first, to, end, last, text] = data.arrows.slice(i, i + 8);
    arrows.push({kind, from: lanes[from], begin, first, to: lanes[to], end, last, text: data.texts[text]});
  }
  for (let i = 0; i < data.marks.length; i += 5) {
    const [kind, lane, at, number, text] = data.marks.slice(i, i + 5);
    lanes[lane].marks.push({kind, lane: lanes[lane], begin: at, end: at, first: number, last: number,
                            text: data.texts[text]});
  }
  return {lanes, arrows};
}

/* Children follow their parents: a thread, its loop, the loop's tasks. */
function order(lanes) {
  const children = new Map(), out = [];
  for (const lane of lanes) {
    if (!children.has(lane.parent)) children.set(lane.parent, []);
    children.get(lane.parent).push(lane);
  }
  const visit = (lane, depth) => {
    lane.depth = depth; lane.row = out.length; out.push(lane);
    for (const child of children.get(lane.index) || []) visit(child, depth + 1);
  };
  for (const lane of children.get(-1) || []) visit(lane, 0);
  return out;
}

/* A deadlock lasts for ever, and the run ends at once: where it was found, the picture gets a stretch
 * in which everybody waits. What comes after is moved to the right by it. */
function stretch({lanes, arrows}) {
  const found = lanes.flatMap(lane => lane.marks.filter(m => m.kind === 4)).sort((a, b) => a.first - b.first);
  const pad = Math.max(data.end * 0.45, 1e6), ends = found.map(m => m.first);
  const late = number => pad * ends.filter(n => n < number).length;
  if (ends.length) {
    for (const lane of lanes) {
      for (const item of [...lane.spans, ...lane.over, ...lane.marks]) { item.begin += late(item.first); item.end += late(item.last); }
    }
    for (const arrow of arrows) { arrow.begin += late(arrow.first); arrow.end += late(arrow.last); }
  }
  data.forever = found.map(m => ({begin: m.begin, end: m.begin + pad, text: m.text}));
  data.run = data.end;
  data.end += pad * ends.length;
  return {lanes, arrows};
}

const {lanes, arrows} = stretch(decode());
const rows = order(lanes);
arrows.sort((a, b) => a.last - b.last);

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
  ROW = Math.min(MOST, Math.max(LEAST, Math.floor((view.height - TOP - 8) / rows.length)));
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
    if (!inside && x < view.width - 20) pen.fillText(view.byEvent ? `${at}` : unitText(realTime(at)), x, 11);
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

/* Height, and how it is filled: no two states look the same without colour. */
function drawSpan(span, x, width, y) {
  const kind = span.kind, colour = colours[COLOURS[kind]];
  pen.fillStyle = pen.strokeStyle = colour;
  if (kind === PARKED || kind === IDLE) {
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

function caption(span) {
  if (span.kind === RUN) return leaf(data.texts[span.text] || data.texts[span.chain]).label;
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
  if (room < (span.kind === IDLE ? 60 : 24) || (span.kind === PARKED && span.wait === 'loop')) return;
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
      if (span.kind === RUN || span.kind === PASS) thin.push(span);
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

function show(span) {
  const lane = span.lane, box = $('details'), nodes = [];
  nodes.push(element('h2', `${lane.name} ${lane.work}`));
  const state = element('p', undefined);
  const begin = realTime(span.begin), end = realTime(span.end);
  state.append(element('span', STATES[span.kind], 'state'), ` ${unitText(begin)} – ${unitText(end)}`);
  state.append(element('div', `${unitText(end - begin)}, events ${span.first}–${span.last}`, 'where'));
  nodes.push(state);
  const text = data.texts[span.text], chain = data.texts[span.chain], given = data.texts[span.given];
  if (span.kind === RUN) {
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

function hint() {
  const about = data.about.split('\n').filter(text => text);
  return [...(about.length ? [element('h2', 'About this program'), ...about.map(text => element('p', text))] : []),
          element('h2', 'Reading the page'),
          element('p', 'A lane for the main program, for every thread, event loop and task. Click a span, or move with the arrow keys, to see where it stands and what it waits for.'),
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
    canvas.title = span ? `${span.lane.name} ${STATES[span.kind]}: ${caption(span)} (${unitText(span.end - span.begin)})` : '';
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

function legend() {
  const row = ROW;
  ROW = 30;
  const items = [], used = new Set();
  for (const lane of lanes) for (const list of [lane.spans, lane.over]) for (const s of list) used.add(s.kind);
  const waits = new Set(lanes.flatMap(lane => lane.spans.map(s => s.kind === PARKED ? waitGroup(s.wait) : s.kind === IDLE ? 'loop' : '')));
  for (const group in WAITS) if (waits.has(group)) items.push(picture(WAITS[group], () => drawWait(group, 1, 32, ROW / 2)));
  for (const kind of [...used].filter(k => k !== PARKED && k !== IDLE).sort()) {
    items.push(picture(STATES[kind], () => drawSpan({kind}, 1, 32, 0)));
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
  const tasks = lanes.filter(l => l.kind === 2).length, threads = lanes.filter(l => l.kind === 0).length;
  $('facts').textContent = `${unitText(data.run)}${data.virtual ? ' of virtual time' : ''} · ${tasks} task${tasks === 1 ? '' : 's'} · ` +
    `${threads} thread${threads === 1 ? '' : 's'} · ${data.events} events` + (data.dropped ? ` · ${data.dropped} more were not recorded` : '');
  $('axis').setAttribute('aria-pressed', view.byEvent);
  readColours(); fit(); resize(); legend(); draw();
  $('details').replaceChildren(...hint());
  new ResizeObserver(resize).observe(canvas);
  for (const media of ['(prefers-color-scheme: dark)', 'print'])
    window.matchMedia(media).addEventListener('change', () => { readColours(); resize(); legend(); draw(); });
}

window.timeline = {view, rows, arrows, pick, spanAt, xOf, yOf, zoom, fit};
start();
})();
