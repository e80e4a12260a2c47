# SPDX-License-Identifier: MIT
"""tulip timeline and tulip trace: what they write, and the page in a headless browser."""

import json
import os
import re
import subprocess
import sys
import unittest

import common
from common import TulipCase

sys.path.insert(0, os.path.join(common.ROOT, "tests", "tools"))
import browser
import pictures

SCRIPTS = os.path.join(common.ROOT, "scripts", "timeline")
NAMES = ("two_spinners", "saving", "downloads", "cancelling", "deadlock")
# Some 200,000 events of 1,500 tasks, one of which fails.
LONG = """
import asyncio

async def worker(n, queue):
    for i in range(10):
        await queue.put(i)
        await asyncio.sleep(0.01 + n % 7 * 0.001)
    if n == 700:
        raise ValueError(n)

async def reader(queue):
    while True:
        await queue.get()

async def main():
    queue = asyncio.Queue(10)
    read = asyncio.create_task(reader(queue), name='reader')
    for wave in range(10):
        tasks = [asyncio.create_task(worker(wave * 150 + n, queue)) for n in range(150)]
        await asyncio.gather(*tasks, return_exceptions=True)
    read.cancel()

asyncio.run(main())
"""
POOL = """
import asyncio
from concurrent.futures import ProcessPoolExecutor

def square(n):
    return n * n

async def main():
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(1) as pool:
        print(await asyncio.gather(*(loop.run_in_executor(pool, square, n) for n in range(3))))
    child = await asyncio.create_subprocess_exec('/bin/sh', '-c', 'exit 3')
    print(await child.wait())

if __name__ == '__main__':
    asyncio.run(main())
"""
COLOURS = """(() => {
  const canvas = document.getElementById('view'), pixels = canvas.getContext('2d')
    .getImageData(0, 0, canvas.width, canvas.height).data, found = {};
  for (let i = 0; i < pixels.length; i += 4) {
    const key = [pixels[i], pixels[i + 1], pixels[i + 2]].map(n => n.toString(16).padStart(2, '0')).join('');
    found[key] = (found[key] || 0) + 1;
  }
  return found;
})()"""


