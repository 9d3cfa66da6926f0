"""One logical call: which backend is next, after what pause, and when it is over. No input or output here."""

import math
import random
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final

import structlog

from backend.errors import (
    ModelBudgetSpent,
    ModelBusy,
    ModelContextTooLong,
    ModelError,
    ModelIncapable,
    ModelRateExceeded,
    ModelRefused,
    ModelResting,
)
from backend.ids import new_id
from backend.llm.accounts import CallRecord, CallTexts, Hop, Particulars, Reason, Spent, Status, cost_of, summed
from backend.llm.backends import Course, OpenBackend
from backend.llm.breaker import Permit
from backend.llm.budget import USUAL_OUTPUT, Reservation
from backend.llm.deadlines import Deadlines
from backend.llm.endings import is_known
from backend.llm.endpoint import Attempt, Meter
from backend.llm.failures import may_be_asked_for, policy_of
from backend.llm.gateway import (
    Ability,
    Answer,
    ModelRequest,
    Piece,
    Usage,
    called,
    estimated_input,
    estimated_usage,
    needs,
    plain_question,
    written,
)
from backend.llm.parameters import with_parameters, with_words, within
from backend.llm.profiles import Shaping
from backend.llm.retry import LAST_RETRY_BESIDE_ANOTHER, LAST_RETRY_OF_SHARE, LEFT_WITHIN, pause_before
from backend.llm.shaping import turns_told

log = structlog.get_logger(__name__)

#: Our count of tokens is an estimate: only what is far too long is not even sent.
_SURELY_TOO_LONG: Final = 1.25
#: Seconds that a provider's Retry-After keeps it from being asked while another answers.
_LONGEST_REST: Final = 60.0


