"""Products: list, read, add, change, remove."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from backend.api.auth import Cataloguer, Parts, Reader
from backend.api.pages import (
    Cursor,
    IdempotencyKey,
    IfMatch,
    Limit,
    Page,
    Search,
    after,
    cut,
    encode_cursor,
    expected_version,
    once,
)
from backend.domain import audit, products
from backend.ids import STORABLE
from backend.storage.postgres import Connection

router = APIRouter(prefix="/products", tags=["products"])

Name = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True), STORABLE]
Word = Annotated[str, StringConstraints(max_length=60, strip_whitespace=True), STORABLE]
Alias = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True), STORABLE]
Line = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True), STORABLE]
Prose = Annotated[str, StringConstraints(max_length=300, strip_whitespace=True), STORABLE]
Aliases = Annotated[list[Alias], Field(max_length=40)]
Lines = Annotated[list[Line], Field(max_length=40)]
Stock = Annotated[int, Field(ge=0, le=2_000_000_000)]
Facts = Annotated[
    dict[Alias, Line], Field(max_length=60, description='Name → value with its unit: {"容量": "500 ml"}.')
]
# Yuan, to the fen: exact in the database and here, a plain number in JSON.
Yuan = Annotated[
    Decimal,
    Field(ge=0, max_digits=12, decimal_places=2),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 9_999_999_999.99}),
]


class Point(BaseModel):
    """A selling point: what it has, what the buyer gets from it, how it can be seen or proved."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    feature: Line
    benefit: Prose = ""
    proof: Prose = ""


Points = Annotated[list[Point], Field(max_length=40)]


class Product(BaseModel):
    """What is sold. Prices are yuan per `unit`."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    brand: str
    category: str
    aliases: list[str]
    price: float | None
    list_price: float | None
    unit: str
    stock: int | None
    gifts: list[str]
    points: list[Point]
    facts: dict[str, str]
    evidence: list[str]
    required_statements: list[str]
    compliance_flags: list[str]
    version: int
    created_at: datetime
    updated_at: datetime


class ProductPage(Page[Product]):
    """A part of the list of products."""


class NewProduct(BaseModel):
    """A product to add."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    brand: Word = ""
    category: Word = ""
    aliases: Aliases = []
    price: Yuan | None = None
    list_price: Yuan | None = None
    unit: Alias = "件"
    stock: Stock | None = None
    gifts: Lines = []
    points: Points = []
    facts: Facts = {}
    evidence: Lines = []
    required_statements: Lines = []
    compliance_flags: Aliases = []


class ProductChanges(BaseModel):
    """What to change; a field left out stays as it is. `version` is the one that was read (or send If-Match)."""

    model_config = ConfigDict(extra="forbid")

    version: Annotated[int, Field(ge=1, le=999_999_999)] | None = None
    name: Name = ""
    brand: Word = ""
    category: Word = ""
    aliases: Aliases = []
    price: Yuan | None = None
    list_price: Yuan | None = None
    unit: Alias = "件"
    stock: Stock | None = None
    gifts: Lines = []
    points: Points = []
    facts: Facts = {}
    evidence: Lines = []
    required_statements: Lines = []
    compliance_flags: Aliases = []


def _fields(body: NewProduct | ProductChanges) -> dict[str, Any]:
    fields = body.model_dump(exclude_unset=True, exclude={"version"})
    if "points" in fields:
        fields["points"] = [products.Point(**point.model_dump()) for point in body.points]
    return fields


@router.get("")
async def list_products(
    identity: Reader, services: Parts, q: Search = None, cursor: Cursor = None, limit: Limit = 50
) -> ProductPage:
    """List products, newest first; `q` looks in name, brand, category and aliases."""
    async with services.db.tenant(identity.tenant_id) as conn:
        rows = await products.list_products(conn, q or None, after(cursor), limit + 1)
    page, next_cursor = cut(rows, limit, lambda product: encode_cursor(product.id))
    return ProductPage(items=[Product.model_validate(product) for product in page], next_cursor=next_cursor)


@router.post("", status_code=201)
async def create_product(
    identity: Cataloguer, services: Parts, body: NewProduct, key: IdempotencyKey = None
) -> Product:
    """Add a product."""

    async def act(conn: Connection) -> Product:
        product = await products.create_product(conn, **_fields(body))
        await audit.record(conn, identity.user_id, "product.created", str(product.id), name=product.name)
        return Product.model_validate(product)

    return await once(services.db, identity, key, request=body, result=Product, act=act)


@router.get("/{product_id}")
async def read_product(identity: Reader, services: Parts, product_id: UUID, response: Response) -> Product:
    """Read a product; `ETag` is its version."""
    async with services.db.tenant(identity.tenant_id) as conn:
        product = await products.get_product(conn, product_id)
    response.headers["ETag"] = f'"{product.version}"'
    return Product.model_validate(product)


@router.patch("/{product_id}")
async def update_product(
    identity: Cataloguer, services: Parts, product_id: UUID, body: ProductChanges, if_match: IfMatch = None
) -> Product:
    """Change a product, if nobody else changed it meanwhile."""
    changes = _fields(body)
    async with services.db.tenant(identity.tenant_id) as conn:
        product = await products.update_product(conn, product_id, expected_version(body.version, if_match), changes)
        await audit.record(conn, identity.user_id, "product.changed", str(product_id), fields=sorted(changes))
    return Product.model_validate(product)


@router.delete("/{product_id}", status_code=204)
async def delete_product(identity: Cataloguer, services: Parts, product_id: UUID) -> None:
    """Remove a product; threads and scripts stay, without a product."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await products.delete_product(conn, product_id)
        await audit.record(conn, identity.user_id, "product.deleted", str(product_id))
