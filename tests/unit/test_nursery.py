"""Servers that are forked for tests behave to them as those that are started."""

import signal
import subprocess
import sys
from typing import cast

from tests.support.nursery import Fork, Nursery


class NotTold:
    """A nursery whose news of an end is still under way."""

    def code_of(self, _: int) -> None:
        return None


def test_a_signal_to_a_server_that_just_ended_is_no_fault() -> None:
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()
    Fork(ended.pid, cast(Nursery, NotTold())).send_signal(signal.SIGTERM)
