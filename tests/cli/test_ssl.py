# SPDX-License-Identifier: MIT
"""TLS with others: openssl's client and server, and CPython's ssl, in both directions."""

import os
import shutil
import socket
import ssl
import subprocess
import threading
import unittest

from common import ROOT, SLOW, TulipCase

KEYS = os.path.join(ROOT, "tests", "golden", "ssl", "_keys")
OPENSSL = shutil.which("openssl")


def key(name):
    return os.path.join(KEYS, name)


SERVER = f"""
    import asyncio, ssl
    async def echo(reader, writer):
        line = await reader.readline()
        writer.write(line.upper())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        done.set()
    async def main():
        global done
        done = asyncio.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain({key("server.pem")!r})
        server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=context)
        print(server.sockets[0].getsockname()[1], flush=True)
        await done.wait()
        server.close()
    asyncio.run(main())
"""
THREAD_SERVER = f"""
    import socket, ssl
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain({key("server.pem")!r})
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        with context.wrap_socket(listener.accept()[0], server_side=True) as s:
            s.sendall(s.recv(100).upper())
            try:
                s.unwrap()
            except OSError:
                pass
"""
CLIENT = f"""
    import asyncio, ssl, sys
    async def main():
        context = ssl.create_default_context(cafile={key("ca.pem")!r})
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", int(sys.argv[1]), ssl=context, server_hostname="localhost")
        writer.write(b"hello\\n")
        print(writer.get_extra_info("ssl_object").version(), await reader.readline())
        writer.close()
        await writer.wait_closed()
    asyncio.run(main())
"""
THREAD_CLIENT = f"""
    import socket, ssl, sys
    context = ssl.create_default_context(cafile={key("ca.pem")!r})
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as s:
            s.sendall(b"hello\\n")
            print(s.version(), s.recv(100))
"""


class Interoperation(TulipCase):
    def serve(self, source):
        """Starts a server in Tulip; gives the process and its port."""
        process = self.start(self.write("server.tul", source))
        self.addCleanup(self.stop, process)
        return process, int(process.stdout.readline())

    def stop(self, process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def cpython_server(self):
        """Serves one client by CPython's ssl in a thread; gives the port."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(key("server.pem"))
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def run():
            with context.wrap_socket(listener.accept()[0], server_side=True) as s:
                s.sendall(s.recv(100).upper())
                s.recv(100)
        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)
        return listener.getsockname()[1]

    def test_cpython_connects(self):
        for source in SERVER, THREAD_SERVER:
            process, port = self.serve(source)
            context = ssl.create_default_context(cafile=key("ca.pem"))
            with socket.create_connection(("127.0.0.1", port)) as plain:
                with context.wrap_socket(plain, server_hostname="localhost") as s:
                    s.sendall(b"hello\n")
                    self.assertEqual(s.recv(100), b"HELLO\n")
                    self.assertEqual(s.recv(100), b"")
            self.assertEqual(process.wait(10 * SLOW), 0)

    def test_cpython_serves(self):
        for source in CLIENT, THREAD_CLIENT:
            port = self.cpython_server()
            self.expect(self.program(source, str(port)), 0, "TLSv1.3 b'HELLO\\n'\n")

    @unittest.skipUnless(OPENSSL, "openssl is not installed")
    def test_openssl_connects(self):
        for source in SERVER, THREAD_SERVER:
            process, port = self.serve(source)
            client = subprocess.run(
                [OPENSSL, "s_client", "-quiet", "-connect", f"127.0.0.1:{port}", "-CAfile",
                 key("ca.pem"), "-verify_return_error", "-verify_hostname", "localhost"],
                input=b"hello\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                timeout=20 * SLOW)
            self.assertEqual(client.stdout, b"HELLO\n", client.stderr)
            self.assertEqual(process.wait(10 * SLOW), 0)

    @unittest.skipUnless(OPENSSL, "openssl is not installed")
    def test_openssl_serves(self):
        for source, version in (CLIENT, "-tls1_2"), (THREAD_CLIENT, "-tls1_3"):
            with socket.create_server(("127.0.0.1", 0)) as probe:
                port = probe.getsockname()[1]
            server = subprocess.Popen(
                [OPENSSL, "s_server", "-accept", str(port), "-cert", key("server.pem"), "-key",
                 key("server.pem"), "-rev", "-naccept", "1", version],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.addCleanup(self.stop, server)
            while b"ACCEPT" not in server.stdout.readline():
                self.assertIsNone(server.poll())
            printed = "TLSv1.2" if version == "-tls1_2" else "TLSv1.3"
            self.expect(self.program(source, str(port)), 0, printed + " b'olleh\\n'\n")


if __name__ == "__main__":
    unittest.main()
