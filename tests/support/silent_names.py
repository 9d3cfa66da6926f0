"""Ask a route whose first provider has a name that nobody resolves: its server of names hears, and says nothing.

Run in namespaces of its own (`unshare --user --map-root-user --mount --net python -m tests.support.silent_names`): the
names of the machine stay as they are. Prints how many of the calls the second provider answered, and ends, though the
system goes on asking for the name for minutes.
"""

import asyncio
import ctypes
import fcntl
import socket
import struct
import tempfile

import uvloop

from backend.errors import ModelError
from backend.llm.gateway import ChatTurn, ModelRequest
from tests.support.routed_models import models_of, routed
from tests.support.scripted_model import scripted_model

CALLS = 12
_UP, _SET_FLAGS, _BIND = 0x41, 0x8914, 4096


def _deafen() -> socket.socket:
    """Bring loopback up, and let every question for a name come to a socket that never answers."""
    with socket.socket() as one:
        fcntl.ioctl(one, _SET_FLAGS, struct.pack("16sh", b"lo", _UP))
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write("nameserver 127.0.0.1\noptions timeout:30 attempts:5\n")
    if ctypes.CDLL(None, use_errno=True).mount(file.name.encode(), b"/etc/resolv.conf", None, _BIND, None):
        raise OSError(ctypes.get_errno(), "mount")
    deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    deaf.bind(("127.0.0.1", 53))
    return deaf


async def _answered() -> int:
    async with scripted_model() as server:
        models = models_of(
            f"""
            providers:
              silent: {{profile: compatible, base_url: 'http://llm.example.test/v1'}}
              near: {{profile: compatible, base_url: 'http://localhost:{server.port}/v1'}}
            backends:
              first: {{provider: silent, model: m}}
              second: {{provider: near, model: m}}
            routes:
              default: {{backends: [first, second]}}
            """
        )
        async with routed(models, connect=1) as model:

            async def ask(number: int) -> bool:
                try:
                    await model.ask(ModelRequest("message", [ChatTurn("user", f"{number}")], {}))
                except ModelError:
                    return False
                return True

            return sum(await asyncio.gather(*map(ask, range(CALLS))))


if __name__ == "__main__":
    deaf = _deafen()  # to the process's end: a closed one would be heard of
    print(uvloop.run(_answered()), flush=True)
