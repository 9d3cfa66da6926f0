"""Products: list, read, add, change, remove."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import (
    Base64Bytes,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
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
from backend.api.tables import TableError, told
from backend.domain import audit, product_table, products
from backend.domain.show_table import RowError
from backend.domain.tables import read_table
from backend.errors import TableFaulty
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


class ProductTable(BaseModel):
    """A file to read: CSV (UTF-8 or GBK) or XLSX, in base64."""

    model_config = ConfigDict(extra="forbid")

    content: Annotated[Base64Bytes, Field(max_length=400_000)]


class TableProduct(BaseModel):
    """What a row would do: add a product, or change the fields whose cells are filled."""

    row: int
    name: str
    change: Literal["create", "update"]


class ReadProducts(BaseModel):
    """What a table of products would do, everything that is wrong with it, and the headings that are not read."""

    rows: int
    items: list[TableProduct]
    errors: list[TableError]
    unknown_columns: list[str]


class ImportedProducts(BaseModel):
    """How many products were added and changed."""

    created: int
    updated: int


@router.post("/table")
async def read_product_table(identity: Cataloguer, services: Parts, body: ProductTable) -> ReadProducts:
    """Read a table of products without keeping anything: what it would do, row by row, and its faults."""
    bodies, errors, unknown = _read(body.content)
    async with services.db.tenant(identity.tenant_id) as conn:
        known = await products.by_names(conn, [product.name for _, product in bodies])
    items = [
        TableProduct(row=row, name=product.name, change="update" if product.name in known else "create")
        for row, product in bodies
    ]
    rows = len({row for row, _ in bodies} | {error.row for error in errors})
    return ReadProducts(rows=rows, items=items, errors=told(errors), unknown_columns=unknown)


@router.post("/import")
async def import_products(
    identity: Cataloguer, services: Parts, body: ProductTable, key: IdempotencyKey = None
) -> ImportedProducts:
    """Add and change products from a table: all of it, or nothing when a row is wrong.

    A product is known by its name; an empty cell leaves the field as it is.
    """
    bodies, errors, _ = _read(body.content)
    if errors:
        raise TableFaulty(errors=[error.model_dump() for error in told(errors)[:200]])

    async def act(conn: Connection) -> ImportedProducts:
        known = await products.by_names(conn, [product.name for _, product in bodies])
        for _, product in bodies:
            fields = _fields(product)
            if product.name in known:
                was = known[product.name]
                await products.update_product(conn, was.id, was.version, fields)
            else:
                await products.create_product(conn, **fields)
        created = sum(product.name not in known for _, product in bodies)
        await audit.record(
            conn, identity.user_id, "product.imported", "", created=created, updated=len(bodies) - created
        )
        return ImportedProducts(created=created, updated=len(bodies) - created)

    return await once(services.db, identity, key, request=body, result=ImportedProducts, act=act)


def _read(data: bytes) -> tuple[list[tuple[int, NewProduct]], list[RowError], list[str]]:
    """Return the rows as products added by hand, under the same rules; their faults; and the headings not read."""
    table = product_table.read_products(read_table(data, max_rows=product_table.MAX_PRODUCTS))
    errors = list(table.errors)
    bodies: list[tuple[int, NewProduct]] = []
    for row in table.products:
        try:
            bodies.append((row.row, _NEW.validate_python(row.fields)))
        except ValidationError as error:
            for fault in error.errors():
                field = str(fault["loc"][0])
                limits = {name: bound for name, bound in fault.get("ctx", {}).items() if name in _LIMITS}
                column, value = table.title.get(field, field), str(row.fields.get(field, ""))[:80]
                errors.append(RowError(row.row, column, "bad_value", fault["msg"], value, limits))
    return bodies, errors, list(table.unknown)


_LIMITS: Final = frozenset({"max_length", "min_length", "max_digits", "le", "ge"})
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
        product = await products.update_product(conn, product_id, expected_version(body.version, if_match), changes)
        await audit.record(conn, identity.user_id, "product.changed", str(product_id), fields=sorted(changes))
    return Product.model_validate(product)


@router.delete("/{product_id}", status_code=204)
async def delete_product(identity: Cataloguer, services: Parts, product_id: UUID) -> None:
    """Remove a product; threads and scripts stay, without a product."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await products.delete_product(conn, product_id)
        await audit.record(conn, identity.user_id, "product.deleted", str(product_id))
