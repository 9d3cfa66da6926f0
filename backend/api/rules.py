"""Rules: those that hold, what the tenant lays over them, what a change would do before it is kept, its history."""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.api.auth import Parts, RuleReader, RuleWriter
from backend.api.files import attachment
from backend.api.pages import Cursor, Limit, Page, Search, cut, decode_cursor, encode_cursor
from backend.api.tables import TableError, told
from backend.api.uploads import Upload
from backend.domain import audit, people, rule_overlays, scripts
from backend.domain.people import Identity
from backend.domain.products import by_ids
from backend.domain.rule_overlays import Revision
from backend.domain.tables import read_table
from backend.errors import Forbidden
from backend.ids import STORABLE
from backend.quality import rule_table
from backend.quality.changes import Change, HitChange, differences, tried
from backend.quality.layering import (
    NOTHING,
    PLATFORMS,
    Effective,
    Layer,
    Platform,
    compiled,
    layered,
    read_overlay,
    require_sound,
)
from backend.quality.masking import mask_values
from backend.quality.overlay import Overlay, OwnRule
from backend.quality.rulebook import Severity
from backend.services import Services
from backend.storage.postgres import Connection

router = APIRouter(prefix="/rules", tags=["rules"])

#: How many scripts, the latest first, a change is tried on; some milliseconds each.
_TRIED: Final = 200
_SHOWN: Final = 50
Note = Annotated[str, StringConstraints(max_length=300, strip_whitespace=True), STORABLE]
ExpectedRevision = Annotated[int, Field(ge=0, le=2_000_000_000)]
FileFormat = Literal["csv", "xlsx", "tsv"]
_MEDIA: Final[dict[FileFormat, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "tsv": "text/tab-separated-values; charset=utf-8",
}
_FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {media: {"schema": {"type": "string", "format": "binary"}} for media in _MEDIA.values()}}
}


class Rule(BaseModel):
    """A rule as it holds, and where it comes from.

    `layer` is base (ours), platform or tenant. `original` is how grave that layer has it; who adjusted it says
    `adjusted_by`. `statutory`: the law forbids it, so it cannot be made less than a warning.
    """

    id: str
    title: str
    category: str
    layer: Layer
    severity: Severity
    original: Severity
    off: bool
    statutory: bool
    adjusted_by: Literal["platform", "tenant"] | None
    reason: str
    verticals: list[str]
    basis: str
    about: str
    advice: str
    terms: list[str]
    patterns: list[str]


class Rules(BaseModel):
    """The rules that hold. `version` is the name that reports carry, `revision` the tenant's save it is made of."""

    version: str
    revision: int
    platform: Platform | None
    items: list[Rule]


class TenantRules(BaseModel):
    """What the tenant lays over the rules; revision 0: nothing was ever saved."""

    revision: int
    overlay: Overlay
    platform: Platform | None
    note: str = ""
    author: str | None = None
    created_at: datetime | None = None


class SaveRules(BaseModel):
    """What to lay over the rules from now on. `revision` is the one that was read: if somebody saved since, it is
    refused with `version_conflict`."""

    model_config = ConfigDict(extra="forbid")

    revision: ExpectedRevision
    overlay: Overlay
    note: Note = ""


class RestoreRules(BaseModel):
    """Why an earlier revision is brought back, and which one was the latest when that was decided."""

    model_config = ConfigDict(extra="forbid")

    revision: ExpectedRevision
    note: Note = ""


class ChoosePlatform(BaseModel):
    """Whose extra rules hold where a room says nothing else; null: none."""

    model_config = ConfigDict(extra="forbid")

    platform: Platform | None


class Trial(BaseModel):
    """An overlay to try on recent scripts; nothing is kept."""

    model_config = ConfigDict(extra="forbid")

    overlay: Overlay
    platform: Platform | None = None


class RuleChange(BaseModel):
    """One line of an overlay that came, went or became another."""

    part: Literal["rules", "adjustments", "allow", "brands"]
    kind: Literal["added", "removed", "changed"]
    name: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Hit(BaseModel):
    """A finding that would come, go, or be more or less grave; with what stands around it."""

    kind: Literal["added", "removed", "changed"]
    rule: str
    excerpt: str
    before_text: str
    after_text: str
    was: Severity | None
    now: Severity | None
    message: str


