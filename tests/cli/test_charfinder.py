# SPDX-License-Identifier: MIT
"""The charfinder's servers from outside: nc, http.client and a real browser talk to them."""

import http.client
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import common
from common import ROOT, SLOW, TulipCase

sys.path.insert(0, os.path.join(ROOT, "tests", "tools"))
import browser

SCRIPTS = os.path.join(ROOT, "scripts", "18-asyncio", "charfinder")


def setUpModule():
    """Makes the index once for all."""
    cache = tempfile.TemporaryDirectory(prefix="tulip-charindex-")
    unittest.addModuleCleanup(cache.cleanup)
    CharfinderCase.index = os.path.join(cache.name, "index.pickle")
    subprocess.run([common.TULIP, os.path.join(SCRIPTS, "charfinder.tul"),
                    "--index", CharfinderCase.index, "x"],
                   stdout=subprocess.DEVNULL, timeout=100 * SLOW)


class CharfinderCase(TulipCase):
    """Starts a server on a free port."""

    def serve(self, script, *options):
        """Starts a server; gives the process and its port."""
        process = self.start(os.path.join(SCRIPTS, script), "0", "--index", self.index, *options)
        for stream in process.stdout, process.stderr, process.stdin:
            self.addCleanup(stream.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        line = process.stdout.readline().decode()
        self.assertIn("Serving on", line, process.poll() and process.stderr.read())
        return process, int(line.split(" Ctrl")[0].rstrip("./").rsplit(":", 1)[1])

    def end(self, process):
        """Ctrl-C; the server must end well, and soon."""
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20 * SLOW)
        self.assertEqual(err, b"")
        self.assertEqual(process.returncode, 0)
        self.assertTrue(out.endswith(b"The server has ended.\n"), out)
        return out.decode()


class CommandLine(CharfinderCase):
    def test_found_and_not_found(self):
        script = os.path.join(SCRIPTS, "charfinder.tul")
        status, out, _ = self.tulip(script, "--index", self.index, "tulip")
        self.assertEqual((status, out), (0, "U+1F337  🌷  TULIP\n(1 match for 'tulip')\n"))
        status, out, _ = self.tulip(script, "--index", self.index, "nosuchword")
        self.assertEqual((status, out), (1, "(0 matches for 'nosuchword')\n"))

    def test_a_damaged_index_is_made_anew(self):
        script = os.path.join(SCRIPTS, "charfinder.tul")
        with open(self.index, "rb") as file:
            good = file.read()
        for damaged in good[:1000], b"\x80\x04N.":
            path = self.write("damaged.pickle", damaged)
            status, out, err = self.tulip(script, "--index", path, "tulip", timeout=60)
            self.assertEqual((status, out[:12], err), (0, "U+1F337  🌷  ", ""))
            self.assertEqual(os.path.getsize(path), len(good))


