"""The one tree of errors. A class's docstring is its default message; its code never changes."""

from typing import Any, ClassVar, Literal


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


class SchemaInvalid(BadRequest):
    """This is no JSON Schema that answers can be held to."""

    code = "schema_invalid"


class LimitsCrossed(BadRequest):
    """The sum at which somebody is told of the cost is above the one at which calls are refused."""

    code = "limits_crossed"


class ModelsInvalid(BadRequest):
    """These models cannot be used."""

    code = "models_invalid"


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


class ApiKeyInvalid(Unauthenticated):
    """This API key is unknown, revoked or expired."""

    code = "api_key_invalid"


class Forbidden(AppError):
    """You may not do this, or it does not exist for you."""

    code = "forbidden"
    status = 403


class SkillRefused(Forbidden):
    """Your team has not opened this skill to your role."""

    code = "skill_refused"


class PersonRequired(Forbidden):
    """This is for people to decide; an API key may not."""

    code = "person_required"


class OriginRefused(Forbidden):
    """This page may not connect: its origin is not on the list."""

    code = "origin_refused"


class NotFound(AppError):
    """There is no such thing here."""

    code = "not_found"
    status = 404


class ModelUnknown(NotFound):
    """No language model of this name is set up."""

    code = "model_not_found"


class FourEyes(Forbidden):
    """You asked for this script yourself; somebody else must approve it."""

    code = "four_eyes"


class Conflict(AppError):
    """The state has changed meanwhile."""

    code = "conflict"
    status = 409


class TooManyApiKeys(Conflict):
    """The team has as many API keys as it may; revoke one that is not needed."""

    code = "too_many_api_keys"


class VersionConflict(Conflict):
    """Somebody changed this meanwhile; load it again."""

    code = "version_conflict"


class IdempotencyConflict(Conflict):
    """This id was used before with another body; the first one stands."""

    code = "idempotency_conflict"


class IdempotencyKeyReused(IdempotencyConflict):
    """This key was used before with another body, within a day; take a new key for a new question."""

    code = "idempotency_key_reused"
    status = 422


class AnswerUnderWay(Conflict):
    """The first call with this key is not answered yet; ask again with the same key to get its answer."""

    code = "answer_under_way"
    retryable = True


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


class NotExpired(Conflict):
    """Only a script whose time to be decided is over is taken up again."""

    code = "not_expired"


class TakenUpAgain(Conflict):
    """Somebody has taken this up again already."""

    code = "taken_up_again"


class UndoOver(Conflict):
    """The time to take this back is over."""

    code = "undo_over"


class DecisionNotAllowed(Conflict):
    """This decision is not among those offered."""

    code = "decision_not_allowed"


class NothingToResume(Conflict):
    """The last run of this thread did not fail, or left nothing to go on from."""

    code = "nothing_to_resume"


class CheckpointDamaged(Conflict):
    """What is stored of this checkpoint is not what was written."""

    code = "checkpoint_damaged"


class GraphVersionMismatch(Conflict):
    """This was made by another version of the graph, which is not the one that would go on."""

    code = "graph_version_mismatch"


class AlreadyClaimed(Conflict):
    """Somebody is reviewing this; take it over explicitly if you must."""

    code = "already_claimed"


class NotClaimed(Conflict):
    """You do not hold this (any more)."""

    code = "not_claimed"


class ExtensionExhausted(Conflict):
    """This has been extended as far as it can be."""

    code = "extension_exhausted"


class ShowTooShort(Conflict):
    """The show is too short for all its scripts."""

    code = "show_too_short"


class ShowEmpty(Conflict):
    """There is nothing in this show to write."""

    code = "show_empty"


class ShowBusy(Conflict):
    """Scripts of this show are being written or reviewed; wait for them or cancel the rest first."""

    code = "show_busy"


class ItemNotReady(Conflict):
    """This script of the show is not at a point where that can be done."""

    code = "item_not_ready"