class TriedScript(BaseModel):
    """What would change in one script."""

    script_id: str
    title: str
    version: int
    hits: list[Hit]


class TrialResult(BaseModel):
    """What an overlay would change: in the rules, and in the findings of the tenant's latest scripts.

    `scripts` are the first 50 in which something changes; the counts are of all that were tried.
    """

    changes: list[RuleChange]
    tried: int
    touched: int
    added: int
    removed: int
    changed: int
    scripts: list[TriedScript]


class RuleRevision(BaseModel):
    """One save: by whom, when, why, and how many lines it changed."""

    revision: int
    note: str
    author: str | None
    restored_from: int | None
    created_at: datetime


class RuleRevisionPage(Page[RuleRevision]):
    """A part of the history, the latest first."""


class RuleRevisionWithChanges(BaseModel):
    """A save with what it laid over the rules, and how that differs from the one before it."""

    revision: RuleRevision
    overlay: Overlay
    changes: list[RuleChange]


class RuleTableBody(BaseModel):
    """A file to read: CSV (UTF-8 or GBK), TSV or XLSX, in base64."""

    model_config = ConfigDict(extra="forbid")

    content: Annotated[Upload, Field(max_length=1_100_000)]


class ReadRule(BaseModel):
    """A rule of a table, and its row."""

    row: int
    rule: OwnRule


class ReadRules(BaseModel):
    """The rules of a table that can be used, everything that is wrong with the others, and the headings not read.

    `ours` are the ids of rows that are rules of ours or the platform as they are (an export that comes back).
    """

    rules: list[ReadRule]
    errors: list[TableError]
    unknown_columns: list[str]
    ours: list[str]


@router.get("")
async def list_rules(
    identity: RuleReader,
    services: Parts,
    q: Search = None,
    layer: Layer | None = None,
    platform: Annotated[Platform | None, Query(description="As if on this platform; else the tenant's own.")] = None,
) -> Rules:
    """List the rules that hold; `q` looks in ids, titles, terms and what they forbid."""
    async with services.db.tenant(identity.tenant_id) as conn:
        head = await rule_overlays.head(conn)
        saved = await rule_overlays.latest(conn)
    chosen = platform or _platform(head.platform)
    snapshot = await services.rules.at(rule_overlays.Head(head.tenant_id, head.revision, head.digest, chosen))
    overlay = read_overlay(saved.overlay) if saved else NOTHING
    rules = await asyncio.to_thread(layered, chosen, overlay)
    wanted = (q or "").casefold()
    items = [_rule(one) for one in rules if layer in (None, one.layer) and _holds(one, wanted)]
    return Rules(version=snapshot.version, revision=head.revision, platform=chosen, items=items)


@router.get("/overlay")
async def read_rules_overlay(identity: RuleReader, services: Parts) -> TenantRules:
    """Read what the tenant lays over the rules."""
    async with services.db.tenant(identity.tenant_id) as conn:
        return await _tenant_rules(conn)


@router.put("/overlay")
async def save_rules_overlay(identity: RuleWriter, services: Parts, body: SaveRules) -> TenantRules:
    """Save what the tenant lays over the rules: a new revision that holds everywhere at once.

    `rules_refused` (400) says for each fault which line it is in and why; what was saved before still holds.
    """
    return await _save(services, identity, body.revision, body.overlay, body.note, None)


