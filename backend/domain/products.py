"""Products: what is sold, with the facts a script may lean on and the statements it must make."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from backend.domain.prices import PriceStep, require_fitting
from backend.errors import Conflict, NotFound, VersionConflict
from backend.storage.postgres import Connection, Record, UniqueViolation

_COLUMNS = (
    "id, name, brand, category, aliases, price, list_price, price_ladder, unit, stock, gifts, points, facts, evidence, "
    "required_statements, compliance_flags, version, created_at, updated_at"
)
#: Beyond this many products names are no longer matched in messages; a tenant's live catalogue is far smaller.
_CATALOGUE_LIMIT = 5000
#: What has to fit each other.
PRICES = frozenset({"price", "list_price", "price_ladder"})


@dataclass(frozen=True)
class Point:
    """A selling point: what it has, what the buyer gets from it, how it can be seen or proved."""

    feature: str
    benefit: str = ""
    proof: str = ""


@dataclass(frozen=True)
class Product:
    """A product. Prices are yuan per `unit`, `price_ladder` says what several cost together; `facts` are name → value
    with its unit, as printed on the label.

    `evidence` are documents that back claims, `required_statements` must be said, `compliance_flags` name the
    verticals whose rules apply.
    """

    id: UUID
    name: str
    brand: str
    category: str
    aliases: Sequence[str]
    price: Decimal | None
    list_price: Decimal | None
    price_ladder: Sequence[PriceStep]
    unit: str
    stock: int | None
    gifts: Sequence[str]
    points: Sequence[Point]
    facts: Mapping[str, str]
    evidence: Sequence[str]
    required_statements: Sequence[str]
    compliance_flags: Sequence[str]
    version: int
    created_at: datetime
    updated_at: datetime

    def brief(self) -> dict[str, Any]:
        """Return what the writer and the checks are told, as plain JSON without empty values."""
        brief: dict[str, Any] = {
            "name": self.name,
            "brand": self.brand,
            "category": self.category,
            "aliases": list(self.aliases),
            "price": _plain(self.price),
            "list_price": _plain(self.list_price),
            "price_ladder": [
                {"quantity": step.quantity, "total": _plain(step.total), **({"note": step.note} if step.note else {})}
                for step in self.price_ladder
            ],
            "unit": self.unit,
            "stock": self.stock,
            "gifts": list(self.gifts),
            "points": [
                {key: value for key, value in dataclasses.asdict(point).items() if value} for point in self.points
            ],
            "facts": dict(self.facts),
            "evidence": list(self.evidence),
            "required_statements": list(self.required_statements),
            "compliance_flags": list(self.compliance_flags),
        }
        return {key: value for key, value in brief.items() if value not in (None, "", [], {})}


@dataclass(frozen=True)
class CatalogueEntry:
    """As much of a product as it takes to recognise it in a sentence."""

    id: UUID
    name: str
    brand: str
    category: str
    aliases: Sequence[str]


def _plain(amount: Decimal | None) -> int | float | None:
    if amount is None:
        return None
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _stored(ladder: Sequence[PriceStep]) -> list[dict[str, Any]]:
    """Return the ladder as the column holds it: in order, each total as text, so that no fen is rounded away."""
    return [
        {"quantity": step.quantity, "total": str(step.total), "note": step.note}
        for step in sorted(ladder, key=lambda step: step.quantity)
    ]


def _product(row: Record) -> Product:
    fields = dict(row)
    fields["points"] = [Point(**point) for point in fields["points"]]
    fields["price_ladder"] = [
        PriceStep(step["quantity"], Decimal(step["total"]), step["note"]) for step in fields["price_ladder"]
    ]
    return Product(**fields)


async def list_products(
    conn: Connection, q: str | None = None, before: UUID | None = None, limit: int = 200
) -> list[Product]:
    """Return products with `q` in name, brand, category or an alias, newest first, those made before `before`."""
    rows = await conn.fetch(
        f"""SELECT {_COLUMNS} FROM products
            WHERE ($1::text IS NULL
                   OR position(lower($1) IN lower(concat_ws(E'\\x1f', name, brand, category,
                                                             array_to_string(aliases, E'\\x1f')))) > 0)
              AND ($2::uuid IS NULL OR id < $2)
            ORDER BY id DESC LIMIT $3""",
        q,
        before,
        limit,
    )
    return [_product(row) for row in rows]


async def catalogue(conn: Connection) -> list[CatalogueEntry]:
    """Return the names under which this tenant's products may be mentioned."""
    rows = await conn.fetch(
        "SELECT id, name, brand, category, aliases FROM products ORDER BY id DESC LIMIT $1", _CATALOGUE_LIMIT
    )
    return [CatalogueEntry(**row) for row in rows]


