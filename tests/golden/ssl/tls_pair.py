# SPDX-License-Identifier: MIT
"""Two ends of a connection in one program, over memory; shared by the goldens of this folder."""

import os
import ssl

KEYS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '_keys')


def key(name):
    """The path of a test key."""
    return os.path.join(KEYS, name)


def server_context(name='server.pem'):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(key(name))
    return context


def client_context():
    return ssl.create_default_context(cafile=key('ca.pem'))


class Pair:
    """client and server, SSLObjects whose bytes carry() moves."""

    def __init__(self, client_context, server_context, server_hostname='localhost', session=None):
        self.client_in, self.client_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server_in, self.server_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = client_context.wrap_bio(self.client_in, self.client_out, session=session,
                                              server_hostname=server_hostname)
        self.server = server_context.wrap_bio(self.server_in, self.server_out, server_side=True)

    def carry(self):
        self.server_in.write(self.client_out.read())
        self.client_in.write(self.server_out.read())

    def shake(self):
        """Shake hands; returns self."""
        left = [self.client, self.server]
        while left:
            for end in list(left):
                try:
                    end.do_handshake()
                    left.remove(end)
                except ssl.SSLWantReadError:
                    pass
                finally:
                    self.carry()
        return self


def show(call, *args):
    """Print what call(*args) returns or raises."""
    try:
        print(call(*args))
    except Exception as e:
        print(type(e).__name__, e.args)