class NothingToExport(Conflict):
    """No script of this show is approved yet."""

    code = "nothing_to_export"


class ProductGone(Conflict):
    """The product was removed from the catalogue."""

    code = "product_gone"


class NothingToReview(Conflict):
    """The run ended without a script."""

    code = "nothing_to_review"


class TableUnreadable(BadRequest):
    """This file is no table that can be read: CSV (UTF-8 or GBK) or XLSX is."""

    code = "table_unreadable"


class TableEmpty(TableUnreadable):
    """There is nothing in this file."""

    code = "table_empty"


class UploadBroken(BadRequest):
    """The file is not base64: it was cut or changed on its way."""

    code = "upload_broken"


class TableFaulty(BadRequest):
    """Some rows of the table are wrong; nothing of it was imported."""

    code = "table_faulty"


class PricesOff(BadRequest):
    """The prices do not add up."""

    code = "prices_off"


class PhrasesOff(BadRequest):
    """What the host likes to say holds a word that the host does not say."""

    code = "phrases_off"


class TableTooLarge(BadRequest):
    """The table has too many rows."""

    code = "table_too_large"
    status = 413


class RulesRefused(BadRequest):
    """These rules cannot be used; those before them still hold."""

    code = "rules_refused"


class PushHeld(Conflict):
    """What holds now forbids what this script says; it was not put on air."""

    code = "push_held"


class NothingOnStage(Conflict):
    """There is no text on the teleprompter."""

    code = "nothing_on_stage"


class NothingWaits(Conflict):
    """No other text waits for this teleprompter."""

    code = "nothing_waits"


class PairingRefused(Forbidden):
    """This code or link is not, or no longer, good for pairing."""

    code = "pairing_refused"


class DisplayAway(NotFound):
    """This display is not there at the moment."""

    code = "display_away"


class MemoryFull(Conflict):
    """The memory holds as many notes as it may; remove some, or ask an administrator for a higher limit."""

    code = "memory_full"


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


class DataDirUnwritable(SetupError):
    """数据目录不可写 / The data folder cannot be written."""

    code = "data_dir_unwritable"


class DataDirInUse(SetupError):
    """数据目录正被另一个进程使用 / Another process uses this data folder."""

    code = "data_dir_in_use"


class DataDirDamaged(SetupError):
    """数据目录的内容不完整 / The data folder holds something that we cannot use."""

    code = "data_dir_damaged"


class DataVersionMismatch(SetupError):
    """数据目录来自另一个 PostgreSQL 大版本 / The data folder was written by another major version of PostgreSQL."""

    code = "data_version_mismatch"


class EmbeddedServerMissing(SetupError):
    """本机没有可用的内置服务程序 / The embedded server's program is not usable on this machine."""

    code = "embedded_server_missing"


class EmbeddedServerFailed(SetupError):
    """内置服务启动失败 / The embedded server did not start."""

    code = "embedded_server_failed"


class PortTaken(SetupError):
    """端口已被占用 / Another program listens on this port."""

    code = "port_taken"


class ListenRefused(SetupError):
    """无法监听该地址 / This address cannot be listened on."""

    code = "listen_refused"


class MigrationFailed(SetupError):
    """数据库迁移失败 / The database could not be brought to this version's schema."""

    code = "migration_failed"


class ModelPackageMissing(SetupError):
    """模型需要的可选依赖没有安装 / The packages that a model needs are not installed.

    `backend` is the model's name in the file.
    """

    backend = ""


class ModelsFileInvalid(SetupError):
    """模型配置文件有误 / The file that declares the models is wrong."""


#: What went wrong with a model, as the failure policy tells it apart (llm/failures.py). The codes below are coarser:
#: they say what a person can do about it.
Failure = Literal[
    "unknown", "timeout", "overloaded", "connect", "resting", "busy", "rate_limited", "bad_request",
    "context_too_long", "content_filtered", "auth", "quota", "not_served", "cut", "malformed", "rate_exceeded",
    "budget_spent", "unsupported",
]  # fmt: skip


