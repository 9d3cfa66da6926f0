"""One HTTP exchange with a provider: send, wait no longer than allowed, read events or a whole answer, hang up."""

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol

import httpx2
import orjson

from backend.errors import ModelError, ModelPayloadInvalid, ModelRefused, ModelStreamCut, ModelTimeout, ModelUnreachable
from backend.llm.deadlines import Deadlines, Patience, Wait
from backend.llm.endpoint import Attempt
from backend.llm.failures import reported
from backend.llm.gateway import Answer, ModelRequest, Piece
from backend.llm.lines import LineBody, NoChunks, body_of, open_client
from backend.llm.profiles import Profile
from backend.llm.reading import Reading
from backend.llm.sse import SseReader

#: Seconds for the usage report and the end of the stream once the text is complete; nobody should wait for it longer.
_GRACE: Final = 1.0
#: Seconds for the words of a refusal: its status says what it is.
_WORDS_OF_A_REFUSAL: Final = 1.5
_MAX_ERROR_BYTES: Final = 16 * 1024
_MAX_ANSWER_BYTES: Final = 8 * 1024 * 1024
#: Of a streamed answer with all that is around its tokens: the longest we ask for takes half of it.
_MAX_STREAM_BYTES: Final = 32 * 1024 * 1024
#: A day. Who asks for a longer pause says no more than that, and numbers without end break who reads them in JSON.
_LONGEST_RETRY_AFTER_MS: Final = 86_400_000


class Dialect(Protocol):
    """How requests are written and answers are read."""

    @property
    def path(self) -> str: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def body(self, request: ModelRequest, model: str, profile: Profile, *, stream: bool) -> dict[str, Any]: ...

    def reading(self, request: ModelRequest, profile: Profile) -> Reading: ...


