"""A server of ours as a process: its folder and lock, its user, the folder of its sockets, its start and its end."""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from backend.errors import DataDirInUse, DataDirUnwritable, EmbeddedServerFailed, EmbeddedServerMissing, SetupError

#: Crash recovery of a busy database reads the log since the last checkpoint; beyond this something is wrong.
_READY_TIMEOUT: Final = 120.0
_STOP_TIMEOUT: Final = 20.0
_LOG_LIMIT: Final = 16 * 1024 * 1024
_LAUNCHER: Final = Path(__file__).with_name("launch.py")
_ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
#: Where programs go that the server's user cannot reach inside the virtual environment (root only).
_PROGRAM_CACHE: Final = Path("/var/cache/cuedesk")


@dataclass(frozen=True)
class ServerUser:
    """Whom a server runs as; `uid` None means: as ourselves."""

    uid: int | None
    gid: int

    @property
    def effective_uid(self) -> int:
        return os.geteuid() if self.uid is None else self.uid


@dataclass
class ServerProcess:
    """One server process with its folder, its lock and its log."""

    name: str
    data_dir: Path
    folder: Path
    death_signal: signal.Signals
    stop_signal: signal.Signals
    process: subprocess.Popen[bytes] | None = None
    sockets: Path | None = None
    _lock: int | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        return self.data_dir / "logs" / f"{self.name}.log"

    def lock(self) -> None:
        """Take the data folder; raises DataDirInUse when another process of ours holds it."""
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            self.log.parent.mkdir(exist_ok=True)
            lock = os.open(self.data_dir / f"{self.name}.lock", os.O_RDONLY | os.O_CREAT, 0o644)
        except OSError as error:
            raise unwritable(self.data_dir, error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise DataDirInUse(
                f"数据目录 {self.data_dir} 正被另一个进程使用，请先停止它，或用 CUEDESK_DATA_DIR 换一个目录 / "
                f"another process uses the data folder {self.data_dir}: stop it, or choose another CUEDESK_DATA_DIR",
            ) from None
        self._lock = lock

    def unlock(self) -> None:
        """Free the folder for the next start."""
        if self.sockets is not None:
            # Not when a killed server left its socket there; the next start clears that.
            with suppress(OSError):
                self.sockets.rmdir()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def launch(
        self, user: ServerUser, command: list[str], *, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """Start `command` as `user` in the folder. The calling thread must live as long as the process."""
        order = {
            "folder": str(self.folder),
            "uid": user.uid,
            "gid": user.gid,
            "parent": os.getpid(),
            "death_signal": int(self.death_signal),
            "environment": _ENVIRONMENT,
        }
        try:
            log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        except OSError as error:
            raise unwritable(self.log, error) from error
        try:
            return subprocess.Popen(  # noqa: S603 (our own launcher and the wheel's program)
                [sys.executable, "-I", "-S", str(_LAUNCHER), json.dumps(order), *command],
                stdin=stdin,
                stdout=log,
                stderr=log,
                # Ctrl-C in the terminal is for us; we stop the servers last.
                start_new_session=True,
            )
        finally:
            os.close(log)

    def failed(self, what: str) -> EmbeddedServerFailed:
        tail = ""
        if self.log.exists():
            tail = " | ".join(self.log.read_text("utf-8", "replace").strip().splitlines()[-4:])
        return EmbeddedServerFailed(f"{what}: {tail or 'no output'} ({self.log})")

    def check_alive(self, began: float) -> None:
        """Raise when the process ended while we wait for it, or when we have waited since `began` for too long."""
        if self.process is None or self.process.poll() is not None:
            raise self.failed(f"内置 {self.name} 启动后退出 / embedded {self.name} ended at start")
        if time.monotonic() - began > _READY_TIMEOUT:
            raise self.failed(f"内置 {self.name} 长时间未就绪 / embedded {self.name} is not ready in time")

    def stop(self) -> None:
        """Stop the server, gently at first, and free the folder. Does nothing when it is not running."""
        process = self.process
        if process is not None and process.poll() is None:
            for step in (self.stop_signal, self.death_signal, signal.SIGKILL):
                process.send_signal(step)
                try:
                    process.wait(_STOP_TIMEOUT)
                    break
                except subprocess.TimeoutExpired:
                    continue
        self.process = None
        self.unlock()

    def shift_log(self) -> None:
        """Keep one old log, so that the folder cannot fill up over the months."""
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))


def unwritable(path: Path, error: OSError) -> SetupError:
    return DataDirUnwritable(
        f"无法写入数据目录 {path}（{error.strerror}），请修改权限或用 CUEDESK_DATA_DIR 换一个目录 / "
        f"the data folder {path} cannot be written ({error.strerror}): change its owner, or choose another "
        "CUEDESK_DATA_DIR"
    )


