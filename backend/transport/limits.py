"""How many sockets: of one person, of one team, of this process, and how many new ones at once."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from math import ceil
from typing import Any, Final
from uuid import UUID

from backend.domain.people import Identity
from backend.ids import new_id
from backend.protocol.close_codes import CloseCode
from backend.storage.redis import Cache

#: Counts that nobody said again are swept away after this; a living process says them again in time. Seconds.
LAPSE: Final = 30.0
#: What a process counts is void when it gave no sign of life for so long: whoever had screens there is back by then.
#: Void, not forgotten: a process that was only busy is counted again with its next sign. Seconds.
SILENCE: Final = 4.0
#: A full process frees places slowly, so whoever is refused should not knock at once again. Seconds.
_FULL_PAUSE: Final = (5, 15)

#: The sign of life of a process, as a key that ends by itself.
_SIGN: Final = "cuedesk:sockets:process:"
# Each process keeps its own count in a field of the hash and reads those of the others that live. Whoever counts lives:
# the sign is given with the count, so that no count is ever seen without it.
_COUNT = """
redis.call('SET', ARGV[5] .. ARGV[1], 1, 'PX', ARGV[6])
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local others = {}
for k = 1, 2 do
  local sum, all = 0, redis.call('HGETALL', KEYS[k])
  for f = 1, #all, 2 do
    if all[f] ~= ARGV[1] then
      local count, till = string.match(all[f + 1], '(%d+) (%d+)')
      if tonumber(till) < now then redis.call('HDEL', KEYS[k], all[f])
      elseif redis.call('EXISTS', ARGV[5] .. all[f]) == 1 then sum = sum + tonumber(count) end
    end
  end
  if tonumber(ARGV[k + 2]) > 0 then
    redis.call('HSET', KEYS[k], ARGV[1], ARGV[k + 2] .. ' ' .. string.format('%.0f', now + ARGV[2]))
    redis.call('PEXPIRE', KEYS[k], ARGV[2])
  else
    redis.call('HDEL', KEYS[k], ARGV[1])
  end
  others[k] = sum
end
return others
"""


class UpgradeLimit:
    """A token bucket for new sockets. Whoever is refused is told a time at which there should be room, by chance spread
    over as long as it takes to let in all that were refused lately."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._tokens = float(burst)
        self._refused = 0.0
        self._at = time.monotonic()

    def pause(self) -> int | None:
        """Take a place and return None; or return after how many seconds to come again."""
        now = time.monotonic()
        gained = (now - self._at) * self._per_second
        self._at = now
        self._tokens = min(self._burst, self._tokens + gained)
        self._refused = max(0.0, self._refused - gained)
        if self._tokens >= 1:
            self._tokens -= 1
            return None
        self._refused += 1
        return ceil(random.uniform(0, 1 + self._refused / self._per_second))  # noqa: S311 (spreads load, no secret)