class HttpEndpoint:
    """One model of one provider. Holds a connection pool: close it with `aclose`."""

    def __init__(self, dialect: Dialect, profile: Profile, *, base_url: str, api_key: str | None, model: str) -> None:
        self._dialect = dialect
        self._profile = profile
        self._model = model
        self._url = httpx2.URL(base_url.rstrip("/") + dialect.path)  # read once, and not for each request
        headers = {"Accept-Encoding": "identity", "Content-Type": "application/json", **dialect.headers}
        if api_key:
            bearer = profile.key_header == "Authorization"
            headers[profile.key_header] = f"Bearer {api_key}" if bearer else api_key
        self._client = open_client(
            headers=headers,
            timeout=None,  # the waits are ours (deadlines.py)
            # No ceiling because runs have one. Those kept free are as many as stream at once on a busy day: opening a
            # line costs more than a whole answer of sixty tokens.
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=256, keepalive_expiry=30),
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def stream(self, request: ModelRequest, attempt: Attempt) -> AsyncGenerator[Piece, None]:
        waits = _Waits(attempt, "first_token")
        until = waits.patience.until
        response: httpx2.Response | None = None
        answer = self._dialect.reading(request, self._profile_for(attempt))
        try:
            response = await until(self._send(request, attempt, stream=True))
            if response.status_code != 200:
                raise await self._refusal(response, waits.seconds_left())
            if not _is(response, "text/event-stream"):
                raise ModelPayloadInvalid(reason="wrong_content_type", status=200)
            body = body_of(response)
            patience, left, reader = waits.patience, _MAX_STREAM_BYTES, SseReader()
            # What comes the short way is told itself that it took too long: a token costs less than `until` then.
            watched = body.give_up if isinstance(body, LineBody) else None
            chunks = _Patient(body, patience) if watched is None else body
            patience.watch()
            while not answer.done:
                patience.watched = watched
                try:
                    chunk = await anext(chunks)
                except (StopAsyncIteration, ModelTimeout, httpx2.HTTPError) as end:
                    _allow(end, finished=waits.finished(answer))
                    answer.read_rest(reader.finish())
                    break
                finally:
                    patience.watched = None
                left -= len(chunk)
                if left < 0:  # it would go on until the last deadline, as fast as the line is
                    raise ModelPayloadInvalid(reason="answer_too_long")
                for data in reader.feed(chunk):
                    ended = answer.finish_reason
                    if (piece := answer.read(data)) is not None:
                        if answer.finish_reason is not None:
                            waits.said_at_the_end(behind_it=ended is not None)
                        yield piece
                waits.after_chunk(answer)
            answer.refuse_no_end()
            yield answer.last_piece()
            await _drain(body)
        finally:
            answer.note(attempt.meter)
            waits.patience.close()
            if response is not None:
                await response.aclose()

    async def complete(self, request: ModelRequest, attempt: Attempt) -> Answer:
        waits = _Waits(attempt, "answer")
        until = waits.patience.until
        response: httpx2.Response | None = None
        answer = self._dialect.reading(request, self._profile_for(attempt))
        try:
            response = await until(self._send(request, attempt, stream=False))
            if response.status_code != 200:
                raise await self._refusal(response, waits.seconds_left())
            if not _is(response, "application/json"):
                raise ModelPayloadInvalid(reason="wrong_content_type", status=200)
            body = bytearray()
            try:
                await until(_read(response, body, _MAX_ANSWER_BYTES))
            except BaseException:  # whoever leaves in the middle too
                answer.glimpse(body)
                raise
            return self._whole(answer, body)
        finally:
            answer.note(attempt.meter)
            waits.patience.close()
            if response is not None:
                await response.aclose()

    def _whole(self, answer: Reading, body: bytearray) -> Answer:
        try:
            report = answer.parsed(body)
        except orjson.JSONDecodeError:
            answer.glimpse(body)
            raise ModelPayloadInvalid(reason="not_json") from None
        if not isinstance(report, dict):
            raise ModelPayloadInvalid(reason="not_an_object")
        if report.get("error"):
            raise reported(0, report, self._profile.codes)
        try:
            answer.take_whole(report)
        except (AttributeError, LookupError, TypeError, ValueError):
            raise ModelPayloadInvalid(reason="unexpected_shape") from None
        return answer.answer()

    def _profile_for(self, attempt: Attempt) -> Profile:
        profile = self._profile
        return profile if attempt.shaping in (None, profile.shaping) else replace(profile, shaping=attempt.shaping)

    async def _send(self, request: ModelRequest, attempt: Attempt, *, stream: bool) -> httpx2.Response:
        profile = self._profile_for(attempt)
        try:
            body = {**self._dialect.body(request, self._model, profile, stream=stream), **attempt.extra}
            content = orjson.dumps(body)
        except (TypeError, ValueError, RecursionError):  # a number of more than 64 bits, or nested without end
            raise ModelRefused(reason="not_json") from None
        headers = {"Accept": "text/event-stream" if stream else "application/json"}
        if self._profile.idempotency_header:
            headers[self._profile.idempotency_header] = attempt.idempotency_key
        timeout = httpx2.Timeout(None, connect=attempt.deadlines.connect)
        sent = self._client.build_request("POST", self._url, content=content, headers=headers, timeout=timeout)
        try:
            return await self._client.send(sent, stream=True)
        except httpx2.ConnectTimeout:
            raise ModelTimeout(kind="connect") from None
        except (httpx2.TransportError, UnicodeError, OverflowError) as error:  # the last two: no such host, or port
            raise _before_the_head(error) from None

    async def _refusal(self, response: httpx2.Response, seconds_left: float) -> ModelError:
        """Return what a status other than 200 means. Its body says more, when it comes."""
        body = bytearray()
        report: object = None
        with suppress(ModelError, TimeoutError):
            async with asyncio.timeout(min(_WORDS_OF_A_REFUSAL, seconds_left)):
                await _read(response, body, _MAX_ERROR_BYTES)
        with suppress(orjson.JSONDecodeError):
            report = orjson.loads(body)
        return reported(response.status_code, report, self._profile.codes, retry_after_ms(response.headers))


class _Waits:
    """Which wait comes next."""

    __slots__ = ("_ending", "_give_up_at", "_idle", "_loosely", "_now", "_said_on", "patience")

    def __init__(self, attempt: Attempt, first: Wait) -> None:
        self._idle = attempt.deadlines.idle
        self._give_up_at = attempt.give_up_at
        self._now = asyncio.get_running_loop().time
        self.patience = Patience()
        self._ending = False
        #: Whether text came with the word for the end, and whether some came after it: that word is none then.
        self._loosely = self._said_on = False
        self._begin(first, _seconds(attempt.deadlines, first))

    def seconds_left(self) -> float:
        """Return for how long the wait that runs goes on."""
        return max(0.0, self.patience.when - self._now())

    def said_at_the_end(self, *, behind_it: bool) -> None:
        """Take note of text that came with the word for the end, or behind it. Some proxies say that word in every
        event: more may come, and is waited for as before, but from one text to the next only."""
        self._loosely, self._said_on = True, self._said_on or behind_it
        self._begin("idle", self._idle)

    def finished(self, answer: Reading) -> bool:
        """Tell whether all is said, so that what comes now may break off: an end after which more came is no end."""
        return answer.finish_reason is not None and not self._said_on

    def after_chunk(self, answer: Reading) -> None:
        """Start the next wait. Comments do not make a first token; any byte keeps a begun answer alive."""
        patience = self.patience
        if answer.finish_reason is not None:
            if not self._ending and not self._loosely:  # once: what goes on saying nothing keeps nobody waiting
                self._ending = True
                self._begin("idle", _GRACE)
        elif answer.begun:
            self._begin("idle", self._idle)
        if patience.alarm_at > patience.when:
            patience.watch()

    def _begin(self, wait: Wait, seconds: float) -> None:
        when, patience = self._now() + seconds, self.patience
        if when > self._give_up_at:
            wait, when = "total", self._give_up_at
        patience.wait, patience.when = wait, when


