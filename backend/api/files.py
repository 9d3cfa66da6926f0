"""What answers that are files have in common."""

from urllib.parse import quote


def attachment(name: str) -> str:
    """Return the header that saves an answer under `name` (RFC 6266): its own form for those who read RFC 5987, what
    ASCII has of it for the others."""
    plain = "".join(char if char.isascii() and (char.isalnum() or char in " ._-") else "_" for char in name)
    safe = "".join("_" if char in '/\\:*?"<>|' or char < " " else char for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"
