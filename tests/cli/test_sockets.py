# SPDX-License-Identifier: MIT
"""Sockets from outside: Ctrl-C in blocking calls, too few descriptors, peers in other processes."""

import resource
import signal
import socket
import struct
import time

from common import SLOW, TulipCase

PAIR = """
    import select, selectors, socket, sys, threading
    a, b = socket.socketpair()
    server = socket.create_server(('127.0.0.1', 0))
    try:
        print('ready', flush=True)
        {}
    except KeyboardInterrupt:
        print('interrupted')
        a.close()
        b.close()
        server.close()
        sys.exit(7)
    print('not interrupted')
"""


class CtrlC(TulipCase):
    def test_blocking_calls(self):
        for call in ("a.recv(10)", "a.recv_into(bytearray(5))", "server.accept()",
                     "a.sendall(bytes(10_000_000))", "select.select([a], [], [])",
                     "selectors.DefaultSelector().select()", "select.poll().poll()",
                     "a.settimeout(60); a.recv(1)", "a.makefile().readline()"):
            # the virtual clock runs to a timeout at once
            clocks = ((),) if "settimeout" in call else ((), ("--virtual-time",))
            for options in clocks:
                with self.subTest(call, options=options):
                    result = self.interrupt(PAIR.format(call), *options)
                    self.assertEqual(result, (7, "interrupted\n", ""))

    def test_beside_threads(self):
        source = PAIR.format("threading.Thread(target=b.recv, args=(1,), daemon=True).start(); "
                             "server.accept()")
        for options in (), ("--virtual-time",):
            with self.subTest(options=options):
                self.assertEqual(self.interrupt(source, *options)[:2], (7, "interrupted\n"))

    def test_handlers_run_and_the_call_goes_on(self):
        source = """
            import signal, socket
            a, b = socket.socketpair()
            signal.signal(signal.SIGINT, lambda *args: b.send(b'from the handler'))
            print('ready', flush=True)
            print(a.recv(100))
        """
        self.assertEqual(self.interrupt(source), (0, "b'from the handler'\n", ""))


    def test_at_many_moments(self):
        source = """
            import asyncio, socket

            async def serve(loop, connection):
                with connection:
                    while data := await loop.sock_recv(connection, 100):
                        await loop.sock_sendall(connection, data)

            async def listen(loop, server):
                while True:
                    connection, address = await loop.sock_accept(server)
                    asyncio.create_task(serve(loop, connection))

            async def client(loop, address):
                with socket.socket() as s:
                    s.setblocking(False)
                    await loop.sock_connect(s, address)
                    while True:
                        await loop.sock_sendall(s, b'x')
                        await loop.sock_recv(s, 10)
                        await asyncio.sleep(0.001)

            async def main():
                loop = asyncio.get_running_loop()
                with socket.create_server(('127.0.0.1', 0)) as server:
                    server.setblocking(False)
                    listening = asyncio.create_task(listen(loop, server))
                    print('ready', flush=True)
                    await asyncio.gather(*[client(loop, server.getsockname()) for _ in range(5)])

            asyncio.run(main())
        """
        for moment in range(10):
            process = self.start(self.write("main.tul", source))
            self.assertEqual(process.stdout.readline(), b"ready\n")
            time.sleep(moment * 0.004)
            process.send_signal(signal.SIGINT)
            errors = process.communicate(timeout=20 * SLOW)[1]
            self.assertEqual(process.returncode, -signal.SIGINT, errors)
            self.assertTrue(errors.endswith(b"KeyboardInterrupt\n"), errors)


class Limits(TulipCase):
    def limited(self, source, files):
        limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        with self.start(self.write("main.tul", source), preexec_fn=limit) as process:
            stdout, stderr = process.communicate(timeout=20 * SLOW)
        return process.returncode, stdout.decode(), stderr.decode()

    def test_no_descriptors_left(self):
        source = """
            import errno, socket
            server = socket.create_server(('127.0.0.1', 0))
            clients = []
            try:
                while True:
                    clients.append(socket.socket())
            except OSError as error:
                print(errno.errorcode[error.errno])
            clients.pop().close()
            client = socket.create_connection(server.getsockname())
            for call in server.accept, socket.socketpair, client.dup:
                try:
                    call()
                except OSError as error:
                    print(errno.errorcode[error.errno])
            for one in clients:
                one.close()
            print(server.accept()[1] == client.getsockname())
        """
        self.expect(self.limited(source, 40), 0, "EMFILE\nEMFILE\nEMFILE\nEMFILE\nTrue\n")


class Peers(TulipCase):
    """The other end is this process."""

    def serve(self, source, talk):
        listener = socket.create_server(("127.0.0.1", 0))
        with listener, self.start(self.write("main.tul", source),
                                  str(listener.getsockname()[1])) as process:
            connection = listener.accept()[0]
            with connection:
                talk(connection)
            stdout, stderr = process.communicate(timeout=20 * SLOW)
        return process.returncode, stdout.decode(), stderr.decode()

    CLIENT = """
        import socket, sys
        with socket.create_connection(('127.0.0.1', int(sys.argv[1]))) as client:
            try:
                {}
            except OSError as error:
                print(repr(error))
    """

    def test_reset(self):
        def reset(connection):
            connection.recv(1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        result = self.serve(self.CLIENT.format("client.send(b'xyz'); print(client.recv(10))"), reset)
        self.expect(result, 0, "ConnectionResetError(104, 'Connection reset by peer')\n")

    def test_half_closed(self):
        def talk(connection):
            connection.sendall(b"all I have to say")
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(connection.makefile("rb").read(), b"answer")
        body = "print(client.makefile().read()); client.sendall(b'answer')"
        self.expect(self.serve(self.CLIENT.format(body), talk), 0, "all I have to say\n")

    def test_broken_pipe(self):
        def talk(connection):
            connection.recv(1)
        body = "client.send(b'x'); client.recv(1)\n" + 16 * " " + "while True: client.send(b'y')"
        result = self.serve(self.CLIENT.format(body), talk)
        self.assertEqual(result[0], 0, result)
        self.assertRegex(result[1], "BrokenPipeError|ConnectionResetError")

    def test_killed_while_waiting(self):
        process = self.start(self.write("main.tul", PAIR.format("a.recv(1)")))
        self.assertEqual(process.stdout.readline(), b"ready\n")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20 * SLOW)
        self.assertEqual(process.returncode, -signal.SIGTERM)
