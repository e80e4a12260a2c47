/* SPDX-License-Identifier: MIT */
/*
 * The recording as the page has it: lanes with their spans and marks, arrows between them.
 *
 * cli/timeline_data.c writes it; `decode` says what is where. Three scripts share one scope, in the
 * order data.js, draw.js, page.js.
 */
const data = JSON.parse(document.getElementById('data').textContent);
const $ = id => document.getElementById(id);
const RUN = 0, READY = 1, PARKED = 2, OUTSIDE = 3, PASS = 4, IDLE = 5, JOB = 6, BLOCKING = 7, MANY = 8;
const STATES = ['runs', 'is ready', 'waits', 'is in the system', 'pass of the loop', 'loop waits',
                'job of an executor', 'holds the loop', 'many short spans'];
const COLOURS = ['run', 'ready', 'parked', 'outside', 'pass', 'idle', 'job', 'blocking', 'many'];
const ARROWS = ['wakes', 'cancels', 'creates', 'gives a job to'];
const MARKS = ['timer', 'i/o', 'exception', 'signal', 'deadlock', 'callback', 'done', 'timer set'];
const TOP = 28, LEAST = 24, MOST = 46, ON_PAPER = 14;
let ROW = 30;

/* ---- data ---- */

/* What a span stands for that was made of many: how many spans of each kind and how long they
 * took together. `most` says how many tasks a lane of many has at work in its busiest slice. */
function summary(span, lane) {
  const [kinds, marks, woken, wakes, longest, length] = data.many[span.given];
  const many = {kinds: [], marks: [], woken, wakes, longest, length, count: 0, time: 0};
  for (let i = 0; i < kinds.length; i += 3) {
    many.kinds.push({kind: kinds[i], count: kinds[i + 1], time: kinds[i + 2]});
    many.count += kinds[i + 1]; many.time += kinds[i + 2];
  }
  for (let i = 0; i < marks.length; i += 2) many.marks.push({kind: marks[i], count: marks[i + 1]});
  many.level = many.time / Math.max(span.end - span.begin, 1);
  if (lane.members && span.end > span.begin) lane.most = Math.max(lane.most || 0, many.level);
  span.given = 0;
  return many;
}

function decode() {
  const lanes = data.lanes.map(([kind, parent, name, work, made, outcome, begin, first, end, last, ended, members], index) =>
    ({index, kind, parent, name: data.texts[name], work: data.texts[work], made: data.texts[made],
      outcome: data.texts[outcome], begin, first, end, last, ended, members, spans: [], over: [], marks: []}));
  for (const row of data.spans) {
    const lane = lanes[row[0]];
    let time = 0, number = 0;
    for (let i = 1; i < row.length; i += 9) {
      const begin = time + row[i + 1], first = number + row[i + 3];
      const span = {lane, kind: row[i], begin, end: begin + row[i + 2], first, last: first + row[i + 4],
                    text: row[i + 5], chain: row[i + 6], given: row[i + 7], wait: data.texts[row[i + 8]]};
      time = span.end; number = span.last;
      if (span.kind === MANY) span.many = summary(span, lane);
      (span.kind === JOB || span.kind === BLOCKING ? lane.over : lane.spans).push(span);
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

