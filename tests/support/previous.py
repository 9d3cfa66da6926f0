"""The code of the previous release as a tree of files, out of the project's own history."""

import io
import subprocess
import tarfile
from pathlib import Path

from tests.support.processes import ROOT

#: What is in production while this version is deployed. Moves on with each release (docs/operations.md); its schema is
#: the one that this version's migrations begin from.
PREVIOUS_RELEASE = "14daf08657ba32acea472a498e16800bbda566a5"


def previous_release(folder: Path) -> Path:
    """Unpack the previous release's `backend` and `alembic` into `folder` and return it.

    Fails when the clone does not hold that commit: a shallow clone has to be deepened (`git fetch --unshallow`).
    """
    packed = subprocess.run(
        ["git", "-C", str(ROOT), "archive", PREVIOUS_RELEASE, "backend", "alembic"],
        capture_output=True,
        check=False,
    )
    assert packed.returncode == 0, (
        f"the previous release {PREVIOUS_RELEASE} is not in this clone's history; a shallow clone needs "
        f"`git fetch --unshallow`: {packed.stderr.decode().strip()}"
    )
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as tree:
        if hasattr(tarfile, "data_filter"):
            tree.extractall(folder, filter="data")
        else:  # Python 3.11.3 and older; what git packed here is our own
            tree.extractall(folder)
    return folder