def user_for(folder: Path) -> ServerUser:
    if os.geteuid() != 0:
        return ServerUser(None, os.getegid())
    if folder.exists():
        owner = folder.stat()
        if owner.st_uid != 0:
            return ServerUser(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedServerMissing(
            "系统中没有 nobody 用户，PostgreSQL 不能以 root 运行；请以普通用户启动 / "
            "there is no user `nobody` here and PostgreSQL refuses to run as root: start as an ordinary user"
        ) from None
    return ServerUser(nobody.pw_uid, nobody.pw_gid)


def make_private(folder: Path, user: ServerUser) -> None:
    folder.mkdir(mode=0o700)
    if user.uid is not None:
        os.chown(folder, user.uid, user.gid)


def write_private(path: Path, text: str, user: ServerUser) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
    if user.uid is not None:
        os.chown(path, user.uid, user.gid)


def run_folder(folder: Path, user: ServerUser) -> Path:
    """Make the private folder of the sockets: short, outside of folders that the server's user cannot walk through."""
    label = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    # A unix socket's path is limited to 107 characters (103 on macOS), hence not in the data folder.
    run = Path("/tmp") / f"cuedesk-{user.effective_uid}-{label}"  # noqa: S108 (private, and its owner is checked)
    try:
        make_private(run, user)
    except FileExistsError:
        found = run.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != user.effective_uid or found.st_mode & 0o077:
            raise DataDirUnwritable(
                f"{run} 已存在但不属于我们，请删除它 / {run} exists and is not ours: remove it"
            ) from None
    except OSError as error:
        raise unwritable(run, error) from error
    return run


def end_orphan(folder: Path, program: str) -> None:
    """Wait for, or end, a server that a killed process of ours left on `folder`. We hold the lock: it has no owner."""
    wanted = folder.resolve()
    orphans = []
    for process in psutil.process_iter(["name"]):
        try:
            if process.info["name"] == program and Path(process.cwd()) == wanted:
                parent = process.parent()
                if parent is None or parent.name() != program:
                    orphans.append(process)
        except (psutil.Error, OSError):
            continue
    if not orphans:
        return
    for orphan in orphans:
        orphan.send_signal(signal.SIGQUIT if program == "postgres" else signal.SIGTERM)
    _, alive = psutil.wait_procs(orphans, timeout=_STOP_TIMEOUT)
    for orphan in alive:
        orphan.kill()
    psutil.wait_procs(alive, timeout=_STOP_TIMEOUT)


def package_folder(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise EmbeddedServerMissing(
            f"缺少依赖 {package} / the package {package} is not installed: run `make run` again"
        )
    return Path(found.origin).parent


def _can_walk_to(path: Path, user: ServerUser) -> bool:
    for folder in path.resolve().parents:
        found = folder.stat()
        if found.st_uid == user.uid:
            allowed = found.st_mode & stat.S_IXUSR
        elif found.st_gid == user.gid:
            allowed = found.st_mode & stat.S_IXGRP
        else:
            allowed = found.st_mode & stat.S_IXOTH
        if not allowed:
            return False
    return True


def reachable_program(program: Path, user: ServerUser, distribution: str) -> Path:
    """Return `program`, or a copy of its package that the server's user can run (a virtual environment below /root)."""
    if user.uid is None or _can_walk_to(program, user):
        return program
    site = package_folder(distribution.replace("-", "_")).parent
    home = _PROGRAM_CACHE / f"{distribution}-{importlib.metadata.version(distribution)}"
    try:
        _PROGRAM_CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
        if _PROGRAM_CACHE.stat().st_uid != 0 or not _can_walk_to(home, user):
            raise PermissionError(13, os.strerror(13))
        if not home.exists():
            part = home.with_name(f"{home.name}.{os.getpid()}")
            # The libraries of a repaired wheel lie beside the package.
            for folder in site.glob(f"{distribution.replace('-', '_')}*"):
                if folder.is_dir() and folder.suffix != ".dist-info":
                    shutil.copytree(folder, part / folder.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
            part.chmod(0o755)
            part.rename(home)
    except OSError as error:
        if not home.exists():
            raise EmbeddedServerMissing(
                f"用户 {user.uid} 无法访问 {program}，也无法复制到 {home}（{error.strerror}）；请把项目放到普通目录 / "
                f"the user {user.uid} may not read {program}, and it could not be copied to {home} ({error.strerror}): "
                "keep the project in a folder that others may enter, or start as an ordinary user"
            ) from error
    return home / program.relative_to(site)