class Written(TulipCase):
    """The files, without a browser."""

    def run_view(self, verb, *words, name="cancelling"):
        return subprocess.run([common.TULIP, verb, *words, os.path.join(SCRIPTS, name + ".tul")],
                              cwd=self.folder, capture_output=True, timeout=30 * common.SLOW)

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()

    def test_output_and_status_stay_the_programs_own(self):
        for name in NAMES:
            done = self.run_view("timeline", "--virtual-time", name=name)
            with open(os.path.join(SCRIPTS, name + ".out"), "rb") as file:
                self.assertEqual(done.stdout, file.read())
            self.assertEqual(done.returncode, 3 if name == "deadlock" else 0)
            self.assertLess(len(self.read(name + ".timeline.html")), 500_000)

    def test_pictures_show_the_page_of_today(self):
        for name in pictures.PICTURES:
            path = os.path.join(pictures.FOLDER, name)
            self.assertEqual(pictures.noted_hash(path), pictures.source_hash(), "./dev pictures takes it again")
            self.assertLess(os.path.getsize(path), 150_000)

    def test_the_page_shows_what_the_program_says_of_itself(self):
        path = self.write("a.tul", "#!/usr/bin/env tulip\n# SPDX-License-Identifier: MIT\n# Says <one>\n# thing.\n#\n"
                          "# And another.\nprint(1)\n# not this\n")
        subprocess.run([common.TULIP, "timeline", "-o", "b.html", path], cwd=self.folder, capture_output=True)
        self.assertIn(r'"about":"Says \u003cone> thing.\u000aAnd another."', self.read("b.html"))

    def test_the_page_refers_to_nothing_outside(self):
        self.run_view("timeline", "--virtual-time", "-o", "page.html")
        page = self.read("page.html")
        self.assertIsNone(re.search(r"https?://|<link|src=|@import", page))

    def test_chrome_form(self):
        self.run_view("timeline", "--virtual-time", "--json", "-o", "run.json")
        events = json.loads(self.read("run.json"))["traceEvents"]
        self.assertEqual({event["ph"] for event in events}, {"M", "X", "s", "f", "i"})
        for event in events:
            if event["ph"] == "X":
                self.assertGreaterEqual(event["dur"], 0)
        starts = {event["id"] for event in events if event["ph"] == "s"}
        self.assertEqual(starts, {event["id"] for event in events if event["ph"] == "f"})

    def check_chrome(self, events):
        """The rules of the trace-event format for the phases that are used."""
        spans = {}
        for event in events:
            self.assertIsInstance(event["pid"], int)
            self.assertIsInstance(event["tid"], int)
            if event["ph"] == "M":
                self.assertIn(event["name"], ("process_name", "thread_name", "thread_sort_index"))
                self.assertEqual(list(event["args"]), ["sort_index" if "sort" in event["name"] else "name"])
                continue
            self.assertTrue(event["name"] and event["cat"] and event["ts"] >= 0, event)
            if event["ph"] == "X":
                begin = round(event["ts"] * 1000)          # ns
                spans.setdefault((event["pid"], event["tid"]), []).append((begin, begin + round(event["dur"] * 1000)))
            if event["ph"] == "i":
                self.assertEqual(event["s"], "t")
        named = {(e["pid"], e["tid"]) for e in events if e["name"] == "thread_name"}
        self.assertLessEqual(set(spans), named)
        self.assertLessEqual({pid for pid, _ in spans}, {e["pid"] for e in events if e["name"] == "process_name"})
        for own in spans.values():
            self.check_nesting(own)
        self.check_flows(events, spans)

    def check_nesting(self, spans):
        """Slices of one thread contain each other or do not overlap."""
        around = []
        for begin, end in sorted(spans, key=lambda span: (span[0], -span[1])):
            while around and around[-1] <= begin:
                around.pop()
            self.assertTrue(not around or end <= around[-1], (begin, end, around))
            around.append(end)

    def check_flows(self, events, spans):
        """An arrow has one begin and one end, which is not earlier, both at a slice of their thread."""
        flows = {}
        for event in events:
            if event["ph"] in "sf":
                flows.setdefault(event["id"], {})[event["ph"]] = event
                at = round(event["ts"] * 1000)
                self.assertTrue(any(begin <= at <= end for begin, end in spans[event["pid"], event["tid"]]), event)
        for flow in flows.values():
            self.assertEqual(set(flow), {"s", "f"})
            self.assertLessEqual(flow["s"]["ts"], flow["f"]["ts"])
            self.assertEqual((flow["s"]["name"], flow["s"]["cat"], flow["f"]["bp"]),
                             (flow["f"]["name"], flow["f"]["cat"], "e"))

    def test_chrome_form_keeps_the_rules_of_its_format(self):
        for name in NAMES:
            with self.subTest(name):
                self.run_view("timeline", "--virtual-time", "--json", "-o", name + ".json", name=name)
                self.check_chrome(json.loads(self.read(name + ".json"))["traceEvents"])

    def test_child_processes_have_lanes(self):
        path = self.write("pool.tul", POOL)
        done = subprocess.run([common.TULIP, "timeline", "--json", "-o", "run.json", path], cwd=self.folder,
                              capture_output=True, timeout=60 * common.SLOW)
        self.assertEqual((done.stdout, done.returncode), (b"[0, 1, 4]\n3\n", 0), done.stderr)
        events = json.loads(self.read("run.json"))["traceEvents"]
        self.check_chrome(events)
        children = [e for e in events if e["name"] == "process_name" and e["pid"] != 1]
        self.assertEqual(len(children), 2)
        self.assertRegex(children[0]["args"]["name"], r"^process \d+ ")
        self.assertRegex(children[1]["args"]["name"], r"^process \d+ sh$")
        jobs = [e for e in events if e["ph"] == "X" and e["name"] == "square"]
        self.assertEqual([e["pid"] for e in jobs], [children[0]["pid"]] * 3)
        self.assertEqual(sum(e["ph"] == "f" and e["name"] == "job" and e["pid"] == children[0]["pid"] for e in events), 3)

    def test_text_form(self):
        text = self.run_view("timeline", "--virtual-time", "--text").stderr.decode()
        self.assertIn("Task-1 cancels request", text)
        self.assertRegex(text, r"request request\(\) +█─+")

    def test_output_option_behind_the_file(self):
        path = self.write("a.tul", "import sys; print(sys.argv[1:])")
        done = subprocess.run([common.TULIP, "timeline", path, "-o", "b.html", "-o", "x"],
                              cwd=self.folder, capture_output=True)
        self.assertEqual(done.stdout, b"['-o', 'x']\n")
        self.assertIn("<!doctype html>", self.read("b.html"))

    def test_limit(self):
        done = self.run_view("timeline", "--virtual-time", "--limit", "20", "-o", "page.html")
        self.assertIn(b"recorded the first 20 events", done.stderr)

    def test_a_long_run_is_condensed_and_nothing_goes_uncounted(self):
        path = self.write("long.tul", LONG)
        for words in (["-o", "page.html"], ["--json", "-o", "run.json"]):
            subprocess.run([common.TULIP, "timeline", "--virtual-time", *words, path], cwd=self.folder,
                           stdout=subprocess.DEVNULL, check=True, timeout=60 * common.SLOW)
        page = self.read("page.html")
        self.assertLess(len(page), 3_000_000)
        data = json.loads(page.split('id="data">')[1].split("</script>")[0])
        events = json.loads(self.read("run.json"))["traceEvents"]
        counts = {phase: sum(event["ph"] == phase for event in events) for phase in "Xsi"}
        lanes, spans, arrows, marks = data["merged"]
        self.assertEqual(len(data["lanes"]) + lanes, sum(event["name"] == "thread_name" for event in events))
        self.assertEqual(sum(len(row) // 9 for row in data["spans"]) - len(data["many"]) + spans, counts["X"])
        self.assertEqual(len(data["arrows"]) // 8 + arrows, counts["s"])
        self.assertEqual(len(data["marks"]) // 5 + marks, counts["i"])
        self.assertTrue(all(number > 100 for number in data["merged"]), data["merged"])
        self.assertLess(len(data["lanes"]), 200)

    def test_every_held_loop_says_where(self):
        path = self.write("held.tul", "import asyncio, sys, time\nasync def tick():\n    for _ in range(40): await asyncio.sleep(.01)\n"
                          "async def main():\n    ticking = asyncio.create_task(tick())\n"
                          "    for _ in range(int(sys.argv[1])): await asyncio.sleep(0)\n"
                          "    for _ in range(5):\n        time.sleep(.2)\n        await asyncio.sleep(.02)\n"
                          "    await ticking\nasyncio.run(main())\n")
        for steps in range(12):             # the recording's arrays grow at another moment each time
            subprocess.run([common.TULIP, "timeline", "--virtual-time", "--json", path, "-o", "held.json", str(steps)],
                           cwd=self.folder, stderr=subprocess.DEVNULL, check=True, timeout=60 * common.SLOW)
            held = [event for event in json.loads(self.read("held.json"))["traceEvents"]
                    if event["name"] == "holds the loop"]
            self.assertEqual(len(held), 10)
            for event in held:
                self.assertIn("held.tul", event["args"].get("at", ""))

    def test_tasks_of_many_functions_are_one_lane(self):
        path = self.write("many.tul", "import asyncio\nfunctions = {}\nfor n in range(1500):\n"
                          "    exec(f'async def f{n}():\\n  import asyncio\\n  for _ in range(8): await asyncio.sleep(.01)',"
                          " functions)\n"
                          "async def main():\n"
                          "    await asyncio.gather(*(functions[f'f{n}']() for n in range(1500)))\n"
                          "asyncio.run(main())\n")
        subprocess.run([common.TULIP, "timeline", "--virtual-time", "-o", "page.html", path], cwd=self.folder,
                       stderr=subprocess.DEVNULL, check=True, timeout=60 * common.SLOW)
        data = json.loads(self.read("page.html").split('id="data">')[1].split("</script>")[0])
        groups = [lane for lane in data["lanes"] if lane[11]]
        self.assertEqual([(lane[1], lane[11]) for lane in groups], [(-1, 1500 + 3 - 40)])

    def test_detail(self):
        path = self.write("long.tul", LONG)
        kept = []
        for words in ([], ["--detail", "60000"]):
            subprocess.run([common.TULIP, "timeline", "--virtual-time", "-o", "page.html", *words, path],
                           cwd=self.folder, stdout=subprocess.DEVNULL, check=True, timeout=60 * common.SLOW)
            data = json.loads(self.read("page.html").split('id="data">')[1].split("</script>")[0])
            numbers = data["marks"][3::5]
            kept.append(sum(58_000 < number < 62_000 for number in numbers))
        self.assertTrue(kept[1] > kept[0] + 300, kept)

    def test_text_cannot_leave_the_script_element(self):
        path = self.write("a.tul", "import asyncio\n"
                          "asyncio.run(asyncio.sleep(0, '</script><b>'))\n"
                          "async def main():\n"
                          "    asyncio.current_task().set_name('</script><i>')\n"
                          "asyncio.run(main())\n")
        subprocess.run([common.TULIP, "timeline", "-o", "b.html", path], cwd=self.folder, capture_output=True)
        self.assertEqual(self.read("b.html").count("</script>"), 2)

    def test_trace_filters(self):
        lines = self.run_view("trace", "--virtual-time", "--kind", "CANCEL", "--json").stderr.splitlines()
        events = [json.loads(line) for line in lines]
        self.assertEqual(events[0]["event"], "TASK_CANCEL")
        self.assertTrue(all("CANCEL" in event["event"] for event in events))
        text = self.run_view("trace", "--virtual-time", "--task", "request", "-o", "t.txt")
        self.assertEqual(text.stderr, b"")
        self.assertTrue(all("request" in line for line in self.read("t.txt").splitlines()))

    def test_trace_instructions(self):
        self.write("a.tul", "def double(n):\n    m = n * 2\n    return m\nprint(double(21))\n")
        done = subprocess.run([common.TULIP, "trace", "--instructions", "--function", "double", "a.tul"],
                              cwd=self.folder, capture_output=True)
        self.assertEqual(done.stdout, b"42\n")
        lines = done.stderr.decode().splitlines()
        self.assertRegex(lines[0], r"^a\.tul:2 +double +0  \w+ +m = 42$")
        self.assertRegex(lines[-1], r"^a\.tul:3 +double +\d+  RETURN$")

    def test_a_file_that_cannot_be_written_is_told_before_the_program_runs(self):
        for verb in "timeline", "trace":
            done = self.run_view(verb, "-o", os.path.join(self.folder, "none", "a"))
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertIn(b"No such file or directory", done.stderr)

    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
    def test_a_stage_that_cannot_be_written_is_told(self):
        for verb in "tokens", "ast", "dis":
            with open("/dev/full", "wb") as full:
                done = subprocess.run([common.TULIP, verb, os.path.join(SCRIPTS, "saving.tul")],
                                      stdout=full, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"tulip: writing: ", done.stderr)

    def test_programs_that_are_no_files(self):
        code = "import asyncio; print(7); asyncio.run(asyncio.sleep(0))"
        self.write("own.tul", code)
        for words, name in (["-c", code], "command"), (["-"], "stdin"), (["-m", "own"], "own"):
            for verb in "timeline", "trace":
                done = subprocess.run([common.TULIP, verb, *words], cwd=self.folder,
                                      input=code.encode(), capture_output=True)
                self.assertEqual((done.returncode, done.stdout), (0, b"7\n"), done.stderr)
            self.assertIn(b"task Task-1 created", done.stderr)
            self.assertTrue(f'"title":"{name}"' in self.read(f"{name}.timeline.html"), name)
        done = subprocess.run([common.TULIP, "timeline", "-c", "import sys; print(sys.argv)", "-o",
                               "a.html", "-o"], cwd=self.folder, capture_output=True)
        self.assertEqual((done.returncode, done.stdout), (0, b"['-c', '-o']\n"))
        self.assertTrue('"title":"command"' in self.read("a.html"))

    def test_a_program_that_is_killed_leaves_no_empty_page(self):
        done = subprocess.run([common.TULIP, "timeline", "-c", "import os; os._exit(3)"],
                              cwd=self.folder, capture_output=True)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(os.listdir(self.folder), [])

    def test_no_program_no_timeline(self):
        path = self.write("broken.tul", "x = (\n")
        for file in path, os.path.join(self.folder, "nowhere.tul"), self.folder:
            for verb in ["timeline"], ["timeline", "--json"], ["trace", "-o", "lines"]:
                done = subprocess.run([common.TULIP, *verb, file], cwd=self.folder, capture_output=True)
                self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertEqual(sorted(os.listdir(self.folder)), ["broken.tul"])

    def test_trace_filters_are_lists_without_case(self):
        lines = self.run_view("trace", "--virtual-time", "--kind", "cancel,done", "--json").stderr.splitlines()
        kinds = {json.loads(line)["event"] for line in lines}
        self.assertEqual(kinds, {"TASK_CANCEL", "TASK_DONE", "FUTURE_CANCELLED"})
        lines = self.run_view("trace", "--instructions", "--kind", "send", "--function", "connection,request",
                              "--virtual-time", "--json").stderr.splitlines()
        found = {(row["function"], row["instruction"]) for row in map(json.loads, lines)}
        self.assertEqual(found, {("connection", "SEND"), ("request", "SEND")})
        done = self.run_view("trace", "--kind", "NOSUCH")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"no event has 'NOSUCH' in its name", done.stderr)

    def test_wrong_options(self):
        for words in (["timeline"], ["timeline", "-o"], ["trace", "--text", "x"], ["timeline", "--limit", "0", "x"]):
            done = subprocess.run([common.TULIP, *words], capture_output=True)
            self.assertEqual((done.returncode, done.stdout), (2, b""), words)


@unittest.skipUnless(browser.find(), "no Chromium is installed")
class InBrowser(TulipCase):
    """The page, driven as a reader would."""

    @classmethod
    def setUpClass(cls):
        cls.browser = browser.Browser(timeout=30 * common.SLOW)
        cls.addClassCleanup(cls.browser.__exit__)

    def page(self, name, dark=False):
        return self.page_of(os.path.join(SCRIPTS, name + ".tul"), dark)

    def page_of(self, script, dark=False):
        file = os.path.join(self.folder, os.path.basename(script)[:-4] + ".html")
        subprocess.run([common.TULIP, "timeline", "--virtual-time", "-o", file, script],
                       capture_output=True, timeout=60 * common.SLOW)
        page = self.browser.page(1300, 760)
        page.prefer("dark" if dark else "light")
        page.open("file://" + file)
        self.addCleanup(lambda: self.assertEqual(self.faults(page), []))
        return page

    def faults(self, page):
        """What the page complained of, and what it asked of anybody but itself."""
        return page.complaints() + [url for url in page.requests()
                                    if not url.startswith(("file:", "data:", "about:"))]

    def span(self, page, lane, kind, number=0):
        """Where the middle of a span is on the page; its text."""
        return page.evaluate(f"""(() => {{
          const t = window.timeline, box = document.getElementById('view').getBoundingClientRect();
          const lane = t.rows.find(l => l.name === {json.dumps(lane)});
          const span = [...lane.spans, ...lane.over].filter(s => s.kind === {kind})[{number}];
          return [box.x + t.xOf((span.begin + span.end) / 2), box.y + t.yOf(lane) + 15];
        }})()""")

    def details(self, page):
        return page.evaluate("document.getElementById('details').innerText")

    def colours(self, page, *names):
        """How many pixels have the colours of these variables of the style sheet."""
        page.frame()
        found = page.evaluate(COLOURS)
        style = "getComputedStyle(document.documentElement).getPropertyValue('--%s').trim().slice(1)"
        return [found.get(page.evaluate(style % name), 0) for name in names]

    def test_spinners(self):
        page = self.page("two_spinners")
        names = page.evaluate("timeline.rows.map(l => l.kind + l.name)")
        self.assertIn("0spinner", names)     # a thread
        self.assertIn("2spinner", names)     # a task
        run, thing, timer = self.colours(page, "run", "wait-thing", "wait-timer")
        self.assertTrue(run > 300 and thing > 100 and timer > 1000, (run, thing, timer))
        self.assertEqual(page.evaluate("timeline.arrows.filter(a => a.kind === 1).map(a => a.to.name)"), ["spinner"])

    def test_saving(self):
        page = self.page("saving")
        blocking, job = self.colours(page, "blocking", "job")
        self.assertTrue(blocking > 1500 and job > 300, (blocking, job))
        page.click_at(*self.span(page, "Task-1", 7))
        self.assertIn("holds the loop", self.details(page))
        self.assertIn("time.sleep(0.45)", self.details(page))
        late = page.evaluate("timeline.rows.find(l => l.name === 'clock').spans.filter(s => s.kind === 1 && s.end - s.begin > 3e8).length")
        self.assertEqual(late, 1)            # one tick was due while the loop was held

    def test_downloads(self):
        page = self.page("downloads")
        most = page.evaluate("""(() => {
          const sleeping = timeline.rows.filter(l => l.name.startsWith('download'))
            .flatMap(l => l.spans.filter(s => s.wait === 'timer'));
          return Math.max(...sleeping.map(s => sleeping.filter(o => o.begin <= s.begin && s.begin < o.end).length));
        })()""")
        self.assertEqual(most, 5)
        page.click_at(*self.span(page, "download 12", 2))
        self.assertIn("Semaphore semaphore", self.details(page))
        self.assertIn("async with semaphore:", self.details(page))

    def test_cancelling(self):
        page = self.page("cancelling")
        self.assertGreater(self.colours(page, "cancel")[0], 20)
        page.click_at(*self.span(page, "request", 2))
        text = self.details(page)
        for level in ("request", "connection", "await asyncio.sleep(10)", "raised CancelledError('too slow')"):
            self.assertIn(level, text)

    def test_deadlock(self):
        page = self.page("deadlock")
        self.assertEqual(page.evaluate("document.getElementById('facts').innerText").split(" · ")[0],
                         "100 ms of virtual time")
        page.click_at(*self.span(page, "Ann", 2, 1))
        self.assertIn("held by Bob", self.details(page))
        self.assertIn("async with knife:", self.details(page))

    def test_keys_zoom_search(self):
        page = self.page("downloads")
        size = "timeline.view.to - timeline.view.from"
        whole = page.evaluate(size)
        page.press("+")
        self.assertLess(page.evaluate(size), whole)
        page.press("0")
        self.assertEqual(page.evaluate(size), whole)
        page.wheel(700, 300, -400)
        zoomed, before = page.evaluate(size), page.evaluate("timeline.view.from")
        self.assertLess(zoomed, whole)
        page.drag(700, 300, 500, 300)
        self.assertGreater(page.evaluate("timeline.view.from"), before)
        self.assertAlmostEqual(page.evaluate(size) / zoomed, 1, 3)
        page.press("0")
        page.press("ArrowRight")
        page.press("ArrowDown")
        page.press("ArrowDown")
        self.assertEqual(page.evaluate("timeline.view.picked.lane.name"), "Task-1")
        page.press("Enter")
        self.assertLess(page.evaluate(size), whole)
        page.press("e")
        self.assertTrue(page.evaluate("timeline.view.byEvent"))
        page.press("e")
        page.press("/")
        page.type("close_async")
        self.assertRegex(page.evaluate("document.getElementById('found').innerText"), r"^\d+ spans?$")
        page.press("Enter")
        self.assertEqual(page.evaluate("timeline.view.picked.lane.work"), "close_async_generators()")
        page.press("Escape")
        self.assertEqual(page.evaluate("document.activeElement.id"), "view")

    def test_a_long_run(self):
        page = self.page_of(self.write("long.tul", LONG))
        self.assertIn("condensed", page.evaluate("document.getElementById('facts').innerText"))
        self.assertIn("lanes", self.details(page))
        names = page.evaluate("timeline.rows.map(l => l.name)")
        self.assertIn("Task-703", names)     # the one that fails
        page.evaluate("timeline.pick(timeline.rows.find(l => l.members).spans.find(s => s.end > s.begin))")
        self.assertRegex(self.details(page), r"on average [\d. ]+ tasks at a time")
        self.assertIn("--detail", self.details(page))
        for _ in range(6):
            page.wheel(700, 300, -400)
        page.frame()

    def test_phone(self):
        page = self.page("downloads")
        page.resize(390, 844, mobile=True)
        page.frame()
        places = page.evaluate("""['view', 'details', 'legend'].map(id => {
          const box = document.getElementById(id).getBoundingClientRect(); return [box.top, box.bottom, box.right]; })""")
        for one, two in zip(places, places[1:]):
            self.assertLessEqual(one[1], two[0] + 1)        # one below the other, none over another
        self.assertTrue(all(right <= 391 for _, _, right in places), places)

    def test_deadlock_shows_who_holds_what(self):
        page = self.page("deadlock")
        page.evaluate("toggleArrows()")
        page.frame()
        self.assertGreater(self.colours(page, "blocking")[0], 300)

    def test_dark_and_print(self):
        light, dark = self.page("saving").picture(), self.page("saving", dark=True)
        self.assertNotEqual(light, dark.picture())
        self.assertGreater(self.colours(dark, "paper")[0], 100_000)
        self.assertTrue(dark.printed().startswith(b"%PDF"))
        dark.call("Emulation.setEmulatedMedia", media="print",
                  features=[{"name": "prefers-color-scheme", "value": "dark"}])
        dark.frame()                                        # on paper it is never dark
        self.assertGreater(dark.evaluate(COLOURS).get("ffffff", 0), 100_000)


if __name__ == "__main__":
    unittest.main()
