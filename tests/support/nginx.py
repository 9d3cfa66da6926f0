"""The project's own nginx.conf in front of a server under test; only addresses and folders are replaced."""

import contextlib
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.support.processes import ROOT, free_port


def program() -> str | None:
    """nginx's path; /usr/sbin is not on an ordinary user's PATH."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def configuration(folder: Path, *, port: int, app_ports: Sequence[int], static: Path) -> Path:
    """Write nginx.conf for this machine into `folder`."""
    text = (ROOT / "nginx.conf").read_text()
    temporary = "".join(
        f"    {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    apps = "\n".join(f"server 127.0.0.1:{each} max_fails=2 fail_timeout=2s;" for each in app_ports)
    sockets = "\n".join(f"server 127.0.0.1:{each} max_fails=0;" for each in app_ports)
    for old, new in {
        "http {\n": f"http {{\n{temporary}",
        "server app:8000 max_fails=2 fail_timeout=2s;": apps,
        "server app:8000 max_fails=0;": sockets,
        "listen 8080 ": f"listen 127.0.0.1:{port} ",
        "root /usr/share/nginx/html;": f"root {static};",
        "access_log /dev/stdout": f"access_log {folder}/access.log",
        "worker_processes auto;": "worker_processes 1;",
    }.items():
        assert text.count(old) == 1, f"nginx.conf holds {old!r} {text.count(old)} times"
        text = text.replace(old, new)
    path = folder / "nginx.conf"
    # As root its workers would be another user, who may not read a test's folder.
    path.write_text(("user root;\n" if os.geteuid() == 0 else "") + text)
    return path


def command(path: Path, *more: str) -> list[str]:
    found = program()
    assert found is not None, "nginx is not installed; .ci/run installs it"
    return [
        found,
        "-e",
        "stderr",
        "-p",
        str(path.parent),
        "-c",
        str(path),
        "-g",
        f"pid {path.parent}/nginx.pid; daemon off;",
        *more,
    ]


@contextlib.contextmanager
def nginx(folder: Path, *, app_ports: Sequence[int], static: Path | None = None, port: int = 0) -> Iterator[str]:
    """Run nginx in front of apps on `app_ports`; gives its address. `port` 0 = a free one."""
    port = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    path = configuration(folder, port=port, app_ports=app_ports, static=static or ROOT / "frontend" / "dist")
    with (folder / "nginx.log").open("wb") as log:
        # Ctrl-C in a terminal is for us: nginx ends last.
        process = subprocess.Popen(command(path), stdout=log, stderr=log, start_new_session=True)
    try:
        _wait(f"http://127.0.0.1:{port}/assets/-", process, folder / "nginx.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"nginx did not start:\n{log.read_text()}")