class Tcp(CharfinderCase):
    def connect(self, port):
        client = socket.create_connection(("127.0.0.1", port), timeout=20 * SLOW)
        self.addCleanup(client.close)
        self.assertEqual(self.read_to(client, b"?> "), b"?> ")
        return client

    def read_to(self, client, end):
        data = b""
        while not data.endswith(end):
            more = client.recv(1 << 16)
            if not more:
                break
            data += more
        return data

    def test_a_talk_and_ctrl_c_with_clients_connected(self):
        process, port = self.serve("tcp_charfinder.tul")
        clients = [self.connect(port) for _ in range(20)]
        for client in clients:
            client.sendall(b"cat face\r\n")
        for client in clients:
            text = self.read_to(client, b"?> ").decode()
            self.assertIn("U+1F63C\t😼\tCAT FACE WITH WRY SMILE\r\n", text)
            self.assertIn("10 matches for 'cat face'\r\n?> ", text)
        out = self.end(process)
        self.assertEqual(out.count("10 results for 'cat face'"), 20)
        for client in clients:
            self.assertEqual(self.read_to(client, b"!"), b"\r\nThe server ends. Goodbye.\r\n")

    def test_who_does_not_read_holds_up_nobody(self):
        process, port = self.serve("tcp_charfinder.tul", "--idle", "1")
        deaf = [self.connect(port) for _ in range(5)]
        for client in deaf:
            client.sendall(b"cjk\n" * 20)
        polite = self.connect(port)
        began = time.monotonic()
        polite.sendall(b"tulip\n")
        self.assertIn("TULIP", self.read_to(polite, b"?> ").decode())
        self.assertLess(time.monotonic() - began, 5 * SLOW)
        said, deadline = b"", time.monotonic() + 60 * SLOW
        while said.count(b"too slow") < len(deaf) and time.monotonic() < deadline:
            if select.select([process.stdout], [], [], 0.1)[0]:
                said += os.read(process.stdout.fileno(), 1 << 16)
        self.assertGreaterEqual(said.count(b"too slow"), len(deaf), said[-1000:])
        self.end(process)

    @unittest.skipUnless(shutil.which("nc"), "nc is not installed")
    def test_nc(self):
        process, port = self.serve("tcp_charfinder.tul")
        talk = subprocess.run(["nc", "-w", "5", "127.0.0.1", str(port)], input=b"tulip\n\x04\n",
                              stdout=subprocess.PIPE, timeout=30 * SLOW)
        self.assertIn("U+1F337\t🌷\tTULIP\r\n", talk.stdout.decode())
        self.end(process)


class Http(CharfinderCase):
    def ask(self, port, target, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20 * SLOW)
        self.addCleanup(connection.close)
        connection.request(method, target)
        response = connection.getresponse()
        return response, response.read().decode()

    def test_pages_and_json(self):
        process, port = self.serve("http_charfinder.tul")
        response, text = self.ask(port, "/?q=chess+black")
        self.assertEqual(response.status, 200)
        self.assertEqual(response.getheader("Content-Type"), "text/html; charset=utf-8")
        self.assertIn("33 characters", text)
        self.assertIn('<a href="/?q=chess">CHESS</a>', text)
        _, text = self.ask(port, "/?q=%3Cscript%3E%22%27letter")
        self.assertNotIn("<script>\"", text)
        self.assertIn("&lt;script&gt;&quot;&#x27;letter", text)
        response, text = self.ask(port, "/search.json?q=fraction&page=2")
        answer = json.loads(text)
        self.assertEqual(response.getheader("Content-Type"), "application/json; charset=utf-8")
        self.assertEqual([answer["page"], answer["query"]], [2, "fraction"])
        self.assertEqual(len(answer["results"]), min(50, answer["count"] - 50))
        last = json.loads(self.ask(port, "/search.json?q=letter&page=99999999999")[1])
        self.assertEqual(last["page"], 1)
        last = json.loads(self.ask(port, "/search.json?q=letter&page=9999")[1])
        self.assertEqual(last["page"], last["pages"])
        begun = json.loads(self.ask(port, "/search.json?q=chess+bis&typing=1")[1])
        self.assertEqual({"BISHOP" in result["name"] for result in begun["results"]}, {True})
        for target, method, status in (("/no", "GET", 404), ("/", "DELETE", 405),
                                       ("/page.css", "GET", 200), ("/page.js", "GET", 200)):
            self.assertEqual(self.ask(port, target, method)[0].status, status, target)
        response, text = self.ask(port, "/?q=cat", "HEAD")
        self.assertEqual((response.status, text), (200, ""))
        self.end(process)

    def test_rude_clients(self):
        process, port = self.serve("http_charfinder.tul")
        for data in b"\r\n\r\n", b"GET\r\n\r\n", b"\xff\xfe\r\n\r\n", b"x" * 20000, b"GET / HTTP/1.1\r\n":
            with socket.create_connection(("127.0.0.1", port), timeout=20 * SLOW) as client:
                client.sendall(data)
                client.shutdown(socket.SHUT_WR)
                try:
                    answer = client.recv(1000)
                except ConnectionError:
                    answer = b""
                self.assertIn(answer[:10], (b"", b"HTTP/1.1 4"), data[:20])
        silent = socket.create_connection(("127.0.0.1", port))
        self.addCleanup(silent.close)
        self.assertEqual(self.ask(port, "/?q=tulip")[0].status, 200)
        self.end(process)