@router.put("/platform")
async def choose_platform(identity: RuleWriter, services: Parts, body: ChoosePlatform) -> TenantRules:
    """Say which platform the tenant is on; a room may say otherwise."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await _require_writer(conn, identity)
        await rule_overlays.set_platform(conn, body.platform)
        await audit.record(
            conn, identity.user_id, "rules.platform_changed", str(identity.tenant_id), platform=body.platform
        )
        return await _tenant_rules(conn)


@router.post("/trial")
async def try_rules(identity: RuleReader, services: Parts, body: Trial) -> TrialResult:
    """Try an overlay on the latest scripts without keeping it: what would newly hit, or hit no more."""
    await asyncio.to_thread(require_sound, body.overlay)
    async with services.db.tenant(identity.tenant_id) as conn:
        head = await rule_overlays.head(conn)
        saved = await rule_overlays.latest(conn)
        recent = await scripts.list_scripts(conn, limit=_TRIED)
        known = await by_ids(conn, [script.product_id for script in recent if script.product_id])
    platform = body.platform or _platform(head.platform)
    before = await services.rules.at(rule_overlays.Head(head.tenant_id, head.revision, head.digest, platform))
    after = await asyncio.to_thread(compiled, platform, body.overlay, head.revision)
    texts = []
    for script in recent:
        product = known.get(script.product_id) if script.product_id else None
        texts.append((script.content, f"{product.category} {product.name}" if product else None))
    found = await asyncio.to_thread(tried, texts, before, after)
    touched = [(script, hits) for script, hits in zip(recent, found, strict=True) if hits]
    kinds = [hit.kind for _, hits in touched for hit in hits]
    return TrialResult(
        changes=_changes(differences(read_overlay(saved.overlay) if saved else NOTHING, body.overlay)),
        tried=len(recent),
        touched=len(touched),
        added=kinds.count("added"),
        removed=kinds.count("removed"),
        changed=kinds.count("changed"),
        scripts=[
            TriedScript(
                script_id=str(script.id),
                title=script.title,
                version=script.latest_version,
                hits=[_hit(h) for h in hits],
            )
            for script, hits in touched[:_SHOWN]
        ],
    )


@router.get("/revisions")
async def list_rule_revisions(
    identity: RuleReader, services: Parts, cursor: Cursor = None, limit: Limit = 50
) -> RuleRevisionPage:
    """List what was saved, the latest first."""
    before = decode_cursor(cursor, _number)[0] if cursor else None
    async with services.db.tenant(identity.tenant_id) as conn:
        rows = await rule_overlays.list_revisions(conn, before, limit + 1)
    page, next_cursor = cut(rows, limit, lambda row: encode_cursor(row.revision))
    return RuleRevisionPage(items=[_revision(row) for row in page], next_cursor=next_cursor)


@router.get("/revisions/{revision}")
async def read_rule_revision(
    identity: RuleReader, services: Parts, revision: ExpectedRevision
) -> RuleRevisionWithChanges:
    """Read one save and what it changed."""
    async with services.db.tenant(identity.tenant_id) as conn:
        saved = await rule_overlays.get_revision(conn, revision)
        before = await rule_overlays.latest(conn, below=revision)
    overlay = read_overlay(saved.overlay)
    earlier = read_overlay(before.overlay) if before else NOTHING
    return RuleRevisionWithChanges(
        revision=_revision(saved), overlay=overlay, changes=_changes(differences(earlier, overlay))
    )


@router.post("/revisions/{revision}/restore")
async def restore_rule_revision(
    identity: RuleWriter, services: Parts, revision: ExpectedRevision, body: RestoreRules
) -> TenantRules:
    """Let an earlier save hold again, as a new one; it is checked as if it were new."""
    async with services.db.tenant(identity.tenant_id) as conn:
        saved = await rule_overlays.get_revision(conn, revision)
    return await _save(services, identity, body.revision, read_overlay(saved.overlay), body.note, revision)


@router.post("/table")
async def read_rule_table(identity: RuleWriter, services: Parts, body: RuleTableBody) -> ReadRules:
    """Read a table of rules without keeping anything: the rules, row by row, and its faults."""
    async with services.db.tenant(identity.tenant_id) as conn:
        saved = await rule_overlays.latest(conn)
    adjusted = Overlay(adjustments=(read_overlay(saved.overlay) if saved else NOTHING).adjustments)
    below = [
        one for platform in (None, *PLATFORMS) for layer in (NOTHING, adjusted) for one in layered(platform, layer)
    ]
    known = {one.rule.id: one.rule for one in below}
    lines = await asyncio.to_thread(read_table, body.content, max_rows=rule_table.MAX_ROWS)
    table = await asyncio.to_thread(rule_table.read_rules, lines, known, below)
    return ReadRules(
        rules=[ReadRule(row=row, rule=rule) for row, rule in table.rules],
        errors=told(table.errors),
        unknown_columns=list(table.unknown),
        ours=list(table.ours),
    )


@router.get("/export", responses=_FILES, response_class=Response)
async def export_rules(
    identity: RuleReader, services: Parts, format: FileFormat = "csv", layer: Layer | None = None
) -> Response:
    """Take the rules along as a table, all of them or one layer's."""
    async with services.db.tenant(identity.tenant_id) as conn:
        head = await rule_overlays.head(conn)
        saved = await rule_overlays.latest(conn)
        await audit.record(conn, identity.user_id, "rules.exported", str(identity.tenant_id), format=format)
    overlay = read_overlay(saved.overlay) if saved else NOTHING
    rules = [one for one in layered(_platform(head.platform), overlay) if layer in (None, one.layer)]
    write = {"csv": rule_table.as_csv, "xlsx": rule_table.as_xlsx, "tsv": rule_table.as_tsv}[format]
    data = await asyncio.to_thread(write, rules)
    return Response(
        data,
        media_type=_MEDIA[format],
        headers={
            "Content-Disposition": attachment(f"rules-{head.revision}.{format}"),
            "X-Content-Type-Options": "nosniff",
        },
    )


