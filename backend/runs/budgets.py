"""What tenants may use of language models, counted for all processes: tokens and calls in Redis, money in PostgreSQL.

Without Redis each process counts by itself, so that as many times as much may pass as there are processes; what was
held back there is forgotten when it is back. Without PostgreSQL nobody who has a limit of money is let through.
"""

import asyncio
import contextlib
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, cast, get_args
from uuid import UUID

import structlog
from prometheus_client import Counter

from backend.domain import audit, model_budgets
from backend.domain.policies import Policies, read_policies
from backend.errors import AppError, ModelBudgetSpent, ModelRateExceeded
from backend.llm.budget import CALLS_WINDOW, TOKENS_WINDOW, BudgetReason, Refusal, Reservation, Window
from backend.settings import Settings
from backend.storage.postgres import Database
from backend.storage.redis import Cache
from backend.telemetry.metrics import REGISTRY

log = structlog.get_logger(__name__)

_REFUSED: Final = Counter("cuedesk_llm_refused", "Calls that no budget was left for", ["reason"], registry=REGISTRY)
_SOFT: Final = Counter(
    "cuedesk_llm_soft_limits_reached", "Months of tenants whose cost reached the soft limit", registry=REGISTRY
)
_ALONE: Final = Counter(
    "cuedesk_llm_counted_alone", "Calls that one process counted by itself: Redis was away", registry=REGISTRY
)
_REASONS: Final = get_args(BudgetReason)
#: Seconds for which a tenant's limits are believed; a changed one counts so much later at most.
_BELIEVED: Final = 2.0
#: Tenants whose limits, or windows, are kept at once.
_KEPT: Final = 5000
#: Seconds that a call's reservation outlives the longest the call can take: it is written down a moment after its end.
_MARGIN: Final = 30.0
_BATCH: Final = 500

# The same as llm/budget.Window, by Redis' clock. KEYS: moments of calls, tokens of each (and their sum).
# Returns the place of the reason (0: granted) and the milliseconds until there is room.
_FORGET: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, call in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])) do
  redis.call('HINCRBY', KEYS[2], 'sum', -(redis.call('HGET', KEYS[2], call) or 0))
  redis.call('HDEL', KEYS[2], call)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
local sum = tonumber(redis.call('HGET', KEYS[2], 'sum') or 0)
"""
_TAKE: Final = (
    _FORGET
    + """
local call, tokens, most, calls, second = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
if calls > 0 then
  local oldest = redis.call('ZREVRANGE', KEYS[1], calls - 1, calls - 1, 'WITHSCORES')
  if oldest[2] and oldest[2] + second > now then return {2, oldest[2] + second - now} end
end
if most > 0 and sum > 0 and sum + tokens > most then
  local left, wait = math.max(0, most - tokens), 0
  local begun = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
  for place = 1, #begun, 2 do
    sum = sum - redis.call('HGET', KEYS[2], begun[place])
    wait = begun[place + 1] + ARGV[1] - now
    if sum <= left then break end
  end
  return {1, math.max(wait, 1)}
