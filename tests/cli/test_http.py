# SPDX-License-Identifier: MIT
"""aiohttp.web seen from outside: CPython's http.client, curl, rude clients, Ctrl-C."""

import http.client
import shutil
import signal
import socket
import subprocess
import time
import unittest

from common import SLOW
from test_servers import ServerCase

SERVER = """
    import asyncio, socket
    from aiohttp import web

    async def answer(request):
        body = await request.read()
        return web.json_response({'method': request.method, 'path': request.path,
                                  'size': len(body), 'query': dict(request.query)})

    async def stream(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for i in range(5):
            await response.write(b'%d\\n' % i)
        await response.write_eof()
        return response

    async def slow(request):
        try:
            await asyncio.sleep(60)
        finally:
            print('slow ends', flush=True)

    async def started(app):
        print(sock.getsockname()[1], flush=True)

    async def cleaned(app):
        print('cleanup', flush=True)

    sock = socket.socket()
    sock.bind(('127.0.0.1', 0))
    sock.listen()
    app = web.Application(client_max_size=50_000_000)
    app.router.add_get('/stream', stream)
    app.router.add_get('/slow', slow)
    app.router.add_static('/files', '.')
    app.router.add_route('*', '/{rest:.*}', answer)
    app.on_startup.append(started)
    app.on_cleanup.append(cleaned)
    web.run_app(app, sock=sock, print=None, shutdown_timeout=0.2)
"""


class HttpClient(ServerCase):
    def setUp(self):
        super().setUp()
        self.process, self.port = self.serve(SERVER)
        self.client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20 * SLOW)
        self.addCleanup(self.client.close)

    def ask(self, *args, **kwargs):
        self.client.request(*args, **kwargs)
        response = self.client.getresponse()
        return response.status, response.read()

    def test_one_connection_serves_many_requests(self):
        self.client.connect()
        local = self.client.sock.getsockname()
        for i in range(20):
            status, body = self.ask("GET", f"/a?n={i}")
            self.assertEqual(status, 200)
            self.assertIn(b'"n": "%d"' % i, body)
        self.assertEqual(self.client.sock.getsockname(), local)

    def test_bodies(self):
        for size in (0, 1, 65536, 5_000_000):
            status, body = self.ask("POST", "/b", body=bytes(size))
            self.assertIn(b'"size": %d,' % size, body)
        status, body = self.ask("PUT", "/b", body=(b"x" * 100 for _ in range(1000)),
                                encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
        self.assertIn(b'"size": 100000,', body)

    def test_head_and_chunks(self):
        self.assertEqual(self.ask("HEAD", "/a"), (200, b""))
        self.assertEqual(self.ask("GET", "/stream"), (200, b"0\n1\n2\n3\n4\n"))
        self.assertEqual(self.ask("GET", "/a")[0], 200)

    def test_a_body_that_is_too_large(self):
        self.client.putrequest("POST", "/b")
        self.client.putheader("Content-Length", "60000000")
        self.client.endheaders()
        self.assertEqual(self.client.getresponse().status, 413)


@unittest.skipUnless(shutil.which("curl"), "curl is not installed")
class Curl(ServerCase):
    def setUp(self):
        super().setUp()
        self.process, self.port = self.serve(SERVER)

    def curl(self, *args, path="/a", stdin=b""):
        done = subprocess.run(["curl", "-sS", "-m", "20", "--noproxy", "*", *args,
                               f"http://127.0.0.1:{self.port}{path}"],
                              input=stdin, capture_output=True, timeout=40 * SLOW)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_methods_and_bodies(self):
        self.assertIn(b'"GET"', self.curl())
        self.assertIn(b'"DELETE"', self.curl("-X", "DELETE"))
        self.assertIn(b'"size": 7,', self.curl("-d", "a=1&b=2"))
        self.assertIn(b"HTTP/1.1 200 OK", self.curl("-I"))
        self.assertIn(b'"GET"', self.curl("-0"))
        self.assertIn(b'"size": 3000000,', self.curl("--data-binary", "@-", stdin=bytes(3000000)))
        self.assertIn(b'"size": 200000,', self.curl("-T", "-", stdin=bytes(200000)))

    def test_expect_100(self):
        out = self.curl("-i", "-H", "Expect: 100-continue", "--data-binary", "@-",
                        stdin=bytes(2000000))
        self.assertTrue(out.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"), out[:99])

    def test_files(self):
        data = bytes(range(256)) * 4000
        self.write("data.bin", data)
        self.assertEqual(self.curl(path="/files/data.bin"), data)
        self.assertEqual(self.curl("-r", "100-299999", path="/files/data.bin"), data[100:300000])

    def test_streamed(self):
        self.assertEqual(self.curl(path="/stream"), b"0\n1\n2\n3\n4\n")


class Rude(ServerCase):
    def test_clients_that_vanish(self):
        process, port = self.serve(SERVER)
        for data in (b"", b"GET", b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n",
                     b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx",
                     b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n", b"\0" * 10):
            for linger in (False, True):
                client = self.connect(port)
                client.sendall(data)
                if linger:  # close() resets the connection
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                      b"\1\0\0\0\0\0\0\0")
                client.close()
        client = self.connect(port)
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertIn(b"200 OK", client.recv(1000))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20 * SLOW)
        self.assertEqual(err, b"")

    def test_ctrl_c_with_clients_connected(self):
        process, port = self.serve(SERVER)
        clients = [self.connect(port) for _ in range(4)]
        clients[1].sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        clients[2].sendall(b"GET / HT")
        clients[3].sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertIn(b"200 OK", clients[3].recv(1000))
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20 * SLOW)
        self.assertEqual((out, err), (b"slow ends\ncleanup\n", b""))
        self.assertEqual(process.returncode, 0)
