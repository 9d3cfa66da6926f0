"""The built pages as they are sent: packed for who can unpack them, each packing a thing of its own to caches."""

import gzip
from pathlib import Path

import httpx2 as httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from backend.transport.static import static_files

SCRIPT = b"export const text = 'cuedesk'\n" * 100
GZIP = gzip.compress(SCRIPT, mtime=0)
BROTLI = b"as if packed by brotli"


@pytest.fixture
def client(tmp_path: Path) -> httpx.AsyncClient:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>console</title>")
    script = tmp_path / "assets" / "app-1a2b3c.js"
    script.write_bytes(SCRIPT)
    Path(f"{script}.gz").write_bytes(GZIP)
    Path(f"{script}.br").write_bytes(BROTLI)
    app = Starlette(routes=[Mount("/", static_files(tmp_path))])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://pages")


async def raw(client: httpx.AsyncClient, path: str, accepts: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """Ask, and return the body as it came over the line."""
    async with client.stream("GET", path, headers={"accept-encoding": accepts, **headers}) as answer:
        return answer, b"".join([part async for part in answer.aiter_raw()])


@pytest.mark.parametrize(
    ("accepts", "packing"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("BR ; q=0.1", "br"),
        ("*", "br"),
        ("*;q=0, gzip", "gzip"),
        ("identity", None),
        ("", None),
        ("gzip;q=none", None),
    ],
)
async def test_a_file_is_sent_as_the_smallest_packing_that_the_browser_takes(
    client: httpx.AsyncClient, accepts: str, packing: str | None
) -> None:
    answer, body = await raw(client, "/assets/app-1a2b3c.js", accepts)
    assert answer.status_code == 200
    assert answer.headers.get("content-encoding") == packing
    assert body == {"br": BROTLI, "gzip": GZIP, None: SCRIPT}[packing]
    assert answer.headers["content-length"] == str(len(body))
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_each_packing_has_its_own_tag_and_is_not_sent_again_to_who_has_it(client: httpx.AsyncClient) -> None:
    tags = {}
    for accepts in ("br", "gzip", "identity"):
        answer, _ = await raw(client, "/assets/app-1a2b3c.js", accepts)
        tags[accepts] = answer.headers["etag"]
    assert len(set(tags.values())) == 3
    for accepts, tag in tags.items():
        again, body = await raw(client, "/assets/app-1a2b3c.js", accepts, **{"if-none-match": tag})
        assert (again.status_code, body) == (304, b"")
        assert (again.headers["vary"], again.headers["etag"]) == ("Accept-Encoding", tag)
        other, _ = await raw(client, "/assets/app-1a2b3c.js", "gzip", **{"if-none-match": tags["br"]})
        assert other.status_code == 200, "what one has packed otherwise is not what was asked for"


async def test_what_has_no_packing_is_sent_as_it_is_and_a_packing_by_name_is_bytes(client: httpx.AsyncClient) -> None:
    page, body = await raw(client, "/console/0190", "br, gzip")
    assert (body, page.headers.get("content-encoding"), page.headers.get("vary")) == (
        b"<title>console</title>",
        None,
        None,
    )
    packed, _ = await raw(client, "/assets/app-1a2b3c.js.gz", "gzip")
    assert packed.headers["content-type"] == "application/octet-stream"
    assert "content-encoding" not in packed.headers
