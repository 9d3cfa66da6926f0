"""The built pages: hashed assets cached for a year, pages never, and the headers that keep scripts of others out."""

from pathlib import Path
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
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
