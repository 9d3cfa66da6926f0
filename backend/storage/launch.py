"""Run as a script, never imported: become the server's user, tie its life to ours, then become the server.

A fresh interpreter does this instead of a `preexec_fn`, because code between fork and exec deadlocks when the parent
has threads. The parent passes one JSON object and the command line of the server.
"""

import ctypes
import json
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    order = json.loads(sys.argv[1])
    command = sys.argv[2:]
    folder = order["folder"]
    os.chdir(folder)
    os.umask(0o077)
    if order["uid"] is not None:
        if sys.platform == "linux":
            # The server's user may not be allowed to walk to its own folder (a project below /root): it keeps a handle
            # to the folder, opened while we still may, and reaches everything through that.
            handle = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
            os.set_inheritable(handle, True)
            folder = f"/proc/self/fd/{handle}"
        os.setgroups([])
        os.setgid(order["gid"])
        os.setuid(order["uid"])
    if sys.platform == "linux":
        # After setuid, which clears it.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, order["death_signal"], 0, 0, 0)
        if os.getppid() != order["parent"]:
            sys.exit("the parent is gone already")
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    # As PID 1's child or below nohup some signals arrive ignored, and an ignored signal stays ignored across exec.
    for name in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(name, signal.SIG_DFL)
    command = [part.replace("{folder}", folder) for part in command]
    os.execve(command[0], command, order["environment"])  # noqa: S606 (the parent's own command)


if __name__ == "__main__":
    main()
