"""A provider whose name nobody resolves, and the others."""

import asyncio
import shutil
import sys

import pytest

from tests.support.silent_names import CALLS

#: Seconds: less than the name is asked for, and more than all the rest takes on any machine.
_LONG = 100
_APART = ("--user", "--map-root-user", "--mount", "--net")


async def test_a_name_that_is_not_resolved_keeps_nobody_from_the_next_provider() -> None:
    """The loop looks names up in a few threads. Those that wait for a silent server of names, which is asked for
    minutes whatever our deadline says, must not be all there are: the names of other providers are looked up meanwhile,
    and the process ends without them."""
    unshare = shutil.which("unshare")
    tried = unshare and await (await asyncio.create_subprocess_exec(unshare, *_APART, "true")).wait()
    if unshare is None or tried:
        pytest.skip("nobody may make namespaces here (some containers); tests/unit/llm/test_names.py tries the rest")
    asking = await asyncio.create_subprocess_exec(
        unshare, *_APART, sys.executable, "-m", "tests.support.silent_names", stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(_LONG):
            said, _ = await asking.communicate()
    finally:
        if asking.returncode is None:
            asking.kill()
    assert int(said.split()[-1]) == CALLS, "the second provider is well"
