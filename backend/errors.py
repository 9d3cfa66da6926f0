"""The one tree of errors. A class's docstring is its default message; its code never changes."""

from typing import Any, ClassVar


class AppError(Exception):
    """Something went wrong on our side."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None, *, retry_after_ms: int | None = None, **details: Any) -> None:
        """`details` are plain JSON values that the client may show (who decided, which field, how long)."""
        self.message = message or (type(self).__doc__ or "").strip()
        self.retry_after_ms = retry_after_ms
        self.details = details
        super().__init__(self.message)


class BadRequest(AppError):
    """The request cannot be understood."""

    code = "bad_request"
    status = 400


class UnsupportedCommand(BadRequest):
    """This server does not offer this command."""

    code = "unsupported_command"


class ContentTooLong(BadRequest):
    """The text is longer than this field allows."""

    code = "content_too_long"
    status = 413


class ProtocolUnsupported(BadRequest):
    """The client speaks a protocol version that this server does not."""

    code = "protocol_unsupported"


class TenantChoice(BadRequest):
    """This account belongs to several tenants; say for which one to sign in."""

    code = "tenant_choice"


class Unauthenticated(AppError):
    """Sign in first."""

    code = "unauthenticated"
    status = 401


class BadCredentials(Unauthenticated):
    """The e-mail address or the password is wrong."""

    code = "bad_credentials"


class TicketInvalid(Unauthenticated):
    """The ticket is unknown, used or older than a minute."""

    code = "ticket_invalid"


class TokenExpired(Unauthenticated):
    """The session or token has expired."""

    code = "token_expired"


class Forbidden(AppError):
    """You may not do this, or it does not exist for you."""

    code = "forbidden"
    status = 403


class OriginRefused(Forbidden):
    """This page may not connect: its origin is not on the list."""

    code = "origin_refused"


class NotFound(AppError):
    """There is no such thing here."""

    code = "not_found"
    status = 404


class Conflict(AppError):
    """The state has changed meanwhile."""

    code = "conflict"
    status = 409


class VersionConflict(Conflict):
    """Somebody changed this meanwhile; load it again."""

    code = "version_conflict"


class IdempotencyConflict(Conflict):
    """This id was used before with another body; the first one stands."""

    code = "idempotency_conflict"


class ThreadBusy(Conflict):
    """A run is at work on this thread; wait for it or cancel it."""

    code = "thread_busy"
    retryable = True


class InterruptPending(Conflict):
    """A decision is waiting on this thread; decide it or withdraw it first."""

    code = "interrupt_pending"


class AlreadyResolved(Conflict):
    """Somebody decided this already."""

    code = "already_resolved"


class InterruptExpired(Conflict):
    """The time to decide this is over."""

    code = "interrupt_expired"


class DecisionNotAllowed(Conflict):
    """This decision is not among those offered."""

    code = "decision_not_allowed"


class LeaseLost(AppError):
    """Another worker holds this run now."""

    code = "lease_lost"
    status = 409


class RecoveryExhausted(AppError):
    """The run stopped its worker again and again and was given up."""

    code = "recovery_exhausted"


class RateLimited(AppError):
    """Too much at once; slow down."""

    code = "rate_limited"
    status = 429
    retryable = True


class ServerBusy(AppError):
    """The server is busy; try again in a moment."""

    code = "server_busy"
    status = 503
    retryable = True


class StorageUnavailable(AppError):
    """The database cannot be reached."""

    code = "storage_unavailable"
    status = 503
    retryable = True


class SetupError(AppError):
    """The server cannot start as it is set up."""

    code = "setup_error"


class ModelError(AppError):
    """The language model failed."""

    code = "model_error"
    status = 502
    retryable = True


class ModelTimeout(ModelError):
    """The language model did not answer in time."""

    code = "model_timeout"
    status = 504


class ModelUnavailable(ModelError):
    """The language model cannot be reached or is overloaded."""

    code = "model_unavailable"
    status = 503


class ModelRateLimited(ModelError):
    """The language model's provider limits our rate."""

    code = "model_rate_limited"
    status = 503


class ModelRefused(ModelError):
    """The language model refused the request (key, quota, content or parameters)."""

    code = "model_refused"
    retryable = False


class ModelStreamCut(ModelError):
    """The language model's stream ended before its end."""

    code = "model_stream_cut"


class ModelPayloadInvalid(ModelError):
    """The language model answered something that cannot be read."""

    code = "model_payload_invalid"
