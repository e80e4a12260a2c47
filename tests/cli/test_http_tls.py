# SPDX-License-Identifier: MIT
"""HTTP over TLS under a private authority that the test makes: aiohttp.web against curl, http.client,
CPython's asyncio and the clients of Tulip; those against nginx and a server of CPython's asyncio."""

import asyncio
import http.client
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import unittest

from common import SLOW
from test_http_clients import NGINX, free_port, nginx_conf, wait_for
from test_servers import ServerCase

OPENSSL = shutil.which("openssl")
LARGE = bytes(range(256)) * 4000

SERVER = """
    import asyncio, socket, ssl, sys
    from aiohttp import web

    async def answer(request):
        size = 0
        async for piece in request.content.iter_chunked(65536):
            size += len(piece)
        return web.json_response({'url': str(request.url), 'scheme': request.scheme, 'size': size})

    sock = socket.create_server(('127.0.0.1', 0))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain('server.pem', 'server.key')
    app = web.Application()
    app.router.add_static('/files', '.')
    app.router.add_route('*', '/{rest:.*}', answer)

    async def started(app):
        print(sock.getsockname()[1], flush=True)

    app.on_startup.append(started)
    web.run_app(app, sock=sock, ssl_context=context, print=None, shutdown_timeout=1)
"""
CLIENTS = """
    import asyncio, ssl, sys, urllib.error, urllib.request
    import aiohttp, requests
    base, ca = sys.argv[1:]

    async def of_today(ssl):
        async with aiohttp.ClientSession() as session:
            for name in 'large.bin', 'large.bin', 'small.txt':
                async with session.get(base + name, ssl=ssl) as resp:
                    print('aiohttp', resp.status, len(await resp.read()), resp.url.scheme)

    async def refused(**options):
        try:
            async with aiohttp.request('GET', base, **options):
                print('accepted')
        except aiohttp.ClientConnectorCertificateError:
            print('aiohttp refuses')

    trust = ssl.create_default_context(cafile=ca)
    asyncio.run(of_today(trust))
    asyncio.run(refused())
    with requests.Session() as session:
        session.verify = ca
        for name in 'large.bin', 'small.txt', 'missing':
            answer = session.get(base + name)
            print('requests', answer.status_code, len(answer.content) * answer.ok)
        with session.get(base + 'large.bin', stream=True) as answer:
            print('requests', sum(map(len, answer.iter_content(10000))))
    try:
        requests.get(base)
    except requests.exceptions.SSLError:
        print('requests refuses')
    print('urllib', len(urllib.request.urlopen(base + 'large.bin', context=trust).read()))
    try:
        urllib.request.urlopen(base)
    except urllib.error.URLError as error:
        print('urllib refuses', isinstance(error.reason, ssl.SSLError))
"""
PRINTED = """\
aiohttp 200 1024000 https
aiohttp 200 1024000 https
aiohttp 200 6 https
aiohttp refuses
requests 200 1024000
requests 200 6
requests 404 0
requests 1024000
requests refuses
urllib 1024000
urllib refuses True
"""