class Call:
    """Begins with the first backend of its course. Each `turn` is an attempt; `after` says what follows a failure."""

    def __init__(self, request: ModelRequest, course: Course, clock: Callable[[], float], *, streamed: bool) -> None:
        if not course.backends:
            raise ModelRefused("No model is declared for this.", purpose=request.purpose)
        self._request = request
        self._course = course
        self._clock = clock
        self._streamed = streamed
        self._started = self._backend_since = clock()
        self._give_up_at = self._started + course.deadlines.total
        #: When somebody first failed, or failed again after it had begun to answer.
        self._failed_at: float | None = None
        self._id = request.call_id or new_id()
        self._place = 0
        self._retries = 0
        self._attempts = 0
        self._hops: list[Hop] = []
        self._errors: list[ModelError] = []
        self._condemned: set[str] = set()
        #: The rung of the backend's ladder, once it was asked for an answer of a shape, and those it was refused on.
        self._rung: Shaping | None = None
        self._refused_on: list[tuple[Shaping, ModelError]] = []
        self._permit: Permit | None = None
        #: What tells the question from others, once somebody wanted to know.
        self._mark: bytes | None = None
        self._text: list[str] = []
        #: What the attempt under way has thought so far: made and paid for, though nobody was shown it.
        self._thoughts: list[str] = []
        #: What was sent last, what that came to, and why the answer ended.
        self._sent, self._meter = request, Meter()
        self._finish_reason: str | None = None
        self._shown = False
        self._first_token_at: float | None = None
        self._status: Status = "failed"
        self._failure: Reason | None = "unknown"
        self._usage: Usage | None = None
        #: What every attempt used, abandoned ones too, and the one of the last turn, if it came to anything.
        self._parts: list[Spent] = []
        self._part: Spent | None = None
        self._refusal: str | None = None
        self._needs = needs(request)
        self._pass_over_who_cannot()

    def _pass_over_who_cannot(self) -> None:
        """Begin with the first backend that takes what is asked for, if there is one."""
        backends = self._course.backends
        able = next((place for place, one in enumerate(backends) if self._lacking(one) is None), 0)
        for backend in backends[:able]:
            self._hop(backend, "unsupported")
        self._place = able

    def _lacking(self, backend: OpenBackend) -> Ability | None:
        """Return what is asked for and not taken by the backend."""
        return next((ability for ability in self._needs if ability in backend.profile.lacks), None)

    def reservation(self) -> Reservation | None:
        """Return what it may use at most, whichever backend answers; None on nobody's account."""
        request, caller = self._request, self._request.caller
        if caller is None:
            return None
        tokens, dearest, currency = 0, Decimal(0), "USD"
        for backend in self._course.backends:
            if self._lacking(backend) is not None:
                continue
            declared = backend.declared
            bound = within(
                with_parameters(request, declared.parameters, self._course.parameters), declared.limits.output
            )
            # The most it may be told: what is found out may be that it must be told in words.
            turns = turns_told(request, backend.ladder.declared or "words")
            asked = estimated_input(turns, request.tools)
            output = USUAL_OUTPUT if bound.max_tokens is None else bound.max_tokens
            tokens = max(tokens, asked + output)
            cost, of_backend = cost_of(Usage(asked, output, estimated=True), declared.prices)
            if cost > dearest:
                dearest, currency = cost, of_backend
        return Reservation(self._id, caller.tenant_id, tokens, dearest, currency, self._course.deadlines.total)

    def waits_for_room(self, error: ModelRateExceeded) -> float | None:
        """Return the pause before it asks for room again; None, and it is refused, when the caller's patience ends."""
        caller = self._request.caller
        # A little spread on top, or all that were told the same moment come back in it.
        pause = (error.retry_after_ms or 0) / 1000 * random.uniform(1, 1.1)  # noqa: S311
        if caller is None or self._clock() + pause > self._started + caller.patience:
            self.refused(error)
            return None
        return pause

    def refused(self, error: ModelError) -> None:
        """It is over before it began: nothing is left of a budget."""
        self._status, self._failure, self._refusal = "refused", error.failure, str(error.details.get("reason", ""))

    def shared_failure(self, error: ModelError) -> CallRecord:
        """Return the account of one that waited for the same call of somebody else, which failed."""
        if isinstance(error, ModelBudgetSpent):
            self.refused(error)
        else:
            self._failure = error.failure
        return self.record()

    @property
    def backend(self) -> OpenBackend:
        return self._course.backends[self._place]

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[tuple[OpenBackend, ModelRequest, Attempt]]:
        """Take leave to ask the backend, and tell its breaker how it went.

        Raises:
            ModelResting, ModelBusy, ModelContextTooLong, ModelIncapable: it is not even asked.
        """
        backend = self.backend
        if (lacking := self._lacking(backend)) is not None:
            raise ModelIncapable.of(lacking)
        self._thoughts, self._part = [], None
        if not self._attempts and not self._errors:
            self._backend_since = self._clock()  # waiting for room in a budget was no fault of the backend
        request = with_parameters(self._request, backend.declared.parameters, self._course.parameters)
        request = within(request, backend.declared.limits.output)
        self._sent = request
        self._refuse_what_is_far_too_long(backend)
        caller = self._request.caller
        time_left = max(0.0, self._give_up_at - self._clock())
        patience = min(self._course.deadlines.connect, self._seconds_left(), time_left)
        async with backend.place(caller.tenant_id if caller else None, patience):
            permit = self._permit = backend.breaker.enter(self._asked)
            if permit is None:
                raise ModelResting(retry_after_ms=int(backend.breaker.rests_for_question(self._asked) * 1000) + 1)
            self._attempts += 1
            extra = {**backend.declared.parameters.extra, **self._course.parameters.extra}
            shaping = self._shaping(backend, extra)
            key = f"{self._id.hex}-{self._place}"
            if self._refused_on:
                key += f"-{shaping}"  # it is another request: with the old key the refusal may be said again
            attempt = Attempt(self._deadlines(), self._give_up_at, key, extra, shaping)
            try:
                yield backend, with_words(request, shaping), attempt
                permit.succeed()
            except ModelError as error:
                if policy_of(error).counts:
                    permit.fail(self._asked() if may_be_asked_for(error) else None)
                elif isinstance(error, ModelRefused):
                    permit.succeed()  # it answers: what we asked was wrong
                raise
            except Exception as error:  # of a package, or our own: whoever asked is told of a model that failed
                log.exception("model_endpoint_broke", backend=backend.name, error=type(error).__name__)
                permit.fail(self._asked())
                raise ModelError(reason=type(error).__name__[:40]) from error
            finally:
                permit.leave()
                self._charge(backend, attempt)

    def _asked(self) -> Hashable | None:
        """Return what a tenant asked, all of it: what fails of it again may be its own fault. None on nobody's account.

        A prompt or a schema that makes a provider fail would take it from everybody by being asked again, be it by our
        own retries. Nothing less than all of it: a service asks by one schema, with another text each time, and that
        all of these fail says more.
        """
        caller = self._request.caller
        if caller is None:
            return None
        if self._mark is None:
            self._mark = blake2b(written(plain_question(self._request)), digest_size=16).digest()
        return caller.tenant_id, self._mark

    def _charge(self, backend: OpenBackend, attempt: Attempt) -> None:
        """Keep what an attempt used, answered or not, at its backend's own prices."""
        self._meter = attempt.meter
        usage = self._usage or attempt.meter.usage
        if usage is None and (self._shown or self._thoughts):
            # Nobody counts the tokens of an answer that broke off, but what came was made.
            told = "".join(self._text) + called(self._meter.tool_calls)
            usage = estimated_usage(self._request, told, "".join(self._thoughts))
        if usage is None:
            return  # nothing of one that never began
        declared = backend.declared
        cost, currency = cost_of(usage, declared.prices)
        where = backend.whereabouts
        self._part = Spent(backend.name, declared.provider, declared.model, usage, cost, currency, where)
        self._parts.append(self._part)

    def _shaping(self, backend: OpenBackend, extra: Mapping[str, Any]) -> Shaping | None:
        """Return what the backend is told of the shape of the answer, where one is wanted."""
        shape, ladder = self._request.shape, backend.ladder
        if shape is None:
            return None
        if "response_format" in extra:
            # Whoever runs the server says what goes out; nothing is to be found out. The schema is told in words.
            return ladder.declared or "json"
        if self._rung is None:
            # There the schema would be a tool that must be called, and the others were not.
            by_tool = backend.profile.dialect == "anthropic" and "tools" in self._needs
            self._rung = "words" if by_tool else ladder.first(shape)
        return self._rung

    def _steps_down(self, error: ModelError) -> bool:
        """Take the next rung of the same backend, if it may be the shape that was refused and nothing was shown."""
        if self._rung is None or self._shown or self._clock() >= self._give_up_at:
            return False
        below = self.backend.ladder.below(self._rung, error)
        if below is None:
            return False
        log.info("model_shape_not_taken", backend=self.backend.name, refused=self._rung, next=below)
        self._refused_on.append((self._rung, error))
        self._rung = below
        return True

    def _learn_of_shape(self, text: str, finish_reason: str | None) -> None:
        shape, ladder = self._request.shape, self.backend.ladder
        if shape is None or self._rung is None:
            return
        for rung, error in self._refused_on:
            ladder.stepped(shape, rung, error)
        # What was cut off, filtered or is no text was held to nothing.
        if finish_reason == "stop" and text:
            ladder.answered(shape, self._rung, text)

    def shown(self, text: str) -> None:
        """Keep what is shown: from now on no other backend can take over."""
        if not self._shown:
            self._shown = True
            self._first_token_at = self._clock()
            # A long answer must not keep the others waiting for what its beginning has shown.
            if self._permit is not None and self._permit.probe:
                self._permit.succeed()
        self._text.append(text)

    def thought(self, reasoning: str) -> None:
        """Count what it thinks: it is no text, and another backend can still take over."""
        self._thoughts.append(reasoning)

    def finished(self, last: Piece) -> Piece:
        """Take the last piece; return it with the name of the model."""
        self._done(last.usage, last.finish_reason)
        self._learn_of_shape("".join(self._text), last.finish_reason)
        return last._replace(model=self.backend.declared.model)

    def answered(self, answer: Answer) -> Answer:
        """Take a whole answer; return it with the name of the model."""
        self._done(answer.usage, answer.finish_reason)
        self._learn_of_shape(answer.text, answer.finish_reason)
        self._text, self._meter.tool_calls = [answer.text], answer.tool_calls
        return replace(answer, model=self.backend.declared.model)

    def cancelled(self) -> None:
        """The caller left. Whoever leaves after the last piece has the whole answer."""
        if self._status != "completed":
            self._status, self._failure = "cancelled", "cancelled"

    def _done(self, usage: Usage | None, finish_reason: str | None) -> None:
        self._status, self._failure, self._usage = "completed", None, usage
        self._finish_reason = finish_reason
        if finish_reason is not None and not is_known(finish_reason):
            log.warning("model_end_unknown", backend=self.backend.name, word=finish_reason)
        if self._permit is not None:
            self._permit.succeed()

    def after(self, error: ModelError) -> float:
        """Decide what follows `error`: return the pause before the next turn, or raise what the caller is told."""
        backend, policy, now = self.backend, policy_of(error), self._clock()
        if self._steps_down(error):
            self._hop(backend, "shape_not_taken", error)
            return 0.0
        self._errors.append(error)
        if self._failed_at is None or self._thoughts:
            self._failed_at = now  # what thinks has come back: what it fails of now is another failure
        if self._shown or not policy.fall_back or now >= self._give_up_at:
            self._hop(backend, error.failure, error)
            raise self._ended(error if self._shown or not policy.fall_back else self._told())
        if policy.condemns_provider:
            self._condemned.add(backend.declared.provider)
        another = self._another(error)
        pause = self._pause(error, now, beside_another=another is not None)
        if pause is not None:
            self._retries += 1
            self._hop(backend, error.failure, error, pause)
            return pause
        self._hop(backend, error.failure, error)
        if another is None:
            raise self._ended(self._told())
        if error.failure == "rate_limited" and error.retry_after_ms:
            backend.breaker.rest(min(_LONGEST_REST, error.retry_after_ms / 1000))
        self._switch(another, error)
        return 0.0

    def _pause(self, error: ModelError, now: float, *, beside_another: bool) -> float | None:
        """Return the pause before the same backend is asked again, if it is."""
        pause = pause_before(self._retries + 1, error, beside_another=beside_another)
        if pause is None or now + pause >= self._give_up_at or self.backend.breaker.state == "open":
            return None
        if beside_another:
            begun, share = self._share()
            latest = self._backend_since + self._course.deadlines.switch * LAST_RETRY_BESIDE_ANOTHER
            if now + pause > min(latest, begun + share * LAST_RETRY_OF_SHARE):
                return None
        return pause

    def _share(self) -> tuple[float, float]:
        """Return since when the backend is given time, and how many seconds until it must be left for another.

        From the first failure on, those before the last share the time in which the last must be asked: each takes an
        equal part of what is left, so that none of them is passed over. Endless for the last one.
        """
        later = self._course.backends[self._place + 1 :]
        others = sum(self._passed_over(one) is None for one in later)
        if not others:
            return self._backend_since, math.inf
        most = self._course.deadlines.switch * LEFT_WITHIN
        if self._failed_at is None:
            return self._backend_since, most
        begun = max(self._failed_at, self._backend_since)
        return begun, max(0.0, self._failed_at + most - begun) / others

    def _seconds_left(self) -> float:
        begun, share = self._share()
        return max(0.0, begun + share - self._clock())

    def _deadlines(self) -> Deadlines:
        """Return the deadlines of an attempt: it must not wait for a beginning until after it must be left."""
        left, usual = self._seconds_left(), self._course.deadlines
        if left >= max(usual.connect, usual.first_token, usual.answer):
            return usual
        return replace(
            usual,
            connect=min(usual.connect, left),
            first_token=min(usual.first_token, left),
            answer=min(usual.answer, left),
        )

    def _another(self, error: ModelError) -> int | None:
        """Return the place of the next backend that may answer."""
        for place in range(self._place + 1, len(self._course.backends)):
            if self._passed_over(self._course.backends[place], error) is None:
                return place
        return None

    def _passed_over(self, backend: OpenBackend, error: ModelError | None = None) -> Reason | None:
        """Tell why a backend need not be asked."""
        if self._lacking(backend) is not None:
            return "unsupported"
        if backend.declared.provider in self._condemned:
            return "same_provider"
        if backend.breaker.state == "open":
            return "resting"
        if error is not None and error.failure == "context_too_long":
            reads, read = backend.declared.limits.context, self.backend.declared.limits.context
            if reads is None or reads <= (read or 0):
                return "context_too_long"
        return None

    def _switch(self, place: int, error: ModelError) -> None:
        for between in self._course.backends[self._place + 1 : place]:
            self._hop(between, self._passed_over(between, error) or "resting")
        log.warning(
            "model_fallback",
            purpose=self._request.purpose,
            left=self.backend.name,
            taken=self._course.backends[place].name,
            reason=error.failure,
        )
        self._place, self._retries, self._backend_since = place, 0, self._clock()
        self._rung, self._refused_on = None, []

    def _hop(self, backend: OpenBackend, reason: Reason, error: ModelError | None = None, pause: float = 0.0) -> None:
        elapsed = int((self._clock() - self._started) * 1000)
        hop = Hop(backend.name, reason, elapsed, int(pause * 1000))
        if error is not None:  # it was its turn
            hop = replace(hop, status=error.details.get("status"))
            if (part := self._part) is not None:
                usage = part.usage
                hop = replace(
                    hop, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens,
                    estimated=usage.estimated, cost=part.cost,
                )  # fmt: skip
        self._hops.append(hop)

    def _told(self) -> ModelError:
        """Return the error that says most: of one that was asked, and rather one that may pass."""
        asked = [error for error in self._errors if not isinstance(error, ModelResting | ModelBusy)] or self._errors
        return next((error for error in asked if error.retryable), asked[-1])

    def _ended(self, error: ModelError) -> ModelError:
        self._status, self._failure = "failed", error.failure
        error.partial = "".join(self._text)
        return error

    def _refuse_what_is_far_too_long(self, backend: OpenBackend) -> None:
        context = backend.declared.limits.context
        if context is None:
            return
        asked = estimated_input(self._request.turns, self._request.tools)
        if asked > context * _SURELY_TOO_LONG:
            raise ModelContextTooLong(tokens=asked, limit=context)

    def record(self) -> CallRecord:
        """Return the account of the call, which is over."""
        backend, request = self.backend, self._request
        # All prices of a course are in one currency; what has none says nothing of it.
        priced = [one.declared.prices for one in self._course.backends if one.declared.prices is not None]
        first = self._first_token_at
        return CallRecord(
            id=self._id,
            caller=request.caller,
            node=request.purpose,
            prompt_version=request.prompt_version,
            streamed=self._streamed,
            backend=backend.name,
            provider=backend.declared.provider,
            model=backend.declared.model,
            fallback_from=self._course.backends[0].name if self._place else None,
            status=self._status,
            failure=self._failure,
            attempts=self._attempts,
            hops=tuple(self._hops),
            usage=summed(self._parts),
            cost=sum((part.cost for part in self._parts), Decimal(0)),
            currency=priced[0].currency if priced else "USD",
            first_token_ms=None if first is None else int((first - self._started) * 1000),
            total_ms=int((self._clock() - self._started) * 1000),
            refusal=self._refusal,
            parts=tuple(self._parts),
            own_route=self._course.own,
            particulars=self._particulars(),
            texts=CallTexts(request.turns, "".join(self._text), self._meter.tool_calls),
        )

    def _particulars(self) -> Particulars:
        sent, meter = self._sent, self._meter
        return Particulars(
            self.backend.whereabouts,
            temperature=sent.temperature,
            max_tokens=sent.max_tokens,
            top_p=sent.top_p,
            seed=sent.provider_seed,
            wants_json=sent.shape is not None,
            finish_reason=self._finish_reason,
            answer_id=meter.answer_id,
            model=meter.model,
        )