end
redis.call('ZADD', KEYS[1], now, call)
redis.call('HSET', KEYS[2], call, tokens)
redis.call('HINCRBY', KEYS[2], 'sum', tokens)
redis.call('PEXPIRE', KEYS[1], ARGV[1] + 1000)
redis.call('PEXPIRE', KEYS[2], ARGV[1] + 1000)
return {0, 0}
"""
)
_SETTLE: Final = """
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('HINCRBY', KEYS[1], 'sum', ARGV[2] - held)
end
return 0
"""
_USED: Final = _FORGET + "return {sum, redis.call('ZCARD', KEYS[1])}"


def _keys(tenant_id: UUID) -> tuple[str, str]:
    # The braces keep both on one node of a cluster.
    return f"cuedesk:model:{{{tenant_id}}}:calls", f"cuedesk:model:{{{tenant_id}}}:tokens"


class TenantBudgets:
    """The budgets of every tenant (llm/budget.Budgets)."""

    def __init__(
        self, db: Database, cache: Cache, settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._db = db
        self._cache = cache
        self._settings = settings
        self._clock = clock
        self._limits: dict[UUID, tuple[float, Policies]] = {}
        self._windows: dict[UUID, Window] = {}
        self._settled: deque[tuple[UUID, UUID, int]] = deque(maxlen=20_000)
        self._something = asyncio.Event()
        self._over = False

    async def reserve(self, wanted: Reservation) -> None:
        limits = await self._limits_of(wanted.tenant_id)
        if limits.model_tokens_per_minute is not None or limits.model_calls_per_second is not None:
            await self._count(wanted, limits)
        # What costs nothing needs no money: a model of one's own goes on when the month is spent.
        if wanted.cost and (limits.model_cost_soft is not None or limits.model_cost_hard is not None):
            try:
                await self._reserve_cost(wanted, limits)
            except BaseException:
                self.settle(wanted, 0)
                raise

    def settle(self, wanted: Reservation, tokens: int) -> None:
        window = self._windows.get(wanted.tenant_id)
        if window is not None and window.settle(wanted.call, tokens):
            return
        if tokens != wanted.tokens:
            self._settled.append((wanted.tenant_id, wanted.call, tokens))
            self._something.set()

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Tell the other processes what was used, in the background, while the block runs, and the rest at its end."""
        task = asyncio.create_task(self._tell_on(), name="model budgets")
        try:
            yield
        finally:
            # Not cancelled: the client of Redis may keep that to itself. It ends within the patience of a call.
            self._over = True
            self._something.set()
            await task

    async def _limits_of(self, tenant_id: UUID) -> Policies:
        known = self._limits.get(tenant_id)
        if known is not None and self._clock() < known[0]:
            return known[1]
        try:
            async with self._db.tenant(tenant_id) as conn:
                limits = await read_policies(conn, self._settings)
        except AppError:
            if known is None:
                raise
            return known[1]  # older than they should be, but a limit
        if len(self._limits) >= _KEPT:
            self._limits.clear()
        self._limits[tenant_id] = self._clock() + _BELIEVED, limits
        return limits

    async def _count(self, wanted: Reservation, limits: Policies) -> None:
        refusal = await self._counted_by_all(wanted, limits)
        if refusal is None:
            return
        _REFUSED.labels(refusal.reason).inc()
        limit = getattr(limits, f"model_{refusal.reason}")
        pause = max(1, math.ceil(refusal.retry_after * 1000))
        raise ModelRateExceeded(retry_after_ms=pause, reason=refusal.reason, limit=limit)

    async def _counted_by_all(self, wanted: Reservation, limits: Policies) -> Refusal | None:
        per_minute, per_second = limits.model_tokens_per_minute, limits.model_calls_per_second
        if self._cache.available:
            arguments = (
                int(TOKENS_WINDOW * 1000), str(wanted.call), wanted.tokens, per_minute or 0, per_second or 0,
                int(CALLS_WINDOW * 1000),
            )  # fmt: skip
            said: Any = await self._cache.attempt(
                self._cache.client.eval(_TAKE, 2, *_keys(wanted.tenant_id), *map(str, arguments))
            )
            if said is not None:
                self._windows.pop(wanted.tenant_id, None)
                return Refusal(_REASONS[said[0] - 1], int(said[1]) / 1000) if said[0] else None
        _ALONE.inc()
        return self._window(wanted.tenant_id).take(
            wanted.call, wanted.tokens, tokens_per_minute=per_minute, calls_per_second=per_second
        )

    def _window(self, tenant_id: UUID) -> Window:
        if tenant_id not in self._windows and len(self._windows) >= _KEPT:
            self._windows = {tenant: window for tenant, window in self._windows.items() if not window.empty}
        return self._windows.setdefault(tenant_id, Window(self._clock))

    async def _reserve_cost(self, wanted: Reservation, limits: Policies) -> None:
        soft, hard = limits.model_cost_soft, limits.model_cost_hard
        async with self._db.tenant(wanted.tenant_id) as conn:
            standing = await model_budgets.reserve_cost(
                conn, wanted.call, wanted.cost, wanted.currency, soft=soft, hard=hard, lasts=wanted.lasts + _MARGIN
            )
            if standing.soft_reached:
                await audit.record(
                    conn, None, "tenant.model_cost_soft_reached", str(wanted.tenant_id),
                    cost=float(standing.spent), soft=soft, hard=hard, currency=wanted.currency,
                )  # fmt: skip
                _SOFT.inc()
                log.warning("model_cost_soft_reached", tenant_id=str(wanted.tenant_id), currency=wanted.currency)
            left = None if standing.granted else await model_budgets.month_left(conn)
        if left is not None:
            _REFUSED.labels("cost_per_month").inc()
            raise ModelBudgetSpent(
                retry_after_ms=int(left.total_seconds() * 1000) + 1, reason="cost_per_month", limit=hard,
                currency=wanted.currency,
            )  # fmt: skip

    async def _tell_on(self) -> None:
        while not self._over or self._settled:
            if not self._settled:
                self._something.clear()
                await self._something.wait()
            batch = [self._settled.popleft() for _ in range(min(_BATCH, len(self._settled)))]
            if batch and self._cache.available:
                # What is not told is held back until its minute is over.
                await self._cache.attempt(self._told(batch))

    async def _told(self, batch: Sequence[tuple[UUID, UUID, int]]) -> None:
        async with self._cache.client.pipeline(transaction=False) as pipe:
            for tenant_id, call, tokens in batch:
                pipe.eval(_SETTLE, 1, _keys(tenant_id)[1], str(call), str(tokens))
            await pipe.execute()


async def used_in_window(cache: Cache, tenant_id: UUID) -> tuple[int, int] | None:
    """Return the tokens and the calls that a tenant used, or holds back, in the last minute; None without Redis.

    Nothing is counted of a tenant that has neither limit.
    """
    if not cache.available:
        return None
    said = await cache.attempt(
        cast("Any", cache.client.eval(_USED, 2, *_keys(tenant_id), str(int(TOKENS_WINDOW * 1000))))
    )
    return (int(said[0]), int(said[1])) if said is not None else None
