"""The database's epoch: it changes when a backup is restored, and cursors of another epoch are void."""

from backend.storage.postgres import Connection


async def current_epoch(conn: Connection) -> str:
    """Return the epoch the database is in."""
    epoch: str = await conn.fetchval("SELECT epoch::text FROM cluster_epoch")
    return epoch
