# SPDX-License-Identifier: MIT
"""The flag downloads for real: the servers as a program of their own, clients in real time."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import unittest

import common
from common import ROOT, TulipCase

SCRIPTS = os.path.join(ROOT, "scripts", "flags")
SIMPLE = {"flags_sequential": 20, "flags_threads": 20, "flags_threads_as_completed": 5,
          "flags_asyncio": 20, "flags_asyncio_yield_from": 20}
MANY = ("flags2_sequential", "flags2_threads", "flags2_asyncio", "flags3_threads", "flags3_asyncio")


class FlagsCase(TulipCase):
    """Cases that share the three servers."""

    @classmethod
    def setUpClass(cls):
        cls.log = tempfile.NamedTemporaryFile(prefix="tulip-flags-", suffix=".log")
        cls.servers = subprocess.Popen(
            [common.TULIP, os.path.join(SCRIPTS, "flag_server.tul"), "--local", "0", "--delay", "0",
             "--error", "0", "--pause", "0.02", "--log", cls.log.name],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        cls.urls = dict(cls.servers.stdout.readline().split() for _ in range(3))

    @classmethod
    def tearDownClass(cls):
        cls.servers.send_signal(signal.SIGTERM)
        out, err = cls.servers.communicate(timeout=20 * common.SLOW)
        cls.log.close()
        if cls.servers.returncode or "Traceback" in err:
            raise AssertionError(f"the servers ended with {cls.servers.returncode}: {err}")

    def script(self, name, mode, *arguments):
        path = os.path.join(SCRIPTS, name + ".tul")
        return self.tulip(path, "-s", mode, "--at", self.urls[mode], *arguments, timeout=60)

    def get(self, mode, path, method="GET"):
        """(status, headers, body) of a request to one of the servers."""
        port = int(re.search(r":(\d+)/", self.urls[mode])[1])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.addCleanup(connection.close)
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def saved(self):
        """The files a script saved: name -> bytes."""
        files = {}
        folder = os.path.join(self.folder, "downloads")
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                files[name] = file.read()
        return files


class Mistakes(FlagsCase):
    """What a reader may get wrong is answered with a line, not with a traceback."""

    def wrong(self, *arguments, script="flag_server.tul"):
        status, out, err = self.tulip(os.path.join(SCRIPTS, script), *arguments)
        self.assertNotIn("Traceback", err)
        return status, err.splitlines()[-1]

    def test_arguments(self):
        self.assertEqual(self.wrong("--show", "jp", "xx"),
                         (2, "flag_server.tul: error: argument --show: 'xx' has no flag"))
        self.assertEqual(self.wrong("--local", "70000"), (2, "flag_server.tul: error: "
                         "argument --local: must be from 0 to 65535"))

    def test_arguments_of_the_downloads(self):
        self.assertEqual(self.wrong("--at", "nix", script="flags_threads.tul"),
                         (2, "flags_threads.tul: error: argument --at: 'nix' is no address like "
                             "http://127.0.0.1:8001/flags"))
        self.assertEqual(self.wrong("--at", "http://127.0.0.1:1/flags", script="flags2_asyncio.tul"),
                         (1, "no server at http://127.0.0.1:1/flags: [Errno 111] Connection refused"))
        self.assertEqual(self.wrong("--into", "/dev/null/x", script="flags_sequential.tul"),
                         (1, "no folder for the files: [Errno 20] Not a directory: '/dev/null/x'"))
        self.assertEqual(self.wrong("-m", "x", script="flags2_threads.tul")[1],
                         "flags2_threads.tul: error: argument -m/--most: must be a number from 1 on, "
                         "not 'x'")

    def test_a_port_in_use(self):
        port = re.search(r":(\d+)/", self.urls["LOCAL"])[1]
        status, line = self.wrong("--local", port, "--delay", "0", "--error", "0")
        self.assertEqual(status, 1)
        self.assertIn("cannot serve: [Errno 98]", line)


class Server(FlagsCase):
    def test_files(self):
        status, headers, image = self.get("LOCAL", "/flags/br/br.gif")
        self.assertEqual((status, headers["Content-Type"]), (200, "image/gif"))
        self.assertEqual(image[:10], b"GIF89a" + bytes([60, 0, 40, 0]))
        self.assertEqual(self.get("LOCAL", "/data/flags/br/br.gif")[2], image)
        self.assertEqual(json.loads(self.get("LOCAL", "/flags/ci/metadata.json")[2])["country"],
                         "Ivory Coast")
        status, headers, body = self.get("LOCAL", "/flags/br/br.gif", "HEAD")
        self.assertEqual((status, int(headers["Content-Length"]), body), (200, len(image), b""))
        for path in ("/flags/zz/zz.gif", "/flags/BR/BR.gif", "/flags/br/cn.gif", "/", "/flags//.gif",
                     "/elsewhere/flags/br/br.gif"):
            self.assertEqual(self.get("LOCAL", path)[0], 404, path)
        self.assertEqual(self.get("LOCAL", "/flags/br/br.gif", "DELETE")[0], 405)

    def test_two_requests_on_a_connection(self):
        port = int(re.search(r":(\d+)/", self.urls["LOCAL"])[1])
        with socket.create_connection(("127.0.0.1", port), 20) as client:
            client.sendall(b"GET /flags/fr/metadata.json HTTP/1.1\r\nHost: x\r\n\r\n"
                           b"GET /flags/it/metadata.json HTTP/1.1\r\nHost: x\r\n"
                           b"Connection: close\r\n\r\n")
            received = b""
            while data := client.recv(65536):
                received += data
        self.assertEqual(re.findall(rb'"country": "(\w+)"', received), [b"France", b"Italy"])

    def test_rude_clients(self):
        port = int(re.search(r":(\d+)/", self.urls["LOCAL"])[1])
        for data in (b"", b"\r\n\r\n", b"nonsense\r\n\r\n", b"GET", b"\xff" * 70000):
            with socket.create_connection(("127.0.0.1", port), 20) as client:
                client.sendall(data)
        self.assertEqual(self.get("LOCAL", "/flags/br/br.gif")[0], 200)

    def test_errors_depend_on_the_path(self):
        def status(path):
            try:
                return self.get("ERROR", path)[0]
            except (http.client.HTTPException, ConnectionError):
                return "hung up"
        paths = [f"/flags/{code}/{code}.gif" for code in ("bc", "bj", "bw", "bz", "bk")]
        first = [status(path) for path in paths]
        self.assertEqual(first, [500, 502, "hung up", 200, 404])
        self.assertEqual([status(path) for path in reversed(paths)], first[::-1])

    def test_each_request_is_logged(self):
        before = len(open(self.log.name).readlines())
        self.get("LOCAL", "/flags/br/br.gif")
        lines = open(self.log.name).readlines()
        self.assertEqual(lines[before:], ["LOCAL /flags/br/br.gif 200\n"])


class Downloads(FlagsCase):
    def test_simple_ones(self):
        for name, count in SIMPLE.items():
            for mode in ("LOCAL", "DELAY"):
                with self.subTest(name=name, mode=mode):
                    status, out, err = self.script(name, mode)
                    self.assertEqual(status, 0, err)
                    self.assertNotIn("Traceback", err)
                    self.assertIn(f"\n{count} flags in ", out)
            self.check_saved(count if count == 5 else 20)

    def check_saved(self, count):
        files = self.saved()
        self.assertGreaterEqual(len(files), count)
        for name, content in files.items():
            code = name[-6:-4].lower()
            self.assertEqual(content, self.get("LOCAL", f"/flags/{code}/{code}.gif")[2], name)
            os.unlink(os.path.join(self.folder, "downloads", name))

    def test_all_countries(self):
        for name in MANY:
            with self.subTest(name=name):
                status, out, err = self.script(name, "LOCAL", "-a", "-m", "200")
                self.assertEqual(status, 0, err)
                self.assertIn("194 saved\n0 not found\n0 errors\n", out)
                self.check_saved(194)

    def test_every_code_with_errors(self):
        reports = {}
        for name in MANY:
            with self.subTest(name=name):
                status, out, err = self.script(name, "ERROR", "-e", "-m", "200")
                self.assertEqual(status, 0, err)
                self.assertNotIn("Traceback", err)
                self.assertIn("adds up to 676; the server counted the same", out)
                reports.setdefault(name[:6], []).append(out.splitlines()[1:4])
        for alike in reports.values():
            self.assertEqual(alike, alike[:1] * len(alike))
        self.assertEqual(reports["flags2"][0][:2], ["145 saved", "353 not found"])

    def test_executor(self):
        status, out, err = self.tulip(os.path.join(SCRIPTS, "flags2_executor.tul"))
        self.assertEqual(status, 0, err)
        self.assertNotIn("Traceback", err)
        self.assertEqual(out.count("failed: NG (IsADirectoryError)\n"), 2)

    def test_codes(self):
        for arguments, line in ((["br", "CN", "br"], "LOCAL: BR CN, at most 2 at once"),
                                (["-e", "-l", "3", "-m", "2"], "LOCAL: AA AB AC, at most 2 at once"),
                                (["z"], "LOCAL: 26 codes from ZA to ZZ, at most 26 at once"),
                                ([], "LOCAL: 20 codes from BD to VN, at most 20 at once")):
            with self.subTest(arguments=arguments):
                status, out, err = self.script("flags2_asyncio", "LOCAL", *arguments)
                self.assertEqual(status, 0, err)
                self.assertEqual(out.splitlines()[0], line)

    def test_verbose(self):
        status, out, err = self.script("flags2_asyncio", "ERROR", "-v", "-m", "1", "bc", "bk", "bz")
        self.assertEqual(status, 0, err)
        self.assertNotIn("Traceback", err)
        self.assertEqual(sorted(out.splitlines()[1:4]),
                         ["BC failed: 500 Internal Server Error", "BK not found", "BZ saved"])

    def test_wrong_usage(self):
        for arguments, status in ((["-l", "0"], 2), (["-m", "0"], 2), (["-s", "REMOTE"], 2),
                                  (["brasil"], 1), (["b2"], 1)):
            with self.subTest(arguments=arguments):
                result = self.tulip(os.path.join(SCRIPTS, "flags2_asyncio.tul"), *arguments)
                self.assertEqual(result[0], status)
                self.assertNotIn("Traceback", result[2])


if __name__ == "__main__":
    unittest.main()