class SocketCaps:
    """Counts the sockets of people and teams, over all processes through Redis; without it, of this process alone.

    `patience`: how many seconds a socket whose line is gone may be taken for a living one.
    """

    def __init__(
        self,
        cache: Cache,
        *,
        per_user: int,
        per_tenant: int,
        per_process: int,
        patience: float = 0.0,
    ) -> None:
        self._cache = cache
        self._patience = patience
        self._per_user = per_user
        self._per_tenant = per_tenant
        self._per_process = per_process
        self._lapse_ms = str(int(LAPSE * 1000))
        self._silence_ms = str(int(SILENCE * 1000))
        self._process = str(new_id())
        self._inside = 0
        self._users: Counter[UUID] = Counter()
        self._tenants: Counter[UUID] = Counter()
        self._places: Counter[tuple[UUID, UUID]] = Counter()
        #: When each person who has reached the cap was refused first (of refusals that follow each other), and last.
        self._refused: dict[UUID, tuple[float, float]] = {}

    def enter(self) -> int | None:
        """Take a place in this process and return None; or return after how many seconds to come again."""
        if self._inside >= self._per_process:
            return random.randint(*_FULL_PAUSE)  # noqa: S311
        self._inside += 1
        return None

    def leave(self) -> None:
        """Give back a place taken by `enter`."""
        self._inside -= 1

    async def take(self, identity: Identity) -> CloseCode | None:
        """Count a socket of this person and return None; or return the code that says which cap is reached."""
        user, tenant = identity.user_id, identity.tenant_id
        self._add(user, tenant, 1)
        full = self._full(user, tenant, 0, 0)
        if full is CloseCode.TOO_MANY_SOCKETS:
            # Whoever changes the network comes back with every screen while the old lines are not found dead yet.
            if not self._out_of_patience(user):
                full = CloseCode.TENANT_FULL
        elif full is None:
            others = await self._say(user, tenant)
            if self._full(user, tenant, *others) is not None:
                # One of those others may have been killed: until its count lapses nobody may be told to stay away, or
                # screens that lost their line with it would stay dark.
                full = CloseCode.TENANT_FULL
        if full is not None:
            await self.give_back(identity)
        return full

    async def give_back(self, identity: Identity) -> None:
        """Count a socket less."""
        user, tenant = identity.user_id, identity.tenant_id
        self._add(user, tenant, -1)
        await self._say(user, tenant)

    async def live(self) -> None:
        """Give a sign of life: without one, and when nobody comes or goes, what is counted here becomes void."""
        if self._cache.available:
            sign = self._cache.client.set(_SIGN + self._process, 1, px=int(self._silence_ms))
            await self._cache.attempt(sign)

    async def say_again(self) -> None:
        """Tell the other processes what they would soon forget."""
        places: Iterator[tuple[UUID, UUID]] = iter(list(self._places))
        while batch := list(islice(places, 200)):
            if not self._cache.available:
                return
            pipeline = self._cache.client.pipeline(transaction=False)
            for user, tenant in batch:
                pipeline.eval(_COUNT, 2, *self._arguments(user, tenant))
            await self._cache.attempt(pipeline.execute())

    def _add(self, user: UUID, tenant: UUID, sockets: int) -> None:
        counters: tuple[tuple[Counter[Any], Any], ...] = (
            (self._users, user),
            (self._tenants, tenant),
            (self._places, (user, tenant)),
        )
        for counter, one in counters:
            counter[one] += sockets
            if not counter[one]:
                del counter[one]
        if self._users[user] < self._per_user:
            self._refused.pop(user, None)

    def _out_of_patience(self, user: UUID) -> bool:
        """Return whether the person's screens have knocked for so long that the lines they have are alive."""
        now = time.monotonic()
        since, last = self._refused.get(user, (now, now))
        if now - last > self._patience:
            since = now  # that was another time: whoever knocked then says nothing of the lines of now
        self._refused[user] = (since, now)
        if now - since < self._patience:
            return False
        del self._refused[user]  # it was told; the next to knock may come from a change of network since
        return True

    def _full(self, user: UUID, tenant: UUID, others_of_user: int, others_of_tenant: int) -> CloseCode | None:
        if self._users[user] + others_of_user > self._per_user:
            return CloseCode.TOO_MANY_SOCKETS
        if self._tenants[tenant] + others_of_tenant > self._per_tenant:
            return CloseCode.TENANT_FULL
        return None

    async def _say(self, user: UUID, tenant: UUID) -> tuple[int, int]:
        if not self._cache.available:
            return 0, 0
        others = await self._cache.attempt(self._cache.client.eval(_COUNT, 2, *self._arguments(user, tenant)))
        return (int(others[0]), int(others[1])) if others is not None else (0, 0)

    def _arguments(self, user: UUID, tenant: UUID) -> list[str]:
        keys = [f"cuedesk:sockets:user:{user}", f"cuedesk:sockets:tenant:{tenant}"]
        own = [str(self._users.get(user, 0)), str(self._tenants.get(tenant, 0))]
        return [*keys, self._process, self._lapse_ms, *own, _SIGN, self._silence_ms]
