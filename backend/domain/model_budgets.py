"""What a tenant spends on language models: this month's sum, and what calls under way may still add to it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from backend.storage.postgres import Connection, interval


@dataclass(frozen=True)
class Standing:
    """Where a tenant stood when it asked for a reservation. `soft_reached`: nobody was told of the soft limit yet."""

    spent: Decimal
    reserved: Decimal
    granted: bool
    soft_reached: bool


@dataclass(frozen=True)
class Spending:
    """What was spent in one currency since the month began (UTC); `reserved` is what calls under way may cost.

    `presumed` is part of `cost`: what calls held back whose account never came, because their process died with them.
    """

    month: date
    ends_at: datetime
    currency: str
    cost: Decimal
    presumed: Decimal
    reserved: Decimal
    calls: int
    input_tokens: int
    output_tokens: int
    soft_told_at: datetime | None


async def reserve_cost(
    conn: Connection, call: UUID, cost: Decimal, currency: str, *, soft: float | None, hard: float | None, lasts: float
) -> Standing:
    """Hold back what a call may cost, if the hard limit leaves room for it.

    It is given back when the call is written down. What is not within `lasts` seconds counts as spent until it is.
    """
    row = await conn.fetchrow(
        "SELECT * FROM reserve_model_cost($1, $2, $3, $4, $5, $6)",
        call,
        cost,
        currency,
        None if soft is None else Decimal(str(soft)),
        None if hard is None else Decimal(str(hard)),
        interval(lasts),
    )
    assert row is not None
    return Standing(**row)


async def month_left(conn: Connection) -> timedelta:
    """Return how long this month still is."""
    left: timedelta = await conn.fetchval(
        "SELECT (model_month() + interval '1 month') AT TIME ZONE 'UTC' - clock_timestamp()"
    )
    return left


async def read_spending(conn: Connection) -> list[Spending]:
    """Return what the connection's tenant spent this month, by currency."""
    rows = await conn.fetch(
        """WITH spent AS (SELECT * FROM model_spending WHERE month = model_month()),
             held AS (SELECT currency, sum(cost) AS reserved FROM model_reservations WHERE charged_to IS NULL
                      GROUP BY currency)
           SELECT model_month() AS month, (model_month() + interval '1 month') AT TIME ZONE 'UTC' AS ends_at, currency,
             coalesce(cost, 0) AS cost, coalesce(presumed, 0) AS presumed, coalesce(calls, 0) AS calls,
             coalesce(input_tokens, 0) AS input_tokens, coalesce(output_tokens, 0) AS output_tokens, soft_told_at,
             coalesce(reserved, 0) AS reserved
           FROM spent FULL JOIN held USING (currency) ORDER BY currency"""
    )
    return [Spending(**row) for row in rows]
