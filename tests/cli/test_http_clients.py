# SPDX-License-Identifier: MIT
"""Clients of HTTP against servers that are not Tulip's: python3 -m http.server, nginx, and a server
with TLS under an authority of its own; and what tqdm draws on a terminal."""

import http.server
import os
import pty
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest

from common import ROOT, TULIP, TulipCase

KEYS = os.path.join(ROOT, "tests", "golden", "ssl", "_keys")
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

ALL = """
    import asyncio, sys, urllib.request
    import aiohttp, requests
    base = sys.argv[1]

    @asyncio.coroutine
    def of_2015(url):
        resp = yield from aiohttp.request('GET', url)
        return resp.status, len((yield from resp.read()))

    async def of_today(url):
        async with aiohttp.ClientSession() as session:
            sizes = []
            for i in range(3):
                async with session.get(url) as resp:
                    sizes.append((resp.status, len(await resp.read())))
            return sizes

    for name in 'small.txt', 'large.bin', 'missing':
        url = base + name
        print(name, requests.get(url).status_code, len(requests.get(url).content),
              asyncio.run(of_today(url))[-1], asyncio.run(of_2015(url)))
    print(urllib.request.urlopen(base + 'small.txt').read())
    print(requests.head(base + 'large.bin').headers['content-length'])
    with requests.get(base + 'large.bin', stream=True) as r:
        print(max(len(piece) for piece in r.iter_content(1000)))
"""


def wait_for(port):
    for _ in range(100):
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def nginx_conf(folder, listen):
    """A configuration of nginx that serves [folder], text compressed."""
    return f"""
        daemon off; pid {folder}/nginx.pid; error_log stderr; user root;
        events {{}}
        http {{
            access_log off; gzip on; gzip_min_length 1; gzip_types text/plain;
            types {{ text/plain txt; }} default_type application/octet-stream;
            client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
            fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
            scgi_temp_path {folder}/s;
            server {{ {listen} root {folder}; }}
        }}
    """


class Foreign(TulipCase):
    def serve(self, *command):
        process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (process.kill(), process.wait()))

    def files(self):
        self.write("small.txt", b"hello\n")
        self.write("large.bin", bytes(range(256)) * 4000)

    def check_all(self, port):
        status, printed, errors = self.program(ALL, f"http://127.0.0.1:{port}/")
        self.assertEqual(status, 0, errors)
        lines = printed.splitlines()
        self.assertEqual(lines[0], "small.txt 200 6 (200, 6) (200, 6)")
        self.assertEqual(lines[1], "large.bin 200 1024000 (200, 1024000) (200, 1024000)")
        self.assertTrue(lines[2].startswith("missing 404 "), lines[2])
        self.assertEqual(lines[3:], ["b'hello\\n'", "1024000", "1000"])
        self.assertNotIn("nclosed", errors)

    def test_http_server_of_cpython(self):
        self.files()
        port = free_port()
        self.serve(sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1")
        wait_for(port)
        self.check_all(port)

    @unittest.skipUnless(NGINX, "nginx is not installed")
    def test_nginx(self):
        self.files()
        port = free_port()
        self.write("nginx.conf", nginx_conf(self.folder, f"listen 127.0.0.1:{port};"))
        os.chmod(self.folder, 0o755)
        self.serve(NGINX, "-e", "stderr", "-p", self.folder, "-c",
                   os.path.join(self.folder, "nginx.conf"))
        wait_for(port)
        self.check_all(port)


class Encrypted(TulipCase):
    def serve(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "6")
                self.end_headers()
                self.wfile.write(b"secret")

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.handle_error = lambda *args: None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(KEYS, "server.pem"))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"https://localhost:{server.server_address[1]}/"

    def test_private_authority(self):
        source = """
            import asyncio, ssl, sys, urllib.error, urllib.request
            import aiohttp, requests
            url, ca = sys.argv[1:]

            async def client(check):
                async with aiohttp.ClientSession() as session:
                    for i in range(2):
                        async with session.get(url, ssl=check) as resp:
                            text = await resp.text()
                return text

            print(asyncio.run(client(ssl.create_default_context(cafile=ca))))
            print(asyncio.run(client(False)))
            try:
                asyncio.run(client(None))
            except aiohttp.ClientConnectorCertificateError as error:
                print('refused', isinstance(error, ssl.CertificateError))
            print(requests.get(url, verify=ca).text)
            print(requests.get(url, verify=False).text)
            try:
                requests.get(url)
            except requests.exceptions.SSLError as error:
                print('refused', 'CERTIFICATE_VERIFY_FAILED' in str(error))
            context = ssl.create_default_context(cafile=ca)
            print(urllib.request.urlopen(url, context=context).read())
            try:
                urllib.request.urlopen(url)
            except urllib.error.URLError as error:
                print('refused', isinstance(error.reason, ssl.SSLError))
        """
        self.expect(self.program(source, self.serve(), os.path.join(KEYS, "ca.pem")), 0,
                    "secret\nsecret\nrefused True\nsecret\nsecret\nrefused True\n"
                    "b'secret'\nrefused True\n")


class Terminal(TulipCase):
    def test_tqdm_draws_over_its_line(self):
        path = self.write("main.tul", """
            import time
            from tqdm import tqdm
            for i in tqdm(range(4), desc='abc'):
                time.sleep(0.2)
        """)
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(TULIP, [TULIP, "--virtual-time", path])
        seen = b""
        try:
            while data := os.read(terminal, 65536):
                seen += data
        except OSError:
            pass
        os.close(terminal)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        self.assertGreaterEqual(seen.count(b"\rabc:"), 5)
        self.assertIn("100%".encode(), seen)
        self.assertEqual(seen.count(b"\n"), 1)

    def test_tqdm_writes_lines_into_a_pipe(self):
        source = """
            import time
            from tqdm import tqdm
            for i in tqdm(range(4), desc='abc'):
                time.sleep(0.2)
        """
        status, printed, errors = self.tulip("--virtual-time", self.write("main.tul", source))
        self.assertEqual((status, printed), (0, ""))
        self.assertEqual(errors.count("\n"), 1)
        self.assertNotIn("\r", errors)


if __name__ == "__main__":
    unittest.main()
