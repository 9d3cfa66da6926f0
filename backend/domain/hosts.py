"""Hosts: the people in front of the camera, how they speak and to whom."""

import dataclasses
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.errors import Conflict, NotFound, PhrasesOff, VersionConflict
from backend.storage.postgres import Connection, UniqueViolation

_COLUMNS = "id, name, voice, audience, pace, catchphrases, taboo_words, version, created_at, updated_at"

#: What has to fit each other.
PHRASES = frozenset({"catchphrases", "taboo_words"})


@dataclass(frozen=True)
class Host:
    """A host's profile. `pace` is characters a minute; `taboo_words` never come over this host's lips."""

    id: UUID
    name: str
    voice: str
    audience: str
    pace: int
    catchphrases: Sequence[str]
    taboo_words: Sequence[str]
    version: int
    created_at: datetime
    updated_at: datetime

    def brief(self) -> dict[str, Any]:
        """Return what the writer is told, as plain JSON without empty values."""
        brief: dict[str, Any] = {
            "name": self.name,
            "voice": self.voice,
            "audience": self.audience,
            "pace": self.pace,
            "catchphrases": list(self.catchphrases),
            "taboo_words": list(self.taboo_words),
        }
        return {key: value for key, value in brief.items() if value not in ("", [])}


def contradicting(catchphrases: Sequence[str], taboo_words: Sequence[str]) -> list[tuple[str, str]]:
    """Return the catchphrases that hold a word which is not to be said, each with that word."""
    said = (
        (phrase, next((word for word in taboo_words if _bare(word) in _bare(phrase)), "")) for phrase in catchphrases
    )
    return [(phrase, word) for phrase, word in said if word]


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _require_consistent(catchphrases: Sequence[str], taboo_words: Sequence[str]) -> None:
    found = contradicting(catchphrases, taboo_words)
    if found:
        raise PhrasesOff(
            errors=[
                {
                    "field": "body.catchphrases",
                    "message": "a catchphrase holds a word that is not to be said",
                    "type": "catchphrase_taboo",
                    "limits": {"phrase": phrase, "word": word},
                }
                for phrase, word in found
            ]
        )


async def list_hosts(
    conn: Connection, q: str | None = None, before: UUID | None = None, limit: int = 200
) -> list[Host]:
    """Return hosts whose name holds `q`, newest first, those made before the host `before`."""
    rows = await conn.fetch(
        f"""SELECT {_COLUMNS} FROM hosts
            WHERE ($1::text IS NULL OR position(lower($1) IN lower(name)) > 0) AND ($2::uuid IS NULL OR id < $2)
            ORDER BY id DESC LIMIT $3""",
        q,
        before,
        limit,
    )
    return [Host(**row) for row in rows]


async def get_host(conn: Connection, host_id: UUID) -> Host:
    """Return the host.

    Raises:
        NotFound: this tenant has no such host.
    """
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM hosts WHERE id = $1", host_id)
    if row is None:
        raise NotFound
    return Host(**row)


async def by_names(conn: Connection, names: Sequence[str]) -> dict[str, Host]:
    """Return the hosts that have one of these names, by name."""
    rows = await conn.fetch(f"SELECT {_COLUMNS} FROM hosts WHERE name = ANY ($1)", list(names))
    return {row["name"]: Host(**row) for row in rows}


async def create_host(
    conn: Connection,
    *,
    name: str,
    voice: str = "",
    audience: str = "",
    pace: int = 260,
    catchphrases: Sequence[str] = (),
    taboo_words: Sequence[str] = (),
) -> Host:
    """Add a host.

    Raises:
        PhrasesOff: a catchphrase holds a word that this host does not say.
        Conflict: a host of this name is there already.
    """
    _require_consistent(catchphrases, taboo_words)
    try:
        row = await conn.fetchrow(
            f"""INSERT INTO hosts (name, voice, audience, pace, catchphrases, taboo_words)
                VALUES ($1, $2, $3, $4, $5, $6) RETURNING {_COLUMNS}""",
            name,
            voice,
            audience,
            pace,
            list(catchphrases),
            list(taboo_words),
        )
    except UniqueViolation:
        raise Conflict("a host of this name is there already", field="name") from None
    assert row is not None
    return Host(**row)


async def update_host(conn: Connection, host_id: UUID, version: int, changes: Mapping[str, Any]) -> Host:
    """Change the fields named in `changes` if the host is still at `version`; the version then counts up.

    Raises:
        NotFound: this tenant has no such host.
        VersionConflict: somebody changed it meanwhile.
        PhrasesOff: a catchphrase holds a word that this host does not say.
        Conflict: another host has the new name.
    """
    host = dataclasses.replace(await get_host(conn, host_id), **changes)
    if PHRASES & changes.keys():
        _require_consistent(host.catchphrases, host.taboo_words)
    try:
        row = await conn.fetchrow(
            f"""UPDATE hosts SET name = $3, voice = $4, audience = $5, pace = $6, catchphrases = $7, taboo_words = $8,
                  version = version + 1, updated_at = now()
                WHERE id = $1 AND version = $2 RETURNING {_COLUMNS}""",
            host_id,
            version,
            host.name,
            host.voice,
            host.audience,
            host.pace,
            list(host.catchphrases),
            list(host.taboo_words),
        )
    except UniqueViolation:
        raise Conflict("a host of this name is there already", field="name") from None
    if row is None:
        raise VersionConflict(version=(await get_host(conn, host_id)).version)
    return Host(**row)


async def delete_host(conn: Connection, host_id: UUID) -> None:
    """Remove the host; rooms, threads and scripts stay, without a host.

    Raises:
        NotFound: this tenant has no such host.
    """
    if await conn.fetchval("DELETE FROM hosts WHERE id = $1 RETURNING id", host_id) is None:
        raise NotFound
