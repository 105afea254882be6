#!/usr/bin/env python3
"""A network that is far away: bench-delay.py PORT MILLISECONDS

Passes connections on to 127.0.0.1:PORT, each piece of what a client sends so many milliseconds later. A request is
one piece, so that its answer comes that much later. Prints the URL that it listens on.
"""

import asyncio
import socket
import sys

PIECE = 1 << 20


async def forward(reader, writer, delay):
    try:
        while piece := await reader.read(PIECE):
            if delay:
                await asyncio.sleep(delay)
            writer.write(piece)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main():
    port, delay = int(sys.argv[1]), int(sys.argv[2]) / 1000

    async def serve(reader, writer):
        there, back = await asyncio.open_connection("127.0.0.1", port, limit=PIECE)
        for one in (writer, back):
            one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(forward(reader, back, delay), forward(there, writer, 0))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=PIECE)
    print("http://127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