@unittest.skipUnless(browser.find(), "no Chromium is installed")
class InTheBrowser(CharfinderCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = browser.Browser(timeout=30 * SLOW)
        cls.addClassCleanup(cls.browser.__exit__)

    def open(self, path="/", *options, **size):
        process, port = self.serve("http_charfinder.tul", *options)
        self.origin = f"http://127.0.0.1:{port}"
        page = self.browser.page(**size)
        page.open(self.origin + path)
        return page

    def wait_for(self, page, status):
        page.wait(f"document.querySelector('#status').textContent === {json.dumps(status)}")

    def test_typing_shows_results_without_loading(self):
        page = self.open()
        page.evaluate("window.same = true")
        page.type("chess bla")
        self.wait_for(page, "33 characters")
        self.assertEqual(page.evaluate("location.search"), "?q=chess+bla")
        self.assertEqual(page.evaluate("document.title"), "chess bla – Charfinder")
        self.assertTrue(page.evaluate("window.same"))
        self.assertEqual(page.complaints(), [])
        foreign = [url for url in page.requests() if not url.startswith((self.origin, "data:"))]
        self.assertEqual(foreign, [])

    def test_keys_in_quick_succession_are_one_question(self):
        page = self.open()
        page.evaluate("""(() => {
            const q = document.querySelector('#q');
            for (const text of ['c', 'ca', 'cat', 'cat ', 'cat f', 'cat face']) {
                q.value = text;
                q.dispatchEvent(new Event('input'));
            }
        })()""")
        self.wait_for(page, "10 characters")
        self.assertEqual(page.evaluate("charfinder.questions"), 1)

    def test_only_the_newest_answer_is_shown(self):
        page = self.open("/", "--delay", "0.6")
        shown = """
            window.seen = [];
            new MutationObserver(() => window.seen.push(document.title))
                .observe(document.querySelector('title'), {childList: true});
        """
        page.evaluate(shown)
        for letters in "le", "tt", "er ", "ome", "ga":
            page.type(letters)
            time.sleep(0.2)
        page.wait("document.title === 'letter omega – Charfinder'")
        time.sleep(0.8)
        seen = page.evaluate("window.seen")
        self.assertEqual(seen, sorted(seen, key=len), "an old answer was shown after a newer one")
        counts = page.evaluate("charfinder")
        self.assertEqual(counts["questions"], counts["shown"] + counts["stale"])
        self.assertGreater(counts["stale"], 0, counts)

    def test_an_old_answer_that_comes_late_is_dropped(self):
        page = self.open()
        page.evaluate("""(() => {
            const real = window.fetch;           // deaf to abort, and the first answer is late
            let calls = 0;
            window.fetch = async (url) => {
                const late = calls++ === 0;
                const response = await real(url);
                if (late) await new Promise((done) => setTimeout(done, 700));
                return response;
            };
        })()""")
        page.type("cat")
        page.wait("charfinder.questions === 1")
        page.type(" face")
        self.wait_for(page, "10 characters")
        page.wait("charfinder.stale === 1")
        self.assertEqual(page.text("#status"), "10 characters")

    def test_paging_and_the_way_back(self):
        page = self.open("/?q=fraction")
        first = page.text("#results li .code")
        page.evaluate("window.same = true")
        page.click("#pages a[rel=next]")
        page.wait("location.search === '?q=fraction&page=2'")
        page.wait(f"document.querySelector('#results li .code').textContent !== '{first}'")
        self.assertIn("page 2 of", page.text("#status"))
        page.evaluate("history.back()")
        page.wait(f"document.querySelector('#results li .code').textContent === '{first}'")
        self.assertTrue(page.evaluate("window.same"))
        page.click("#results .name a")
        page.wait("location.search.startsWith('?q=vulgar') || location.search.startsWith('?q=frac')")

    def test_a_click_copies(self):
        page = self.open("/?q=tulip")
        self.browser.call("Browser.grantPermissions", origin=self.origin,
                          permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        page.click("button.char")
        page.wait("document.querySelector('#toast.shown')")
        self.assertEqual(page.text("#toast"), "Copied 🌷")
        self.assertEqual(page.evaluate("navigator.clipboard.readText()"), "🌷")

    def test_keys_alone(self):
        page = self.open()
        focused = "document.activeElement.dataset.char || document.activeElement.id"
        self.assertEqual(page.evaluate(focused), "q")
        page.type("chess white king")
        page.wait("document.querySelector('button.char')")
        page.wait("!document.querySelector('[aria-busy]')")
        page.press("ArrowDown")
        self.assertEqual(page.evaluate(focused), "♔")
        page.press("ArrowDown")
        second = page.evaluate(focused)
        self.assertNotIn(second, ("♔", "q"))
        page.press("Enter")
        page.wait("document.querySelector('#toast.shown')")
        page.press("Home")
        page.press("ArrowUp")
        self.assertEqual(page.evaluate(focused), "q")
        page.press("Tab")
        page.type("/")
        self.assertEqual(page.evaluate(focused), "q")
        self.assertEqual(page.evaluate("document.querySelector('#q').value"), "chess white king")
        names = page.evaluate("[...document.querySelectorAll('button, input')].every("
                              "e => e.ariaLabel || e.textContent.trim() || e.labels.length)")
        self.assertTrue(names, "something has no name for a screen reader")

    def test_without_javascript(self):
        process, port = self.serve("http_charfinder.tul")
        page = self.browser.page()
        page.scripts(False)
        page.open(f"http://127.0.0.1:{port}/?q=fraction")
        document = page.call("DOM.getDocument", depth=-1)["root"]["nodeId"]

        def all_of(selector):
            return page.call("DOM.querySelectorAll", nodeId=document, selector=selector)["nodeIds"]

        self.assertEqual(len(all_of("#results li span.char")), 50)
        self.assertEqual(len(all_of("#results button")), 0)
        self.assertEqual(len(all_of("#pages a[rel=next]")), 1)
        self.assertEqual(len(all_of("noscript p")), 1)

    def test_fits_a_phone_light_and_dark(self):
        page = self.open("/?q=letter+with", width=360, height=740)
        for scheme in "light", "dark":
            page.prefer(scheme)
            self.assertTrue(page.evaluate("document.documentElement.scrollWidth <= innerWidth"),
                            "wider than the phone")
            ratio = page.evaluate("""(() => {
                const light = (color) => color.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
                    .map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
                    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
                const behind = light(getComputedStyle(document.body).backgroundColor);
                return Math.min(...['.code', '.name', 'label', '#status', '.examples a'].map((s) => {
                    const ink = light(getComputedStyle(document.querySelector(s)).color);
                    return (Math.max(ink, behind) + .05) / (Math.min(ink, behind) + .05);
                }));
            })()""")
            self.assertGreater(ratio, 4.5, f"too little contrast when {scheme}")
        self.assertTrue(page.evaluate("document.querySelector('button.char').offsetHeight >= 44"))

    def test_a_server_that_is_gone_is_told(self):
        process, port = self.serve("http_charfinder.tul")
        page = self.browser.page()
        page.open(f"http://127.0.0.1:{port}/")
        self.end(process)
        page.type("cat")
        page.wait("document.querySelector('#status').textContent.startsWith('The server does not')")


if __name__ == "__main__":
    unittest.main()
