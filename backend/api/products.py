"""Products: list, read, add, change, remove, and take in a table of them."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
)

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
from backend.api.tables import (
    TEMPLATE_FILES,
    ImportedRecords,
    Planned,
    ReadRecords,
    Rows,
    TableUpload,
    imported,
    preview,
    require_rows,
    rows_of,
    template_file,
)
from backend.domain import audit, product_table, products
from backend.domain.prices import MAX_QUANTITY, MAX_STEPS, PriceStep
from backend.domain.profiles import hold_catalogue
from backend.domain.record_table import MAX_RECORDS
from backend.domain.show_table import RowError
from backend.domain.tables import TableFormat, read_table
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


class Step(BaseModel):
    """What several pieces cost together."""

    model_config = ConfigDict(extra="forbid")

    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY)]
    total: Yuan
    note: Annotated[str, StringConstraints(max_length=60, strip_whitespace=True), STORABLE] = ""


class KeptStep(BaseModel):
    """What several pieces cost together, in yuan."""

    model_config = ConfigDict(from_attributes=True)

    quantity: int
    total: float
    note: str


Ladder = Annotated[list[Step], Field(max_length=MAX_STEPS)]


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
    price_ladder: list[KeptStep]
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
    price_ladder: Ladder = []
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
    price_ladder: Ladder = []
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
    if "price_ladder" in fields:
        fields["price_ladder"] = [PriceStep(**step.model_dump()) for step in body.price_ladder]
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


class ProductTableImport(TableUpload):
    """A table of products to take in."""

    skip_faulty: Annotated[
        bool, Field(description="Leave faulty rows out and take in the others; else a fault anywhere refuses them all.")
    ] = False


@router.get("/template", responses=TEMPLATE_FILES, response_class=Response)
async def product_template(identity: Cataloguer, format: TableFormat = "xlsx") -> Response:
    """Take along an empty table of products to fill in; its second row shows how cells are written."""
    return template_file(product_table.PRODUCTS, format, "商品")


@router.post("/table")
async def read_product_table(identity: Cataloguer, services: Parts, body: TableUpload) -> ReadRecords:
    """Read a table of products without keeping anything: what it would do, row by row, and its faults."""
    rows = _read(body.content)
    async with services.db.tenant(identity.tenant_id) as conn:
        planned, errors = await _planned(conn, rows)
    return preview(planned, errors, rows)


@router.post("/import")
async def import_products(
    identity: Cataloguer, services: Parts, body: ProductTableImport, key: IdempotencyKey = None
) -> ImportedRecords:
    """Add and change products from a table.

    A product is known by its name; an empty cell leaves the field as it is, and a table that was taken in before
    changes nothing.
    """
    rows = _read(body.content)

    async def act(conn: Connection) -> ImportedRecords:
        await hold_catalogue(conn)
        planned, errors = await _planned(conn, rows)
        require_rows(planned, errors, skip_faulty=body.skip_faulty)
        for one in planned:
            if one.was is None:
                await products.create_product(conn, **one.fields)
            elif one.change == "update":
                await products.update_product(conn, one.was.id, one.was.version, one.fields)
        done = imported(planned, errors)
        await audit.record(conn, identity.user_id, "product.imported", "", created=done.created, updated=done.updated)
        return done

    return await once(services.db, identity, key, request=body, result=ImportedRecords, act=act)


def _read(data: bytes) -> Rows[products.Product]:
    table = product_table.read_products(read_table(data, max_rows=MAX_RECORDS))
    return rows_of(table, _NEW, _fields)


async def _planned(
    conn: Connection, rows: Rows[products.Product]
) -> tuple[list[Planned[products.Product]], list[RowError]]:
    known = await products.by_names(conn, [name for _, name, _ in rows.good])
    return rows.against(known, products.PRICES, product_table.price_errors)


_NEW: Final[TypeAdapter[NewProduct]] = TypeAdapter(NewProduct)


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
        before = await products.get_product(conn, product_id)
        product = await products.update_product(conn, product_id, expected_version(body.version, if_match), changes)
        await audit.record(
            conn, identity.user_id, "product.changed", str(product_id), fields=audit.changed(before, product, changes)
        )
    return Product.model_validate(product)


@router.delete("/{product_id}", status_code=204)
async def delete_product(identity: Cataloguer, services: Parts, product_id: UUID) -> None:
    """Remove a product; threads and scripts stay, without a product."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await products.delete_product(conn, product_id)
        await audit.record(conn, identity.user_id, "product.deleted", str(product_id))