def _seconds(deadlines: Deadlines, wait: Wait) -> float:
    return deadlines.first_token if wait == "first_token" else deadlines.answer


def _before_the_head(error: Exception) -> ModelError:
    """Return what it means that no head came. Only nobody at the address is a fault of all models behind it."""
    reason = type(error).__name__
    if isinstance(error, httpx2.RemoteProtocolError):
        # Of bytes that are no head HTTP's own reader says so, and is the cause; that the line ended has none.
        read_wrong = error.__cause__ is not None and error.__cause__.__cause__ is not None
        return ModelPayloadInvalid(reason=reason) if read_wrong else ModelStreamCut(reason=reason)
    if isinstance(error, (httpx2.NetworkError, httpx2.TimeoutException)) and not isinstance(
        error, (httpx2.ConnectError, httpx2.PoolTimeout)
    ):
        return ModelStreamCut(reason=reason)
    return ModelUnreachable(reason=reason)


def _is(response: httpx2.Response, media_type: str) -> bool:
    return str(response.headers.get("content-type", "")).lower().startswith(media_type)


class _Patient:
    """What comes the long way, for as long as there is patience."""

    def __init__(self, body: AsyncIterator[bytes], patience: Patience) -> None:
        self._body = body
        self._patience = patience

    def __aiter__(self) -> "_Patient":
        return self

    async def __anext__(self) -> bytes:
        return await self._patience.until(anext(self._body))


def _allow(end: Exception, *, finished: bool) -> None:
    """Raise what it means that the bytes ended so. A `finished` answer may end in any way, a hanging line included."""
    if isinstance(end, ModelTimeout) and not finished:
        raise end
    if isinstance(end, NoChunks) and not finished:
        raise ModelPayloadInvalid(reason="no_chunks") from None
    if isinstance(end, httpx2.TransportError) and not finished:
        raise ModelStreamCut from None
    if isinstance(end, httpx2.HTTPError) and not finished:
        raise ModelPayloadInvalid(reason="undecodable") from None


async def _read(response: httpx2.Response, body: bytearray, most: int) -> None:
    """Read all of it into `body`, which holds what came when it ends too early."""
    try:
        async for chunk in body_of(response):
            body += chunk
            if len(body) > most:
                raise ModelPayloadInvalid(reason="answer_too_long")
    except NoChunks:
        raise ModelPayloadInvalid(reason="no_chunks") from None
    except httpx2.TransportError:
        raise ModelStreamCut from None
    except httpx2.HTTPError:
        raise ModelPayloadInvalid(reason="undecodable") from None


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    # Reading to the end lets the connection serve again; the last piece is already with the caller.
    try:
        async with asyncio.timeout(0.2):
            async for _ in chunks:
                pass
    except (TimeoutError, httpx2.HTTPError):
        return


def retry_after_ms(headers: Mapping[str, str]) -> int | None:
    """Return how long the provider asks us to wait, however it writes that; a day at most."""
    for name, unit in (("retry-after-ms", 1), ("retry-after", 1000)):
        value = headers.get(name)
        if not value:
            continue
        try:
            asked = float(value) * unit
        except ValueError:
            asked = _until(value)
        if math.isfinite(asked):
            return int(min(max(0.0, asked), _LONGEST_RETRY_AFTER_MS))
    return None


def _until(date: str) -> float:
    """Return the milliseconds until a date of a header; NaN when it is none."""
    try:
        moment = parsedate_to_datetime(date)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (moment - datetime.now(UTC)).total_seconds() * 1000
    except (ValueError, OverflowError):
        return math.nan