async def _save(
    services: Services, identity: Identity, after: int, overlay: Overlay, note: str, restored_from: int | None
) -> TenantRules:
    digest = await asyncio.to_thread(require_sound, overlay)
    # What passes the checks compiles; should it not, it is refused here and not found out by the next request.
    await asyncio.to_thread(compiled, None, overlay, after + 1)
    async with services.db.tenant(identity.tenant_id) as conn:
        await _require_writer(conn, identity)
        was = await rule_overlays.latest(conn)
        saved = await rule_overlays.add(
            conn,
            after=after,
            overlay=overlay.model_dump(),
            digest=digest,
            note=note,
            author=identity.user_id,
            restored_from=restored_from,
        )
        changes = differences(read_overlay(was.overlay) if was else NOTHING, overlay)
        # What loosens a rule of ours is told with its reason; the rest by name.
        milder = [
            {"name": change.name, **(change.after or {})}
            for change in changes
            if change.part != "rules" and change.kind != "removed"
        ]
        await audit.record(
            conn,
            identity.user_id,
            "rules.saved",
            str(saved.revision),
            # Nobody can take anything out of the audit log again.
            note=mask_values(note),
            restored_from=restored_from,
            changed=[f"{change.kind} {change.part} {change.name}" for change in changes][:200],
            loosened=mask_values(milder[:200]),
        )
        return await _tenant_rules(conn)


async def _require_writer(conn: Connection, who: Identity) -> None:
    """Let pass who may still change rules, and keep it so until the transaction ends."""
    role = await people.hold_role(conn, who.user_id)
    if role is None or not people.may(role, "rules.write"):
        raise Forbidden(action="rules.write")


async def _tenant_rules(conn: Connection) -> TenantRules:
    head = await rule_overlays.head(conn)
    saved = await rule_overlays.latest(conn)
    if saved is None:
        return TenantRules(revision=0, overlay=NOTHING, platform=_platform(head.platform))
    return TenantRules(
        revision=saved.revision,
        overlay=read_overlay(saved.overlay),
        platform=_platform(head.platform),
        note=saved.note,
        author=saved.author_name,
        created_at=saved.created_at,
    )


def _platform(name: str | None) -> Platform | None:
    return next((platform for platform in PLATFORMS if platform == name), None)


def _number(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 2_147_483_647:
        raise ValueError("no revision has this number")
    return number


def _holds(one: Effective, wanted: str) -> bool:
    rule = one.rule
    words = (rule.id, rule.title, rule.about, rule.category, *rule.terms)
    return not wanted or any(wanted in word.casefold() for word in words)


def _rule(one: Effective) -> Rule:
    rule = one.rule
    return Rule(
        id=rule.id,
        title=rule.title,
        category=rule.category,
        layer=one.layer,
        severity=rule.severity,
        original=one.original,
        off=one.off,
        statutory=rule.statutory,
        adjusted_by=one.adjusted_by,
        reason=one.reason,
        verticals=sorted(rule.verticals),
        basis=rule.basis,
        about=rule.about,
        advice=rule.advice,
        terms=list(rule.terms),
        patterns=[pattern.pattern for pattern in rule.patterns],
    )


def _revision(row: Revision) -> RuleRevision:
    return RuleRevision(
        revision=row.revision,
        note=row.note,
        author=row.author_name,
        restored_from=row.restored_from,
        created_at=row.created_at,
    )


def _changes(changes: list[Change]) -> list[RuleChange]:
    return [RuleChange(**change.__dict__) for change in changes]


def _hit(hit: HitChange) -> Hit:
    return Hit.model_validate(hit.__dict__)
