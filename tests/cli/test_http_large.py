# SPDX-License-Identifier: MIT
"""Bodies far larger than memory should become: up and down, by every client, also when one side is
slow, with the largest memory that each side ever had."""

import os
import unittest

from test_servers import ServerCase

SIZE = 100_000_000
MOST = 60               # MB; a program that does nothing has 15 of them

PEAK = """
    def peak():
        with open('/proc/self/status') as file:
            return next(int(line.split()[1]) // 1024 for line in file if line.startswith('VmHWM'))
"""
SERVER = PEAK + """
    import asyncio, socket
    from aiohttp import web

    async def count(request):
        size = 0
        async for piece in request.content.iter_chunked(65536):
            size += len(piece)
        return web.Response(text=str(size))

    async def slowly(request):
        size = 0
        while piece := await request.content.read(1 << 20):
            size += len(piece)
            await asyncio.sleep(0.001)
        return web.Response(text=str(size))

    async def parts(request):
        sizes = {}
        async for part in await request.multipart():
            sizes[part.name] = 0
            while piece := await part.read_chunk(65536):
                sizes[part.name] += len(piece)
        return web.json_response(sizes)

    async def give(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b'0123456789' * 10000)
        return response

    async def memory(request):
        return web.Response(text=str(peak()))

    async def started(app):
        print(sock.getsockname()[1], flush=True)

    sock = socket.create_server(('127.0.0.1', 0))
    app = web.Application()
    app.router.add_static('/files', '.')
    app.router.add_get('/give', give)
    app.router.add_get('/memory', memory)
    for handler in count, slowly, parts:
        app.router.add_route('*', '/' + handler.__name__, handler)
    app.on_startup.append(started)
    web.run_app(app, sock=sock, print=None, access_log=None, shutdown_timeout=0)
"""
CLIENT = PEAK + """
    import asyncio, sys
    import aiohttp, requests
    base = sys.argv[1]

    async def pieces():
        for _ in range(1000):
            yield b'0123456789' * 10000

    async def main():
        async with aiohttp.ClientSession(base) as session:
            for path in '/files/large', '/give':
                size = 0
                async with session.get(path) as answer:
                    async for piece in answer.content.iter_chunked(65536):
                        size += len(piece)
                print('down', size)
            size = 0
            async with session.get('/files/large') as answer:
                while piece := await answer.content.read(1 << 20):
                    size += len(piece)
                    await asyncio.sleep(0.001)
            print('slowly', size)
            for path, body in (('/count', open('large', 'rb')), ('/slowly', open('large', 'rb')),
                               ('/count', pieces()), ('/parts', {'file': open('large', 'rb')})):
                async with session.put(path, data=body) as answer:
                    print('up', await answer.text())

    asyncio.run(main())
    for path in '/files/large', '/give':
        with requests.get(base + path, stream=True) as answer:
            print('down', sum(map(len, answer.iter_content(65536))))
    print('up', requests.put(base + '/slowly', data=open('large', 'rb')).text)
    print('up', requests.put(base + '/count', data=(bytes(65536) for _ in range(1000))).text)
    print(peak(), requests.get(base + '/memory').text)
"""


class Large(ServerCase):
    def test_memory_stays_small(self):
        with open(os.path.join(self.folder, "large"), "wb") as file:
            file.truncate(SIZE)
        _, port = self.serve(SERVER)
        status, printed, errors = self.program(CLIENT, f"http://127.0.0.1:{port}", timeout=120)
        self.assertEqual((status, errors), (0, ""))
        *lines, peaks = printed.splitlines()
        self.assertEqual(lines, [
            f"down {SIZE}", f"down {SIZE}", f"slowly {SIZE}", f"up {SIZE}", f"up {SIZE}",
            f"up {SIZE}", f'up {{"file": {SIZE}}}', f"down {SIZE}", f"down {SIZE}", f"up {SIZE}",
            "up 65536000"])
        for peak in peaks.split():
            self.assertLess(int(peak), MOST)


if __name__ == "__main__":
    unittest.main()
