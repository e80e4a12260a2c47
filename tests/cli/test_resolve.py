# SPDX-License-Identifier: MIT
"""--resolve and TULIP_RESOLVE: names that are looked up elsewhere."""

import os
import unittest

from common import TulipCase

ASK = "import socket; print(socket.getaddrinfo({!r}, {!r}, type=socket.SOCK_STREAM)[0][4])"


class Rules(TulipCase):
    def ask(self, host, port, *rules):
        options = [word for rule in rules for word in ("--resolve", rule)]
        return self.tulip(*options, "-c", ASK.format(host, port))

    def test_address(self):
        self.expect(self.ask("flags.example", 80, "flags.example:80:127.0.0.1"), 0,
                    "('127.0.0.1', 80)\n")

    def test_address_and_port(self):
        self.expect(self.ask("flags.example", 80, "flags.example:80:127.0.0.1:8001"), 0,
                    "('127.0.0.1', 8001)\n")

    def test_name_of_a_service(self):
        self.expect(self.ask("Flags.Example", "http", "flags.example:80:127.0.0.1:8001"), 0,
                    "('127.0.0.1', 8001)\n")

    def test_any_host(self):
        self.expect(self.ask("b.example", 81, "a.example:81:127.0.0.2", "*:81:127.0.0.1:90"), 0,
                    "('127.0.0.1', 90)\n")

    def test_ipv6(self):
        self.expect(self.ask("b.example", 81, "b.example:81:[::1]:82"), 0, "('::1', 82, 0, 0)\n")

    def test_another_port(self):
        self.expect(self.ask("127.0.0.3", 81, "127.0.0.3:80:127.0.0.1"), 0, "('127.0.0.3', 81)\n")

    def test_environment(self):
        rules = "a.example:1:127.0.0.1:2,b.example:3:127.0.0.1:4"
        with self.start("-c", ASK.format("b.example", 3),
                        env={**os.environ, "TULIP_RESOLVE": rules}) as process:
            self.assertEqual(process.communicate(timeout=20)[0], b"('127.0.0.1', 4)\n")

    def test_wrong(self):
        for rule in ("", "a", "a:80", "a:80:", "a:x:b", "a:80:b:", "a:80:b:c", ":80:b", "a:99999:b",
                     "a:80:[::1", "a:80:[::1]x", "a:80:b:1:2"):
            self.expect(self.tulip("--resolve", rule, "-c", "pass"), 2, "", "--resolve")
        self.expect(self.tulip("--resolve"), 2, "", "wants HOST:PORT:ADDR[:PORT2]")

    def test_connections(self):
        source = """
            import asyncio, os, socket, sys
            async def handle(reader, writer):
                writer.write(await reader.readline())
                writer.close()
            async def main():
                server = await asyncio.start_server(handle, '127.0.0.1', 0)
                port = server.sockets[0].getsockname()[1]
                os.environ['TULIP_RESOLVE'] = f'flags.example:80:127.0.0.1:{port}'
                reader, writer = await asyncio.open_connection('flags.example', 80)
                writer.write(b'by asyncio\\n')
                print(await reader.read())
                writer.close()
                def blocking():
                    with socket.socket() as sock:
                        sock.connect(('flags.example', 80))
                        sock.sendall(b'by a socket\\n')
                        return sock.recv(100)
                print(await asyncio.to_thread(blocking))
            asyncio.run(main())
        """
        self.expect(self.program(source), 0, "b'by asyncio\\n'\nb'by a socket\\n'\n")


if __name__ == "__main__":
    unittest.main()
