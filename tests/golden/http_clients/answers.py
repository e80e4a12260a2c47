# SPDX-License-Identifier: MIT
"""A server for the goldens of clients: each path has its answer, given byte for byte."""

import asyncio
import gzip
import zlib


def whole(body=b'', status='200 OK', *headers):
    lines = ['HTTP/1.1 ' + status, 'Content-Length: %d' % len(body)] + list(headers)
    return '\r\n'.join(lines).encode() + b'\r\n\r\n' + body


ANSWERS = {
    '/': whole(b'hello', '200 OK', 'Content-Type: text/plain; charset=utf-8'),
    '/json': whole(b'{"a": [1, null]}', '200 OK', 'Content-Type: application/json'),
    '/latin': whole('gr\xfc\xdfe'.encode('latin-1'), '200 OK',
                    'Content-Type: text/plain; charset=latin-1'),
    '/gzip': whole(gzip.compress(b'z' * 300000), '200 OK', 'Content-Encoding: gzip'),
    '/deflate': whole(zlib.compress(b'deflated'), '200 OK', 'Content-Encoding: deflate'),
    '/raw': whole(zlib.compress(b'deflated')[2:-4], '200 OK', 'Content-Encoding: deflate'),
    '/badgzip': whole(b'no gzip at all', '200 OK', 'Content-Encoding: gzip'),
    '/shortgzip': whole(gzip.compress(b'z' * 3000)[:-9], '200 OK', 'Content-Encoding: gzip'),
    '/chunked': [b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', 1,
                 b'6\r\n world\r\n', 1, b'0\r\n\r\n'],
    '/badchunk': [b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', 1,
                  b'zz\r\n world\r\n', 1, None],
    '/short': [b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello', 1, None],
    '/shortchunk': [b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello', 1, None],
    '/untilclose': [b'HTTP/1.1 200 OK\r\n\r\nhello', 1, b' and bye', None],
    '/old': [b'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold', None],
    '/nothing': [None],
    '/nonsense': [b'what?\r\n\r\n', 1, None],
    '/never': [3600],
    '/slow': [b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na', 5, b'b', 5, b'c', 5, b'd'],
    '/head': whole(b'', '200 OK', 'X: y').replace(b'Length: 0', b'Length: 77'),
    '/nocontent': b'HTTP/1.1 204 No Content\r\n\r\n',
    '/continue': b'HTTP/1.1 100 Continue\r\n\r\n' + whole(b'after'),
    '/lines': whole(b'one\ntwo\n\nfour'),
    '/cookie': whole(b'', '200 OK', 'Set-Cookie: k=v; Path=/', 'Set-Cookie: n="q"; Path=/echo',
                     'Set-Cookie: gone=1; Max-Age=0'),
    '/redirect': whole(b'ignored', '302 Found', 'Location: /json'),
    '/see': whole(b'', '303 See Other', 'Location: /echo?see'),
    '/temporary': whole(b'', '307 Temporary Redirect', 'Location: echo'),
    '/moved': whole(b'', '301 Moved Permanently', 'Location: //127.0.0.1:1/'),
    '/loop': whole(b'', '302 Found', 'Location: /loop'),
    '/nowhere': whole(b'here', '302 Found'),
    '/ftp': whole(b'', '302 Found', 'Location: ftp://127.0.0.1/'),
    '/teapot': whole(b'short and stout', "418 I'm a Teapot"),
    '/error': whole(b'', '500 Internal Server Error'),
    '/once': [whole(b'once'), None],
}


class Server:
    """Answers from the table; /echo answers with the request. connections counts them."""

    def __init__(self, show=False):
        self.show = show
        self.connections = self.requests = 0

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.handle, '127.0.0.1', 0)
        self.base = 'http://127.0.0.1:%d' % self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *details):
        self.server.close()

    def hide(self, value):
        """The text of value without the port."""
        return str(value).replace(self.base, 'http://SERVER').replace(
            self.base[7:], 'SERVER').replace(self.base[17:], 'PORT')

    async def read_body(self, reader, head):
        fields = dict(line.lower().split(': ', 1) for line in head.split('\r\n')[1:] if line)
        if 'content-length' in fields:
            return await reader.readexactly(int(fields['content-length']))
        body = b''
        while fields.get('transfer-encoding') == 'chunked':
            size = int(await reader.readline(), 16)
            body += await reader.readexactly(size)
            await reader.readline()
            if not size:
                break
        return body

    async def handle(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b'\r\n\r\n')).decode()
                body = await self.read_body(reader, head)
                self.requests += 1
                if not await self.answer(writer, head, body):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, writer, head, body):
        method, target, _ = head.split('\r\n')[0].split(' ')
        if self.show:
            print('server:', method, target)
        path = target.partition('?')[0]
        if path == '/echo':
            fields = [line for line in head.split('\r\n')
                      if not line.startswith(('User-Agent', 'Host'))]
            text = '\n'.join(fields).strip() + '\n' + body.decode('latin-1')
            answer = [whole(text.encode())]
        else:
            answer = ANSWERS.get(path, whole(b'not here', '404 Not Found'))
            answer = [answer] if isinstance(answer, bytes) else answer
        for step in answer:
            if step is None:
                return False
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            else:
                await asyncio.sleep(step)
        return True
