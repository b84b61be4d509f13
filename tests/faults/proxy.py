"""A way over TCP from one program to another, which a test may disturb while it runs.

    proxy = Proxy('/run/db/.s.PGSQL.5432')          # or ('127.0.0.1', 9000)
    with proxy.disturbed('black hole'):
        ...                                         # whoever goes by way of proxy.port gets no answer
    ...                                             # and all is well again

What may be wrong, and with what number:

    delay N         each piece of data takes N milliseconds longer
    reset           connections are reset, those that are open and those that come
    refuse          nobody listens; connections that are open are reset
    black hole      connections are accepted, and data is taken, and nothing comes of it
    half-open       the other side is closed, and ours is not told; what is sent is not read
    cut N           a connection is reset once N bytes went through it

When that is over, connections that had lost bytes, or whose other side is gone, are reset; but if it was 'for ever' they
stay as they are, as behind a firewall that has forgotten them.

All of it happens in one thread of its own.
"""
import asyncio
import contextlib
import socket
import struct
import threading


class Proxy:

    def __init__(self, target):
        self.target = target
        self.trouble, self.number, self.for_ever = None, 0, False
        self.links = set()
        self.changed = threading.Condition()  # guards felt
        self.felt = 0  # how often the trouble has met somebody
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.port = 0
        self.port = self.call(self.listen())

    def close(self):
        self.set('refuse')
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    @contextlib.contextmanager
    def disturbed(self, trouble, number=0, for_ever=False):
        self.set(trouble, number, for_ever)
        try:
            yield
        finally:
            self.set(None)

    def set(self, trouble, number=0, for_ever=False):
        self.call(self.change(trouble, number, for_ever))

    def wait_until_felt(self, times=1, seconds=60):
        """Until the trouble has met somebody so often."""
        with self.changed:
            met = self.changed.wait_for(lambda: self.felt >= times, seconds)
        assert met, f'nobody has met "{self.trouble}"'

    def note(self):
        with self.changed:
            self.felt += 1
            self.changed.notify_all()

    # In the thread.

    def call(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    async def listen(self):
        self.server = await self.loop.create_server(lambda: _Client(self), '127.0.0.1', self.port, reuse_address=True)
        return self.server.sockets[0].getsockname()[1]

    async def change(self, trouble, number, for_ever):
        was, kept = self.trouble, self.for_ever
        self.trouble, self.number, self.for_ever = trouble, number, for_ever
        with self.changed:
            self.felt = 0
        if trouble == 'refuse' and was != 'refuse':
            self.server.close()
            await self.server.wait_closed()
        elif was == 'refuse' and trouble != 'refuse':
            await self.listen()
        for link in list(self.links):
            link.meet(kept)


class _Client(asyncio.Protocol):
    """A connection that was taken, and the one that was made for it."""

    def __init__(self, proxy):
        self.proxy, self.server = proxy, None
        self.early = []  # what came before there was a server
        self.is_harmed = False  # it has lost bytes, or its other side
        self.passed = 0
        self.free_at = 0  # when what is delayed has been passed on

    def connection_made(self, transport):
        self.transport = transport
        self.proxy.links.add(self)
        if self.proxy.trouble in ('black hole', 'half-open'):
            self.is_harmed = True
        self.meet(True)
        if not self.is_harmed and not transport.is_closing():
            self.opening = self.proxy.loop.create_task(self.open())

    async def open(self):
        target, loop = self.proxy.target, self.proxy.loop
        try:
            if isinstance(target, str):
                await loop.create_unix_connection(lambda: _Server(self), target)
            else:
                await loop.create_connection(lambda: _Server(self), *target)
        except OSError:
            self.transport.abort()
            return
        while self.early and self.server:
            self.pass_on(self.early.pop(0), self.server)

    def meet(self, keeps_harmed):
        """What is wrong now is wrong for this connection, too."""
        trouble = self.proxy.trouble
        if trouble in ('reset', 'refuse') or (not trouble and self.is_harmed and not keeps_harmed):
            if trouble:
                self.proxy.note()
            self.reset()
        elif trouble == 'half-open':
            self.is_harmed = True
            self.proxy.note()
            self.transport.pause_reading()
            if self.server:
                self.server.abort()
        elif trouble == 'black hole' and self.is_harmed:
            self.proxy.note()

    def data_received(self, data):
        """To pause a transport that has just been made does not help in Python 3.11.2."""
        if self.server and not self.early:
            self.pass_on(data, self.server)
        else:
            self.early.append(data)

    def connection_lost(self, _):
        self.proxy.links.discard(self)
        if self.server:
            self.proxy.loop.call_at(self.free_at, self.server.close)

    def pass_on(self, data, sink):
        proxy = self.proxy
        self.is_harmed = self.is_harmed or proxy.trouble == 'black hole'
        if proxy.trouble:
            proxy.note()
        if self.is_harmed:
            return
        self.passed += len(data)
        if proxy.trouble == 'cut' and self.passed > proxy.number:
            sink.write(data[:max(0, len(data) - (self.passed - proxy.number))])
            self.reset()
            return
        now = proxy.loop.time()
        self.free_at = max(self.free_at, now + (proxy.number / 1000 if proxy.trouble == 'delay' else 0))
        if self.free_at > now:
            proxy.loop.call_at(self.free_at, sink.write, data)
        else:
            sink.write(data)

    def server_lost(self):
        if not self.is_harmed:
            self.proxy.loop.call_at(self.free_at, self.transport.close)

    def reset(self):
        self.transport.get_extra_info('socket').setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.transport.abort()
        if self.server:
            self.server.abort()


class _Server(asyncio.Protocol):

    def __init__(self, client):
        self.client = client

    def connection_made(self, transport):
        self.client.server = transport
        if self.client.is_harmed or self.client.transport.is_closing():
            transport.abort()

    def data_received(self, data):
        self.client.pass_on(data, self.client.transport)

    def connection_lost(self, _):
        self.client.server_lost()