@unittest.skipUnless(OPENSSL, "openssl is not installed")
class Private(ServerCase):
    """Cases with an authority of their own; its files lie in the scratch folder of each test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        scratch = tempfile.TemporaryDirectory(prefix="tulip-authority-")
        cls.addClassCleanup(scratch.cleanup)
        cls.authority = scratch.name

        def openssl(*args):
            subprocess.run([OPENSSL, *args], cwd=cls.authority, check=True, capture_output=True)

        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout"]
        openssl("req", "-x509", *key, "ca.key", "-out", "ca.pem", "-days", "2", "-subj",
                "/CN=A private authority")
        openssl("req", *key, "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
        with open(os.path.join(cls.authority, "names"), "w") as file:
            file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.pem")

    def setUp(self):
        super().setUp()
        for name in "ca.pem", "server.pem", "server.key":
            shutil.copy(os.path.join(self.authority, name), self.folder)
        self.ca = os.path.join(self.folder, "ca.pem")
        self.write("small.txt", b"hello\n")
        self.write("large.bin", LARGE)

    def check_clients(self, base):
        status, printed, errors = self.program(CLIENTS, base, self.ca)
        self.assertEqual((status, printed), (0, PRINTED), errors)
        self.assertNotIn("nclosed", errors)


class Server(Private):
    def setUp(self):
        super().setUp()
        self.process, self.port = self.serve(SERVER)

    def test_clients_of_tulip(self):
        self.check_clients(f"https://localhost:{self.port}/files/")

    def test_http_client(self):
        client = http.client.HTTPSConnection("localhost", self.port, timeout=20 * SLOW,
                                             context=ssl.create_default_context(cafile=self.ca))
        self.addCleanup(client.close)
        for _ in range(3):
            client.request("POST", "/a?b=c", body=LARGE)
            self.assertEqual(client.getresponse().read(), (
                b'{"url": "https://localhost:%d/a?b=c", "scheme": "https", "size": 1024000}'
                % self.port))
        client.request("GET", "/files/large.bin")
        self.assertEqual(client.getresponse().read(), LARGE)

    def test_asyncio_of_cpython(self):
        async def ask():
            reader, writer = await asyncio.open_connection(
                "localhost", self.port, ssl=ssl.create_default_context(cafile=self.ca))
            for end in b"", b"Connection: close\r\n":
                writer.write(b"GET /files/small.txt HTTP/1.1\r\nHost: a\r\n" + end + b"\r\n")
            answer = await reader.read()
            writer.close()
            return answer.count(b"hello\n")
        self.assertEqual(asyncio.run(asyncio.wait_for(ask(), 20 * SLOW)), 2)

    def test_who_speaks_no_tls_hurts_nobody(self):
        for data in b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x02\x00", b"":
            client = self.connect(self.port)
            client.sendall(data)
            client.close()
        self.test_http_client()
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=20 * SLOW)
        self.assertEqual(self.process.returncode, 0)

    @unittest.skipUnless(shutil.which("curl"), "curl is not installed")
    def test_curl(self):
        def curl(*args, path="/a", trust=("--cacert", self.ca)):
            return subprocess.run(
                ["curl", "-sS", "-m", "20", "--noproxy", "*", *trust, *args,
                 f"https://localhost:{self.port}{path}"], capture_output=True, timeout=40 * SLOW)

        for options in (), ("--tls-max", "1.2"), ("-0",), ("--http2",):
            self.assertIn(b'"scheme": "https"', curl(*options).stdout)
        sent = curl("--data-binary", "@" + os.path.join(self.folder, "large.bin"))
        self.assertIn(b'"size": 1024000}', sent.stdout)
        self.assertEqual(curl(path="/files/large.bin").stdout, LARGE)
        self.assertIn(b"Content-Length: 1024000", curl("-I", path="/files/large.bin").stdout)
        self.assertEqual(curl(trust=()).returncode, 60)


class Clients(Private):
    @unittest.skipUnless(NGINX, "nginx is not installed")
    def test_nginx(self):
        port = free_port()
        self.write("nginx.conf", nginx_conf(self.folder, f"""
            listen 127.0.0.1:{port} ssl; ssl_certificate server.pem;
            ssl_certificate_key server.key;"""))
        os.chmod(self.folder, 0o755)
        process = subprocess.Popen(
            [NGINX, "-e", "stderr", "-p", self.folder, "-c",
             os.path.join(self.folder, "nginx.conf")],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (process.terminate(), process.wait()))
        wait_for(port)
        self.check_clients(f"https://localhost:{port}/")

    def test_asyncio_of_cpython(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.folder, "server.pem"),
                                os.path.join(self.folder, "server.key"))
        bodies = {b"/small.txt": b"hello\n", b"/large.bin": LARGE}

        async def answer(reader, writer):
            try:
                while head := await reader.readuntil(b"\r\n\r\n"):
                    body = bodies.get(head.split()[1])
                    status = b"200 OK" if body else b"404 Not Found"
                    writer.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b"
                                 % (status, len(body or b""), body or b""))
                    await writer.drain()
            except (asyncio.IncompleteReadError, OSError):
                writer.close()

        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda loop, context: None)
        server = loop.run_until_complete(
            asyncio.start_server(answer, "127.0.0.1", 0, ssl=context))
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            self.check_clients(f"https://localhost:{server.sockets[0].getsockname()[1]}/")
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            server.close()
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.run_until_complete(asyncio.sleep(0.1))
            loop.close()


if __name__ == "__main__":
    unittest.main()