class ModelError(AppError):
    """The language model failed."""

    code = "model_error"
    status = 502
    retryable = True
    failure: ClassVar[Failure] = "unknown"
    #: The text that was shown before it failed. It stays here: details go to clients.
    partial: str = ""


class ModelTimeout(ModelError):
    """The language model did not answer in time."""

    code = "model_timeout"
    status = 504
    failure: ClassVar[Failure] = "timeout"


class ModelUnavailable(ModelError):
    """The language model cannot be reached or is overloaded."""

    code = "model_unavailable"
    status = 503
    failure: ClassVar[Failure] = "overloaded"


class ModelUnreachable(ModelUnavailable):
    """The language model cannot be reached."""

    failure: ClassVar[Failure] = "connect"


class ModelResting(ModelUnavailable):
    """The language model failed again and again and is left alone for a moment."""

    failure: ClassVar[Failure] = "resting"


class ModelBusy(ModelUnavailable):
    """As many calls as are allowed are at this language model already."""

    failure: ClassVar[Failure] = "busy"


class ModelRateExceeded(ModelError):
    """The team has used up what it may use of language models in this minute or second."""

    code = "model_rate_exceeded"
    status = 429
    failure: ClassVar[Failure] = "rate_exceeded"


class ModelBudgetSpent(ModelError):
    """The team has used up what it may spend on language models this month."""

    code = "model_budget_spent"
    status = 429
    retryable = False
    failure: ClassVar[Failure] = "budget_spent"


class ModelRateLimited(ModelError):
    """The language model's provider limits our rate."""

    code = "model_rate_limited"
    status = 503
    failure: ClassVar[Failure] = "rate_limited"


class ModelRefused(ModelError):
    """The language model refused the request (key, quota, content or parameters)."""

    code = "model_refused"
    retryable = False
    failure: ClassVar[Failure] = "bad_request"
    #: What it may be that was refused, as far as the provider said: being told of a shape at all, or this schema.
    about: Literal["shape", "schema"] | None = None


class ModelMissing(ModelRefused):
    """No language model is set up that could do this."""

    code = "model_missing"
    status = 404


class ModelIncapable(ModelRefused):
    """No language model that could answer takes what is asked for."""

    status = 400
    failure: ClassVar[Failure] = "unsupported"

    @classmethod
    def of(cls, param: str, **details: Any) -> "ModelIncapable":
        """Return the error for what OpenAI calls `param`, told as OpenAI tells it."""
        message = f"no model that could answer takes {param}"
        return cls(message, param=param, openai_code="unsupported_parameter", **details)


class ModelContextTooLong(ModelRefused):
    """The request is longer than the language model can read."""

    failure: ClassVar[Failure] = "context_too_long"


class ModelContentFiltered(ModelRefused):
    """The language model's provider refused the content."""

    failure: ClassVar[Failure] = "content_filtered"


class ModelKeyRefused(ModelRefused):
    """The language model's provider does not accept our key."""

    failure: ClassVar[Failure] = "auth"


class ModelQuotaSpent(ModelRefused):
    """Our account at the language model's provider is used up."""

    failure: ClassVar[Failure] = "quota"


class ModelNotServed(ModelRefused):
    """The language model's provider does not serve this model, or nothing at this address."""

    failure: ClassVar[Failure] = "not_served"


class ModelStreamCut(ModelError):
    """The language model's stream ended before its end."""

    code = "model_stream_cut"
    failure: ClassVar[Failure] = "cut"


class ModelPayloadInvalid(ModelError):
    """The language model answered something that cannot be read."""

    code = "model_payload_invalid"
    failure: ClassVar[Failure] = "malformed"


class ModelAnswerInvalid(ModelError):
    """The language model answered twice, and neither answer is what was asked for."""

    code = "model_answer_invalid"
    failure: ClassVar[Failure] = "malformed"
