"""The first model is killed under fifty streams: who goes on, who ends with part of a text, what the breaker does.

Two scripted models (processes of their own), a gateway that knows both, 50 streams that begin within two seconds. The
first process gets SIGKILL in the middle, comes back at its port, and calls go on until the breaker is closed again.
Run: `python -m benchmarks.gateway_failure`, about half a minute.
"""

import asyncio
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack

import uvloop

from backend.errors import ModelError
from backend.llm.gateway import ChatTurn, ModelRequest
from backend.telemetry.metrics import render
from tests.support.processes import free_port
from tests.support.routed_models import Routed, models_of, routed

STREAMS = 50
REQUEST = ModelRequest("script", [ChatTurn("user", "写一段保温杯的开场")], {})
#: Two seconds of 40 tokens a second.
TOKENS = 80
WHOLE = "".join(f"字{place}" for place in range(TOKENS))
SCRIPT = f"tokens:count={TOKENS},delay=0.025"
MODELS = """
providers: {{one: {{profile: compatible, base_url: 'http://127.0.0.1:{one}/v1'}},
            two: {{profile: compatible, base_url: 'http://127.0.0.1:{two}/v1'}}}}
backends: {{primary: {{provider: one, model: '{script}'}}, fallback: {{provider: two, model: '{script}'}}}}
routes: {{default: {{backends: [primary, fallback]}}}}
"""


async def started(port: int) -> asyncio.subprocess.Process:
    """Run a scripted model at `port`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.scripted_model", "--port", str(port), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    return process


async def end_of(gateway: Routed) -> str:
    """Ask once; return how it ended."""
    shown, ended = "", None
    try:
        async for piece in gateway.model.stream(REQUEST):
            shown += piece.text
            ended = piece.finish_reason
    except ModelError as error:
        if error.partial != shown:
            return "WRONG: the error does not carry what was shown"
        return f"ended with a typed error ({error.code}) and its part of the text" if shown else "failed with nothing"
    if shown != WHOLE or ended != "stop":
        return "WRONG: silently short"
    return f"whole, from {gateway.records[-1].backend}"


def state() -> str:
    """Return the breaker of the first model as the metrics tell it."""
    lines = [line for line in render().decode().splitlines() if line.startswith("cuedesk_llm_breaker{")]
    told = next(line for line in lines if 'provider="one"' in line)
    return {"0.0": "closed", "1.0": "half open", "2.0": "open"}[told.split()[-1]]


async def main() -> None:
    one, two = free_port(), free_port()
    async with AsyncExitStack() as stack:
        first, second = await started(one), await started(two)
        stack.callback(second.terminate)
        models = models_of(MODELS.format(one=one, two=two, script=SCRIPT))
        gateway = await stack.enter_async_context(routed(models))
        asking = []
        for _ in range(STREAMS):
            asking.append(asyncio.create_task(end_of(gateway)))
            await asyncio.sleep(2 / STREAMS)
            if len(asking) == STREAMS * 3 // 4:
                first.kill()
                await first.wait()
        for end, times in sorted(Counter(await asyncio.gather(*asking)).items()):
            print(f"{times:4} {end}")
        print(f"{len(gateway.records):4} accounted: {dict(Counter(record.status for record in gateway.records))}")
        began, was = time.monotonic(), ""
        first = await started(one)
        stack.callback(first.terminate)
        print("the first model is back; one call after the other:")
        while was != "closed" and time.monotonic() - began < 90:
            if (now := state()) != was:
                was = now
                print(f"{time.monotonic() - began:6.1f} s  breaker {now} (metric)")
            print(f"          {await end_of(gateway)}")
        print(f"{time.monotonic() - began:6.1f} s  breaker {state()} (metric)")


if __name__ == "__main__":
    uvloop.run(main())
