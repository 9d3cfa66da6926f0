"""Putting a script of the rundown on air: it is looked at once more, with the rules and the record of this moment."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from backend.domain import audit, people, rooms, rule_overlays, rundowns, scripts, stages
from backend.domain.hosts import get_host
from backend.domain.people import Identity
from backend.domain.products import Product, get_product
from backend.domain.rundowns import RundownEntry
from backend.domain.scripts import Script, ScriptVersion
from backend.errors import BadRequest, Forbidden, NotFound, PushHeld
from backend.graph.checking import newly_forbidden, no_longer_borne_out
from backend.graph.product_facts import as_recorded_now
from backend.protocol.events import Finding, PrompterState
from backend.quality.lexicon import RuleSnapshot
from backend.quality.masking import mask_values
from backend.quality.rubric import ScriptBrief, review
from backend.quality.rulebooks import RuleBooks
from backend.runs.start import require_still
from backend.storage.postgres import Connection

#: Characters a minute, when nobody says who will speak.
_USUAL_PACE: Final = 260


async def cue_entry(
    conn: Connection, books: RuleBooks, who: Identity, room_id: UUID, entry_id: UUID, override_reason: str | None
) -> PrompterState:
    """Put an entry of a room's rundown on its teleprompter.

    Raises:
        NotFound: the room's rundown has no such entry.
        PushHeld: rules or record changed since it was approved and now forbid it. The entry stays where it is: it can
            be written anew, the record or the rules mended, or an admin overrides with a reason.
        Forbidden: the role (read again in this transaction) does not allow it, or not to override.
    """
    await require_still(conn, who)
    entry = await rundowns.get_entry(conn, room_id, entry_id)
    held = await _held(conn, books, entry)
    if held is not None:
        await _require_override(conn, who, held, override_reason)
    # Nobody can take anything out of the audit log again.
    overridden = mask_values({"override_reason": override_reason, **held.details}) if held is not None else {}
    # The rundown before the teleprompter, as everybody who changes both: each waits for the other's row else.
    return await _cue(conn, who.user_id, entry, **overridden)


async def cue_due(conn: Connection, books: RuleBooks, room_id: UUID) -> None:
    """Put what is due in a room on its teleprompter, to wait there, if nothing waits while a text is being read.

    What rules and record of now forbid stays in the rundown for a person. See `rundowns.hold_due`.
    """
    stage, latest, now_ms = await stages.hold(conn, room_id)
    if stage.version < latest.version or not stage.is_read(now_ms) or (await rooms.get_room(conn, room_id)).by_hand:
        return
    for entry in await rundowns.due_entries(conn, room_id, stage.script_id, stage.script_version):
        if await _held(conn, books, entry) is None:
            await _cue(conn, None, entry)
            return


async def _cue(conn: Connection, who: UUID | None, entry: RundownEntry, **noted: Any) -> PrompterState:
    await rundowns.mark_aired(conn, entry.room_id, entry.script_id, entry.script_version)
    shown = await rooms.cue(
        conn,
        entry.room_id,
        script_id=entry.script_id,
        script_version=entry.script_version,
        title=entry.title,
        content=entry.content,
        pace=entry.pace,
    )
    await audit.record(
        conn,
        who,
        "script.cued",
        str(entry.script_id),
        version=entry.script_version,
        room=str(entry.room_id),
        prompter_version=shown,
        # Another text is being read: this one is on no screen yet.
        waits=await stages.waits(conn, entry.room_id, shown),
        **noted,
    )
    return await rooms.read_prompter(conn, entry.room_id)


@dataclass(frozen=True)
class HeldEntry:
    """An entry that may not go on air now, and why: the details of `PushHeld`."""

    entry_id: UUID
    details: dict[str, Any]


async def held_entries(conn: Connection, books: RuleBooks, room_id: UUID) -> list[HeldEntry]:
    """Return which entries of a room's rundown, of those that were not on air yet, would be held now."""
    found = []
    for entry in await rundowns.of_room(conn, room_id):
        held = await _held(conn, books, entry) if entry.aired_at is None else None
        if held is not None:
            found.append(HeldEntry(entry.id, held.details))
    return found


async def _require_override(conn: Connection, who: Identity, held: PushHeld, reason: str | None) -> None:
    if reason is None:
        raise held
    role = await people.hold_role(conn, who.user_id)
    if role is None or not people.may(role, "interrupt.override"):
        raise Forbidden("only an admin may override a blocking finding", action="interrupt.override")
    if not reason.strip():
        raise BadRequest("an override needs a reason", field="override_reason")


async def _held(conn: Connection, books: RuleBooks, entry: RundownEntry) -> PushHeld | None:
    """Return what forbids the entry now and did not when it was approved, if anything does."""
    script, versions = await scripts.get_script(conn, entry.script_id)
    version = next(one for one in versions if one.version == entry.script_version)
    found = await _product(conn, script.product_id)
    head = await rule_overlays.head(conn, entry.room_id)
    rules = await books.at(head)
    was: dict[str, Any] = version.provenance.get("facts") or {}
    facts = as_recorded_now(was, found, version.provenance.get("prices") or [])
    approved_under = version.provenance.get("published_under", version.provenance.get("rules_version"))
    changed = [
        *(["rules"] if approved_under != rules.version else []),
        *(["product"] if facts != was else []),
    ]
    if not changed:
        return None
    brief = await _brief(conn, script, facts)
    # Some milliseconds of a processor: the loop carries everybody's tokens meanwhile.
    findings = await asyncio.to_thread(_findings, version, brief, rules)
    before = version.provenance.get("findings") or []
    forbidden = newly_forbidden(findings, before)
    if was and facts != was:
        then = await asyncio.to_thread(_findings, version, replace(brief, product=was), rules)
        forbidden += [one for one in no_longer_borne_out(findings, then, before) if one not in forbidden]
    if not forbidden:
        return None
    return PushHeld(
        changed=changed,
        findings=[finding.model_dump(mode="json") for finding in forbidden],
        rules_version=rules.version,
        approved_under=approved_under,
    )


def _findings(version: ScriptVersion, brief: ScriptBrief, rules: RuleSnapshot) -> Sequence[Finding]:
    findings = review(version.content, brief, rules).findings
    if "facts" in version.provenance:
        return findings
    # Approved by a release that did not keep what the text was checked against: only what the rules themselves find can
    # be told to be new.
    return [finding for finding in findings if any(rule.id == finding.rule for rule in rules.rules)]


async def _product(conn: Connection, product_id: UUID | None) -> Product | None:
    if product_id is None:
        return None
    try:
        return await get_product(conn, product_id)
    except NotFound:
        return None  # removed from the catalogue since: the script keeps the facts it was approved with


async def _brief(conn: Connection, script: Script, facts: dict[str, Any]) -> ScriptBrief:
    host = None
    if script.host_id is not None:
        host = await get_host(conn, script.host_id)
    return ScriptBrief(
        scenario=script.scenario,
        seconds=None,
        product=facts or None,
        other_products=(),
        must_say=(),
        must_not_say=tuple(host.taboo_words) if host else (),
        request="",
        pace=host.pace if host else _USUAL_PACE,
    )