async def get_product(conn: Connection, product_id: UUID) -> Product:
    """Return the product.

    Raises:
        NotFound: this tenant has no such product.
    """
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM products WHERE id = $1", product_id)
    if row is None:
        raise NotFound
    return _product(row)


async def by_names(conn: Connection, names: Sequence[str]) -> dict[str, Product]:
    """Return the products that have one of these names, by name."""
    rows = await conn.fetch(f"SELECT {_COLUMNS} FROM products WHERE name = ANY ($1)", list(names))
    return {row["name"]: _product(row) for row in rows}


async def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Product]:
    """Return those of these products that there are, by id."""
    rows = await conn.fetch(f"SELECT {_COLUMNS} FROM products WHERE id = ANY ($1)", list(ids))
    return {row["id"]: _product(row) for row in rows}


async def create_product(
    conn: Connection,
    *,
    name: str,
    brand: str = "",
    category: str = "",
    aliases: Sequence[str] = (),
    price: Decimal | None = None,
    list_price: Decimal | None = None,
    price_ladder: Sequence[PriceStep] = (),
    unit: str = "件",
    stock: int | None = None,
    gifts: Sequence[str] = (),
    points: Sequence[Point] = (),
    facts: Mapping[str, str] | None = None,
    evidence: Sequence[str] = (),
    required_statements: Sequence[str] = (),
    compliance_flags: Sequence[str] = (),
) -> Product:
    """Add a product.

    Raises:
        PricesOff: the prices do not add up.
        Conflict: a product of this name is there already.
    """
    require_fitting(price, list_price, price_ladder)
    try:
        row = await conn.fetchrow(
            f"""INSERT INTO products (name, brand, category, aliases, price, list_price, price_ladder, unit, stock,
                  gifts, points, facts, evidence, required_statements, compliance_flags)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
                RETURNING {_COLUMNS}""",
            name,
            brand,
            category,
            list(aliases),
            price,
            list_price,
            _stored(price_ladder),
            unit,
            stock,
            list(gifts),
            [dataclasses.asdict(point) for point in points],
            dict(facts or {}),
            list(evidence),
            list(required_statements),
            list(compliance_flags),
        )
    except UniqueViolation:
        raise Conflict("a product of this name is there already", field="name") from None
    assert row is not None
    return _product(row)


async def update_product(conn: Connection, product_id: UUID, version: int, changes: Mapping[str, Any]) -> Product:
    """Change the fields named in `changes` if the product is still at `version`; the version then counts up.

    Raises:
        NotFound: this tenant has no such product.
        VersionConflict: somebody changed it meanwhile.
        PricesOff: prices were changed, and do not add up.
        Conflict: another product has the new name.
    """
    product = dataclasses.replace(await get_product(conn, product_id), **changes)
    if PRICES & changes.keys():  # what was kept before there was this rule may still be edited otherwise
        require_fitting(product.price, product.list_price, product.price_ladder)
    try:
        row = await conn.fetchrow(
            f"""UPDATE products SET name = $3, brand = $4, category = $5, aliases = $6, price = $7, list_price = $8,
                  price_ladder = $9, unit = $10, stock = $11, gifts = $12, points = $13, facts = $14, evidence = $15,
                  required_statements = $16, compliance_flags = $17, version = version + 1, updated_at = now()
                WHERE id = $1 AND version = $2 RETURNING {_COLUMNS}""",
            product_id,
            version,
            product.name,
            product.brand,
            product.category,
            list(product.aliases),
            product.price,
            product.list_price,
            _stored(product.price_ladder),
            product.unit,
            product.stock,
            list(product.gifts),
            [dataclasses.asdict(point) for point in product.points],
            dict(product.facts),
            list(product.evidence),
            list(product.required_statements),
            list(product.compliance_flags),
        )
    except UniqueViolation:
        raise Conflict("a product of this name is there already", field="name") from None
    if row is None:
        raise VersionConflict(version=(await get_product(conn, product_id)).version)
    return _product(row)


async def delete_product(conn: Connection, product_id: UUID) -> None:
    """Remove the product; threads and scripts stay, without a product.

    Raises:
        NotFound: this tenant has no such product.
    """
    if await conn.fetchval("DELETE FROM products WHERE id = $1 RETURNING id", product_id) is None:
        raise NotFound
