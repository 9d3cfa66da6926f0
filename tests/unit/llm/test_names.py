"""Names are looked up once for all who wait, in few threads, and an earlier answer stands in where none comes."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from backend.llm.names import Addresses, Names


def found_at(address: str) -> Addresses:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]


class Resolver:
    """Finds what it is told to; those in `silent` only when they are let go."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.heard = threading.Semaphore(0)
        self.silent: set[str] = set()
        self.errors: dict[str, Exception] = {}
        self.released = threading.Event()
        self.address = "192.0.2.1"

    def __call__(self, host: str) -> Addresses:
        self.asked.append(host)
        self.heard.release()
        if host in self.silent:
            self.released.wait()
        if host in self.errors:
            raise self.errors[host]
        return found_at(self.address)


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    one = Resolver()
    yield one
    one.released.set()


async def _begun(resolver: Resolver, hosts: int = 1) -> None:
    """Return when the tasks that were made wait and the resolver was asked for so many names more."""
    await asyncio.sleep(0)
    for _ in range(hosts):
        await asyncio.to_thread(resolver.heard.acquire)


async def test_all_who_ask_for_a_name_meanwhile_share_one_look_up(resolver: Resolver) -> None:
    """Whatever the port; and who leaves takes it from nobody, not even who leaves alone."""
    resolver.silent.add("model.example")
    names = Names(resolver)
    asking = [asyncio.create_task(names.addresses("model.example", port)) for port in range(20)]
    await _begun(resolver)
    for one in asking[:10]:
        one.cancel()
    await asyncio.wait(asking[:10])
    resolver.released.set()
    answers = await asyncio.gather(*asking[10:])
    assert all(one.cancelled() for one in asking[:10])
    assert [answer[0][4] for answer in answers] == [("192.0.2.1", port) for port in range(10, 20)]
    assert resolver.asked == ["model.example"]


async def test_a_look_up_that_nobody_waits_for_any_more_serves_who_comes(resolver: Resolver) -> None:
    resolver.silent.add("model.example")
    names = Names(resolver)
    alone = asyncio.create_task(names.addresses("model.example", 1))
    await _begun(resolver)
    alone.cancel()
    await asyncio.wait([alone])
    later = asyncio.create_task(names.addresses("model.example", 2))
    await asyncio.sleep(0)
    resolver.released.set()
    assert (await later)[0][4] == ("192.0.2.1", 2)
    assert resolver.asked == ["model.example"]


async def test_each_new_line_asks_anew(resolver: Resolver) -> None:
    names = Names(resolver)
    assert (await names.addresses("model.example", 1))[0][4][0] == "192.0.2.1"
    resolver.address = "192.0.2.2"
    assert (await names.addresses("model.example", 1))[0][4][0] == "192.0.2.2"


async def test_names_that_hang_keep_nobody_out_who_was_found_before(resolver: Resolver) -> None:
    resolver.silent |= {"dead.example", "lost.example"}
    names = Names(resolver, most_at_once=2)
    await names.addresses("model.example", 443)
    hanging = [asyncio.create_task(names.addresses(host, 443)) for host in sorted(resolver.silent)]
    await _begun(resolver, 3)
    assert (await names.addresses("model.example", 443))[0][4] == ("192.0.2.1", 443)
    with pytest.raises(OSError, match="too many names"):
        await names.addresses("new.example", 443)
    assert (await names.addresses("192.0.2.7", 443))[0][4] == ("192.0.2.7", 443)
    assert (await names.addresses("::1", 443))[0][4][:2] == ("::1", 443)
    resolver.released.set()
    await asyncio.gather(*hanging)
    assert (await names.addresses("new.example", 443))[0][4] == ("192.0.2.1", 443)
    assert not names._flights


@pytest.mark.parametrize(
    ("error", "stands_in"),
    [
        (None, True),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), True),
        (socket.gaierror(socket.EAI_FAIL, "the server failed"), True),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), False),
        (UnicodeError("label too long"), False),
    ],
    ids=["silence", "again", "failed", "none", "no name at all"],
)
async def test_an_earlier_answer_stands_in_for_one_that_does_not_come(
    resolver: Resolver, error: Exception | None, *, stands_in: bool
) -> None:
    # Only silence is not waited for: on a busy machine the answer itself may take longer.
    names = Names(resolver, patience=0.01 if error is None else 30)
    first = await names.addresses("model.example", 443)
    if error is None:
        resolver.silent.add("model.example")
    else:
        resolver.errors["model.example"] = error
    if stands_in:
        assert await names.addresses("model.example", 443) == first
    else:
        with pytest.raises(OSError, match=r"unknown|too long"):
            await names.addresses("model.example", 443)


async def test_a_look_up_that_fails_in_no_known_way_is_told_and_tried_again(resolver: Resolver) -> None:
    """Else its name would be looked up for ever, and whoever asks for it would wait."""
    resolver.errors["model.example"] = RuntimeError("out of everything")
    names = Names(resolver)
    with pytest.raises(OSError, match="out of everything"):
        await names.addresses("model.example", 1)
    del resolver.errors["model.example"]
    assert (await names.addresses("model.example", 1))[0][4] == ("192.0.2.1", 1)
