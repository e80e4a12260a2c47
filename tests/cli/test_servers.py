# SPDX-License-Identifier: MIT
"""asyncio servers seen from outside: descriptors run out, Ctrl-C, peers in other processes."""

import os
import random
import resource
import signal
import socket
import time

from common import SLOW, TulipCase

ECHO = """
    import asyncio, sys

    async def handle(reader, writer):
        async for line in reader:
            writer.write(line)
            await writer.drain()
        writer.close()

    async def main():
        server = await asyncio.start_server(handle, '127.0.0.1', 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        try:
            await server.serve_forever()
        finally:
            print('finally', flush=True)

    asyncio.run(main())
"""


class ServerCase(TulipCase):
    def serve(self, source, *options, **more):
        """Start a server; its process and port."""
        process = self.start(*options, self.write("server.tul", source), **more)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, int(process.stdout.readline())

    def connect(self, port):
        client = socket.create_connection(("127.0.0.1", port), timeout=20 * SLOW)
        self.addCleanup(client.close)
        return client

    def echo(self, client, text=b"hello\n"):
        client.sendall(text)
        self.assertEqual(client.recv(100), text)


class Descriptors(ServerCase):
    def test_accepting_goes_on_when_there_are_descriptors_again(self):
        limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        process, port = self.serve(ECHO, preexec_fn=limit)
        clients = [self.connect(port) for _ in range(80)]
        self.echo(clients[0])
        time.sleep(0.2)
        before = sum(os.times()[:2]), self.cpu(process.pid)
        time.sleep(0.5)
        self.assertLess(self.cpu(process.pid) - before[1], 0.2, "the server spins")
        for client in clients[:40]:
            client.close()
        self.echo(clients[-1])
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20 * SLOW)
        self.assertEqual(out, b"finally\n")
        self.assertIn(b"socket.accept() out of system resource", err)
        self.assertIn(b"Too many open files", err)
        self.assertLess(err.count(b"out of system resource"), 10)

    def cpu(self, pid):
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class CtrlC(ServerCase):
    def test_at_any_moment(self):
        for options in (), ("--virtual-time",):
            for _ in range(5):
                process, port = self.serve(ECHO, *options)
                clients = [self.connect(port) for _ in range(3)]
                end = time.monotonic() + random.random() / 50
                while time.monotonic() < end:
                    for client in clients:
                        self.echo(client)
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=20 * SLOW)
                self.assertEqual(out, b"finally\n", err)
                self.assertEqual(process.returncode, -signal.SIGINT)
                self.assertTrue(err.rstrip().endswith(b"KeyboardInterrupt"), err)


class ForeignPeers(ServerCase):
    def test_time_is_real_while_a_foreign_peer_is_waited_for(self):
        source = """
            import asyncio

            async def handle(reader, writer):
                loop = asyncio.get_running_loop()
                began = loop.time()
                line = await asyncio.wait_for(reader.readline(), 10)
                print(line, 0.2 < loop.time() - began < 9, flush=True)
                writer.close()
                await writer.wait_closed()
                done.set()

            async def main():
                global done
                done = asyncio.Event()
                server = await asyncio.start_server(handle, '127.0.0.1', 0)
                print(server.sockets[0].getsockname()[1], flush=True)
                await done.wait()

            asyncio.run(main())
        """
        process, port = self.serve(source, "--virtual-time")
        client = self.connect(port)
        time.sleep(0.5)
        client.sendall(b"late\n")
        out, err = process.communicate(timeout=20 * SLOW)
        self.assertEqual((out, err), (b"b'late\\n' True\n", b""))

    def test_peers_that_go_in_every_way(self):
        process, port = self.serve(ECHO)
        reset = self.connect(port)
        reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        reset.sendall(b"line without end")
        reset.close()
        deaf = self.connect(port)
        deaf.settimeout(0.2)
        try:
            while True:
                deaf.sendall(b"x" * 1000 + b"\n")
        except TimeoutError:
            pass
        half = self.connect(port)
        half.sendall(b"one\ntwo")
        half.shutdown(socket.SHUT_WR)
        received = b""
        while data := half.recv(100):
            received += data
        self.assertEqual(received, b"one\ntwo")
        self.echo(self.connect(port))
        deaf.close()
        self.echo(self.connect(port))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20 * SLOW)
        self.assertEqual(out, b"finally\n")
