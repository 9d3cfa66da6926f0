"""Every setting, once. Read from the environment (`CUEDESK_…`) and `.env`; `.env.example` lists them."""

from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ProviderName = Literal[
    "offline", "openai", "compatible", "zhipu", "deepseek", "dashscope", "vllm", "ollama", "openrouter", "azure",
    "gemini", "anthropic", "langchain",
]  # fmt: skip


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _given(value: object) -> object:
    # A composed environment passes on what nobody set as an empty text.
    return None if value == "" else value


_T = TypeVar("_T")
_Foreign = Annotated[_T, BeforeValidator(_given)]


class Settings(BaseSettings):
    """Times are seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="CUEDESK_", env_file=".env", extra="ignore", frozen=True)

    # Where it listens and who may come.
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    allowed_origins: Annotated[list[str], NoDecode, BeforeValidator(_split)] = []
    cookie_secure: bool = False
    trusted_proxies: Annotated[list[str], NoDecode, BeforeValidator(_split)] = ["127.0.0.1"]
    static_dir: Path = Path("frontend/dist")

    # Where it keeps things. Without an address our own embedded servers run on `data_dir`.
    data_dir: Path = Path(".cuedesk")
    database_url: str | None = None
    redis_url: str | None = None
    embedded_fsync: bool = True
    database_pool: int = Field(16, ge=2)
    acquire_timeout: float = 2.0
    secret_key: SecretStr | None = None
    seed_demo: bool = True

    # Sessions and tokens.
    session_ttl: float = 12 * 3600
    access_token_ttl: float = 15 * 60
    ticket_ttl: float = 60
    #: How long a code with which a screen is paired is good; after how long unused the screen has to be paired anew.
    pairing_ttl: float = Field(5 * 60, gt=0, le=3600)
    device_unused: float = Field(24 * 3600, gt=0)
    token_leeway: float = 30
    #: How long before its session or token ends a socket is told.
    expiry_warning: float = 60
    #: How often a process looks whether those with open sockets still may be there; a notice makes it look at once.
    standing_interval: float = Field(1.0, gt=0)

    # Runs.
    worker_concurrency: int = Field(200, ge=1)
    lease: float = 15
    lease_renewal: float = 5
    lease_self_cancel: float = 10
    max_attempts: int = 3
    sweep_interval: float = 1.0
    #: How many scripts of one show are written at once; a tenant may have its own number.
    show_concurrency: int = Field(4, ge=1, le=50)
    #: From SIGTERM to the end: steps of runs are finished until shortly before, the rest is cut off and handed over.
    drain_timeout: float = 10

    # How long things are kept, in days (a tenant may have its own for checkpoints), and how often that is looked at.
    checkpoint_days: int = Field(30, ge=1, le=3650)
    command_days: float = 7
    job_log_days: float = 7
    #: The accounts of calls of language models (the sums of months stay), and what was said in them where the tenant
    #: allows that to be kept (it may have its own).
    model_call_days: float = Field(400, gt=0)
    model_text_days: int = Field(30, ge=1, le=3650)
    retention_interval: float = 600

    # What is remembered: for how many days by kind (0 = for ever; a tenant may have its own), and how often a worker
    # looks for what its embedder has not read yet.
    memory_script_days: int = Field(0, ge=0, le=3650)
    memory_note_days: int = Field(0, ge=0, le=3650)
    memory_rejection_days: int = Field(180, ge=0, le=3650)
    memory_interval: float = Field(15, gt=0)
    #: How many documents a tenant may have in memory; for one more the oldest that nobody approved goes.
    memory_documents: int = Field(20_000, ge=10, le=1_000_000)
    #: Characters of a conversation that a run sees as they were said, and of the summary of what is before (0: none).
    window_characters: int = Field(3000, ge=500, le=20_000)
    summary_characters: int = Field(800, ge=0, le=4000)
    #: After so many days of silence in a conversation its summary goes; it is made again if the conversation goes on.
    summary_days: float = Field(90, gt=0)

    # Decisions; a tenant may have policies of its own.
    interrupt_ttl: float = 30 * 60
    #: The scripts of a show come all at once and are read one after the other.
    show_interrupt_ttl: float = 12 * 3600
    extension_step: float = 10 * 60
    extension_limit: float = 2 * 3600
    escalate_before: float = 5 * 60
    claim_ttl: float = 90
    #: Seconds in which whoever rejected a script may take that back; 0: never.
    reject_undo_window: float = Field(10, ge=0, le=600)

    #: Compiled rules of tenants that are kept in memory (`benchmarks/rules_reload.py` says how much each takes); who
    #: comes again later waits a moment.
    rules_kept: int = Field(32, ge=1, le=10_000)
    #: Bytes of hosts and products (as JSON; in memory some four times as much) that a process keeps at hand, and how
    #: long it and Redis keep them, in seconds. An edit is seen at once whatever stands here.
    profiles_kept: int = Field(8 * 1024 * 1024, ge=0)
    profiles_ttl: float = Field(300, gt=0)

    # Sockets and fan-out.
    poll_interval: float = 1.0
    token_window_ms: int = 40
    token_tail_ttl: float = 3600
    resync_limit: int = 500
    presence_ttl: float = Field(12, gt=0)
    #: After so many seconds without a word a teleprompter counts as away; it reports every two.
    display_ttl: float = Field(7, gt=0)
    hello_timeout: float = 5
    #: Over so many seconds at most the sockets of a process that goes down are told to come back.
    drain_spread: float = 7
    #: … and no more of them in a second: the others would only send them away again.
    drain_rate: float = Field(50, gt=0)
    tcp_user_timeout_ms: int = 20_000
    max_frame_bytes: int = 64 * 1024
    outbox_frames: int = 256
    outbox_bytes: int = 1024 * 1024
    #: A frame that must arrive and waited so long for its reader closes the socket (4008).
    outbox_patience: float = 10
    ping_interval: float = 20
    ping_timeout: float = 20
    sockets_per_user: int = 8
    sockets_per_tenant: int = 500
    sockets_per_process: int = 5000
    #: New sockets a second and process, and how many at once when it was quiet before; the rest gets 503.
    upgrades_per_second: float = Field(50, gt=0)
    upgrades_burst: int = Field(100, ge=1)
    subscriptions_per_socket: int = 32
    frames_per_second: int = 20
    frames_burst: int = 40
    messages_per_10s: int = 10

    # The models: a file that declares them (docs/models.md), or one model by a base URL, a key and its name.
    models_file: Annotated[Path | None, BeforeValidator(_given)] = None
    #: How often the file is looked at for changes.
    models_interval: float = Field(5, gt=0)
    #: Addresses of models that tenants may name beside the providers' own (these and what is below them), with commas
    #: between: https://llm.internal:8443/team,http://gpu.internal:8000
    tenant_model_urls: Annotated[list[str], NoDecode, BeforeValidator(_split)] = []
    #: A profile of docs/models.md. Empty: the offline writer, or with a base URL or a key any OpenAI-compatible model.
    llm_provider: Annotated[ProviderName | None, BeforeValidator(_given)] = None
    #: Empty: the provider's own.
    llm_base_url: Annotated[str | None, BeforeValidator(_given)] = None
    llm_api_key: Annotated[SecretStr | None, BeforeValidator(_given)] = None
    llm_model: str = "gpt-4o-mini"
    # Deadlines where the file says nothing else: `total` is for everything with its retries and fallbacks, `switch`
    # from the first failure of a model until the last one of its route is asked.
    llm_connect_timeout: float = 5
    llm_first_token_timeout: float = 20
    llm_idle_timeout: float = 15
    llm_answer_timeout: float = 60
    llm_total_timeout: float = 120
    llm_switch_timeout: float = 60
    #: Whether the model also reads each draft behind the checks, with the product's record, the request's bans and the
    #: house's (one more request, six seconds at most); it may add warnings and raise them, never lower anything, and
    #: when it fails the report says so. The offline writer cannot.
    llm_judge: bool = True
    # What each tenant may use of the models unless it has limits of its own; empty: as much as it wants. Tokens in a
    # minute, calls in a second, money in a month (UTC, in the currency of the prices): somebody is told, it is over.
    model_tokens_per_minute: Annotated[Annotated[int, Field(ge=1, le=2**31 - 1)] | None, BeforeValidator(_given)] = None
    model_calls_per_second: Annotated[Annotated[int, Field(ge=1, le=100_000)] | None, BeforeValidator(_given)] = None
    model_cost_soft: Annotated[Annotated[float, Field(ge=0, lt=1e10)] | None, BeforeValidator(_given)] = None
    model_cost_hard: Annotated[Annotated[float, Field(ge=0, lt=1e10)] | None, BeforeValidator(_given)] = None
    #: Characters per second at which the offline writer shows its text; 0 = as fast as it can.
    offline_pace: float = Field(40, ge=0)

    # Spans of calls of language models, to a collector that takes OTLP over HTTP (docs/operations.md): OpenTelemetry's
    # own variables, as its SDK for Python reads them. Without an endpoint none are made. The SDK's others
    # (`OTEL_BSP_SCHEDULE_DELAY`, `OTEL_EXPORTER_OTLP_CERTIFICATE`, …) count in the environment itself, not in `.env`.
    otel_exporter_otlp_endpoint: _Foreign[str | None] = Field(None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    otel_exporter_otlp_traces_endpoint: _Foreign[str | None] = Field(
        None, validation_alias="OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
    )
    #: `name=value,…`
    otel_exporter_otlp_headers: _Foreign[SecretStr | None] = Field(None, validation_alias="OTEL_EXPORTER_OTLP_HEADERS")
    #: http/protobuf is what is sent; with another none are.
    otel_exporter_otlp_protocol: str = Field("http/protobuf", validation_alias="OTEL_EXPORTER_OTLP_PROTOCOL")
    #: Seconds for a batch with all its tries (the SDK for Python takes no milliseconds here).
    otel_exporter_otlp_timeout: float = Field(10, gt=0, validation_alias="OTEL_EXPORTER_OTLP_TIMEOUT")
    otel_traces_exporter: str = Field("otlp", validation_alias="OTEL_TRACES_EXPORTER")
    #: `parentbased_traceidratio` with 0.1 as its argument: one trace of ten, with all its spans.
    otel_traces_sampler: str = Field("parentbased_always_on", validation_alias="OTEL_TRACES_SAMPLER")
    otel_traces_sampler_arg: str = Field("", validation_alias="OTEL_TRACES_SAMPLER_ARG")
    #: Spans that wait to be sent, at most; no fewer than a batch holds.
    otel_bsp_max_queue_size: int = Field(2048, ge=512, validation_alias="OTEL_BSP_MAX_QUEUE_SIZE")
    otel_service_name: str = Field("", validation_alias="OTEL_SERVICE_NAME")
    otel_resource_attributes: str = Field("", validation_alias="OTEL_RESOURCE_ATTRIBUTES")
    otel_sdk_disabled: bool = Field(False, validation_alias="OTEL_SDK_DISABLED")

    #: The event loop's silence that is logged with the stack that caused it.
    loop_block_warning: float = Field(0.25, gt=0)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"

    @model_validator(mode="after")
    def _limits_in_order(self) -> "Settings":
        soft, hard = self.model_cost_soft, self.model_cost_hard
        if soft is not None and hard is not None and soft > hard:
            raise ValueError(
                "CUEDESK_MODEL_COST_SOFT 不能高于 CUEDESK_MODEL_COST_HARD / "
                "CUEDESK_MODEL_COST_SOFT must not be above CUEDESK_MODEL_COST_HARD"
            )
        return self
