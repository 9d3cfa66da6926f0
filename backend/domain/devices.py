"""Devices without a login: a screen or a remote that was paired with one room, and may do nothing but that.

A director opens a pairing: a code of six digits to type, and a link with a long secret. Either is good once and for
minutes. Whoever names it becomes a device with a token of its own; it ends when a day passes without use, when a
director ends it, or when whoever paired it leaves the team. Codes, secrets and tokens are kept as hashes only.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from backend.domain.people import Identity
from backend.errors import NotFound, RateLimited, Unauthenticated
from backend.ids import new_id
from backend.storage.postgres import Connection, interval

DeviceRole = Literal["display", "remote"]
PairingStatus = Literal["open", "used", "void", "expired"]

#: So many wrong codes, typed by anybody, make every code void that is open: one guess in 33,000 is as far as it gets.
MOST_WRONG: Final = 30
#: Open codes that a team may have at once; each is one more number that a guess may hit.
MOST_OPEN: Final = 20
_DIGITS: Final = 6


@dataclass(frozen=True)
class OpenedPairing:
    """A pairing as it is told once, to whoever opened it."""

    id: UUID
    role: DeviceRole
    code: str
    secret: str
    expires_at: datetime


@dataclass(frozen=True)
class Pairing:
    """What has become of a pairing, and of which device."""

    id: UUID
    role: DeviceRole
    status: PairingStatus
    expires_at: datetime
    device_id: UUID | None


@dataclass(frozen=True)
class Device:
    """A device that was paired with a room. `seen_at`: when it was last connected, to within half a minute."""

    id: UUID
    room_id: UUID
    role: DeviceRole
    name: str
    paired_by: UUID
    paired_by_name: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Paired:
    """A device, as it is told who it is."""

    identity: Identity
    room_id: UUID
    room_name: str


# The director's side ----------------------------------------------------------------------------------------------


async def open_pairing(
    conn: Connection, who: UUID, room_id: UUID, role: DeviceRole, key: bytes, ttl: float
) -> OpenedPairing:
    """Open a pairing of `ttl` seconds with a room of this tenant; the one this person had open there is closed.

    `key` is the server's own: the code's hash is worth nothing without it.

    Raises:
        RateLimited: the team has too many open.
    """
    await conn.execute(
        """DELETE FROM pairing_codes WHERE created_by = $1 AND room_id = $2 AND role = $3 AND device_id IS NULL""",
        who,
        room_id,
        role,
    )
    standing = await conn.fetchval(
        "SELECT count(*) FROM pairing_codes WHERE device_id IS NULL AND expires_at > clock_timestamp()"
    )
    if standing >= MOST_OPEN:
        raise RateLimited("too many pairings are open; close one", retry_after_ms=round(ttl * 1000))
    secret = secrets.token_urlsafe(32)
    for _ in range(20):  # a code that somebody has at the moment is not given out twice
        code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
        row = await conn.fetchrow(
            """INSERT INTO pairing_codes (id, room_id, role, code_hash, secret_hash, created_by, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + $7) ON CONFLICT DO NOTHING
               RETURNING id, expires_at""",
            new_id(),
            room_id,
            role,
            _keyed(key, code),
            _digest(secret),
            who,
            interval(ttl),
        )
        if row is not None:
            return OpenedPairing(row["id"], role, code, secret, row["expires_at"])
    raise RateLimited("no code is free at the moment", retry_after_ms=1000)


async def get_pairing(conn: Connection, room_id: UUID, pairing_id: UUID) -> Pairing:
    """Return what has become of a pairing.

    Raises:
        NotFound: the room has (or keeps) no such pairing.
    """
    row = await conn.fetchrow(
        """SELECT id, role, expires_at, device_id,
                  CASE WHEN device_id IS NOT NULL THEN 'used' WHEN expires_at <= clock_timestamp() THEN 'expired'
                       WHEN wrong >= $3 THEN 'void' ELSE 'open' END AS status
           FROM pairing_codes WHERE id = $1 AND room_id = $2""",
        pairing_id,
        room_id,
        MOST_WRONG,
    )
    if row is None:
        raise NotFound("there is no such pairing")
    return Pairing(**row)


async def close_pairing(conn: Connection, room_id: UUID, pairing_id: UUID) -> None:
    """Close a pairing: neither code nor link is good for anything any more. The device it made stays."""
    await conn.execute("DELETE FROM pairing_codes WHERE id = $1 AND room_id = $2", pairing_id, room_id)


async def list_devices(conn: Connection, room_id: UUID) -> list[Device]:
    """Return the devices that are paired with a room, the latest first."""
    rows = await conn.fetch(
        """SELECT d.id, d.room_id, d.role, d.name, d.paired_by, u.name AS paired_by_name, d.created_at, d.seen_at,
                  d.expires_at
           FROM room_devices d JOIN users u ON u.id = d.paired_by
           WHERE d.room_id = $1 AND d.revoked_at IS NULL AND d.expires_at > clock_timestamp() ORDER BY d.id DESC""",
        room_id,
    )
    return [Device(**row) for row in rows]


async def revoke_device(conn: Connection, room_id: UUID, device_id: UUID) -> str:
    """End a device and return its name; its sockets are closed after commit.

    Raises:
        NotFound: the room has no such device, or no longer.
    """
    name: str | None = await conn.fetchval(
        """UPDATE room_devices SET revoked_at = clock_timestamp()
           WHERE id = $1 AND room_id = $2 AND revoked_at IS NULL AND expires_at > clock_timestamp() RETURNING name""",
        device_id,
        room_id,
    )
    if name is None:
        raise NotFound("there is no such device")
    return name


async def stands(conn: Connection, device_id: UUID) -> bool:
    """Return whether this device may still be there; if so it stays until the transaction ends."""
    found: bool | None = await conn.fetchval("SELECT auth_hold_device($1)", device_id)
    return bool(found)


# The device's side; these connections come from `db.system()` ------------------------------------------------------


async def pair(
    conn: Connection, *, code: str | None, secret: str | None, key: bytes, name: str, address: str, unused: float
) -> str | None:
    """Use up a code, or else the secret of a link, and return the token of the device that comes of it.

    None when there is none that is open. The transaction has to commit then, too: the try counts.
    """
    token = secrets.token_urlsafe(32)
    device = await conn.fetchval(
        "SELECT device_id FROM auth_pair_device($1, $2, $3, $4, $5, $6, $7)",
        _keyed(key, code) if code is not None else None,
        _digest(secret) if code is None and secret is not None else None,
        _digest(token),
        name,
        address,
        interval(unused),
        MOST_WRONG,
    )
    return token if device is not None else None


async def device_of_token(conn: Connection, token: str, unused: float) -> Paired:
    """Return the device that holds this token; it has `unused` seconds again.

    Raises:
        Unauthenticated: none does: never paired, ended, or not used for too long.
    """
    row = await conn.fetchrow("SELECT * FROM auth_device($1, $2)", _digest(token), interval(unused))
    if row is None:
        raise Unauthenticated("this device is not paired, or no longer")
    identity = Identity(
        user_id=row["device_id"],
        name=row["name"],
        email="",
        tenant_id=row["tenant_id"],
        tenant_name=row["tenant_name"],
        role=row["role"],
        session_id=row["device_id"],
        expires_at=row["expires_at"],
        room_id=row["room_id"],
        paired_by=row["paired_by"],
    )
    return Paired(identity, row["room_id"], row["room_name"])


async def end_device(conn: Connection, token: str) -> None:
    """End the device that holds this token, if one does."""
    await conn.execute("SELECT auth_end_device($1)", _digest(token))


async def standing_devices(conn: Connection, ids: list[UUID], unused: float, *, seen: bool) -> dict[UUID, datetime]:
    """Return which of these devices may still be there, and until when. `seen`: they have the whole time again."""
    rows = await conn.fetch("SELECT * FROM auth_standing_devices($1::uuid[], $2, $3)", ids, interval(unused), seen)
    return {row["device_id"]: row["expires_at"] for row in rows}


def _keyed(key: bytes, code: str) -> bytes:
    return hmac.new(key, f"pairing {code}".encode(), hashlib.sha256).digest()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
