"""The built pages, sent as the build packed them: assets cached for a year, pages never, scripts of others kept out."""

import os
from mimetypes import guess_type
from pathlib import Path
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

#: Styles may be inline because the component library writes them at run time; scripts may not.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


#: How the build packs a file (`frontend/scripts/pack.mjs`) and the ending of what lies beside it, the smallest first.
_PACKED: Final = {"br": ".br", "gzip": ".gz"}

#: Pages of their own that are asked for by a short path.
_NAMED: Final = {"remote": "remote.html", "pair": "pair.html"}


class Pages(StaticFiles):
    """Files of the build. A path of the console's own router gets the console's page."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, the console's page, or 404 for what looks like a file or belongs to the API."""
        try:
            response = await super().get_response(_NAMED.get(path, path), scope)
        except HTTPException as error:
            if error.status_code != 404 or path.startswith("api/") or "." in path.rpartition("/")[2]:
                raise
            response = await super().get_response("index.html", scope)
        fingerprinted = path.startswith("assets/")
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if fingerprinted else "no-cache"
        response.headers.update(SECURITY_HEADERS)
        return response

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return the file, as the smallest of its packings that the browser takes: each has an ETag of its own."""
        request = Headers(scope=scope)
        packings = {name: found for name, ending in _PACKED.items() if (found := _stat(f"{full_path}{ending}"))}
        chosen = next((name for name in packings if _takes(request.get("accept-encoding", ""), name)), None)
        path = f"{full_path}{_PACKED[chosen]}" if chosen else full_path
        # The kind of the file, not of its packing. Whoever asks for a packing by its name gets so many bytes.
        kind, encoding = guess_type(str(full_path))
        kind = "application/octet-stream" if encoding else kind
        response = FileResponse(
            path, status_code=status_code, stat_result=packings[chosen] if chosen else stat_result, media_type=kind
        )
        if packings:
            response.headers["vary"] = "Accept-Encoding"
        if chosen:
            response.headers["content-encoding"] = chosen
        return NotModifiedResponse(response.headers) if self.is_not_modified(response.headers, request) else response


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


def _takes(accepted: str, name: str) -> bool:
    """Say whether an `Accept-Encoding` lets an answer be packed like this (RFC 9110, 12.5.3)."""
    weights = {}
    for part in accepted.lower().split(","):
        coding, _, parameters = part.partition(";")
        weight = parameters.partition("q=")[2].strip() or "1"
        try:
            weights[coding.strip()] = float(weight)
        except ValueError:
            weights[coding.strip()] = 0.0
    return weights.get(name, weights.get("*", 0.0)) > 0


def static_files(folder: Path) -> Any:
    """Return what serves the built frontend in `folder`; a notice where it was not built."""
    if (folder / "index.html").is_file():
        return Pages(directory=folder, html=True)

    async def not_built(scope: Scope, receive: Any, send: Any) -> None:
        notice = PlainTextResponse(
            "界面还没有构建，请运行 make build。API 文档在 /docs。\n"
            "The pages are not built yet: run `make build`. The API is described at /docs.\n",
            status_code=404,
        )
        await notice(scope, receive, send)

    return not_built
