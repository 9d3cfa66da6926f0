"""What the graph can do: each skill with what it needs, in which form, and who may ask for it.

The one list of them: routing takes the readings that end in a script from here, the intent node asks for what a skill
lacks and refuses what the tenant does not allow, REST shows it and refuses by the same function.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from backend.domain import people, skills
from backend.domain.skills import Allowance
from backend.errors import SkillRefused
from backend.storage.postgres import Connection

Name = Literal["generate", "modify", "batch", "rundown"]
Scenario = Literal["opening", "selling_points", "promotion", "seeding", "transition", "closing"]
Seconds = Annotated[int, Field(ge=5, le=1800)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Generate(_Closed):
    """A new script: its segment, and what it is about (a product of the catalogue, a name, or nothing certain)."""

    scenario: Scenario
    product_id: str | None = None
    product_name: str | None = None
    host_id: str | None = None
    seconds: Seconds | None = None
    style: list[str] = []
    must_say: list[str] = []
    must_not_say: list[str] = []


class Modify(_Closed):
    """Another form of a text that is there: `draft` is that text."""

    draft: Text
    scenario: Scenario | None = None
    seconds: Seconds | None = None
    style: list[str] = []
    length_change: Literal["shorter", "longer"] | None = None


class Batch(_Closed):
    """Several scripts wanted in one message: they are offered one by one."""

    content: Text


class RundownItem(_Closed):
    """One script of a show."""

    product_id: str
    scenario: Scenario


class Rundown(_Closed):
    """A whole show of a room, one script for each product and segment."""

    room_id: str
    items: Annotated[list[RundownItem], Field(min_length=1, max_length=500)]


@dataclass(frozen=True, slots=True)
class Skill:
    """One thing the graph can do. `kinds` are the readings of a message that ask for it (`Reading.kind`)."""

    name: Name
    title: str
    kinds: frozenset[str]
    inputs: type[_Closed]
    #: What to ask when a required slot is missing.
    questions: Mapping[str, str]
    roles: frozenset[str] = frozenset({"admin", "operator", "approver"})

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(name for name, slot in self.inputs.model_fields.items() if slot.is_required())


SKILLS: Final[Mapping[str, Skill]] = {
    one.name: one
    for one in (
        Skill(
            "generate",
            "写新稿",
            frozenset({"write", "switch_product"}),
            Generate,
            {"scenario": "要写哪个环节：开场、卖点、促销、种草、过款，还是收尾？"},
        ),
        Skill(
            "modify",
            "改稿",
            frozenset({"continue", "restyle", "regenerate"}),
            Modify,
            {"draft": "要改哪一段？这里还没有写过的稿子，把原文贴过来也行。"},
        ),
        Skill("batch", "一次写多段", frozenset({"batch"}), Batch, {"content": "要写哪些？"}),
        Skill(
            "rundown",
            "整场编排",
            frozenset(),
            Rundown,
            {"room_id": "是哪个直播间的？", "items": "这一场有哪些商品，各写哪些环节？"},
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a skill would meet: `missing` is to be asked for, `invalid` to be put right (name and why)."""

    missing: tuple[str, ...]
    invalid: Mapping[str, str]
    #: The one question to ask first; empty when nothing is missing.
    question: str

    @property
    def ready(self) -> bool:
        return not self.missing and not self.invalid


def of_kind(kind: str) -> Skill | None:
    """Return the skill that a reading asks for; None for talk, operations and what was not understood."""
    return next((skill for skill in SKILLS.values() if kind in skill.kinds), None)


def asked_for(kind: str, then: str | None) -> tuple[Skill, ...]:
    """Return the skills that a reading needs; a plan that is confirmed needs what it was asked with and the show."""
    skill = of_kind(kind)
    if skill is None:
        return ()
    return (skill, SKILLS["rundown"]) if (kind, then) == ("batch", "start") else (skill,)


def preflight(skill: Skill, slots: Mapping[str, Any]) -> Preflight:
    """Tell what a skill lacks of `slots` before anything is begun; an empty slot counts as missing."""
    given = {name: value for name, value in slots.items() if value not in (None, "", [])}
    missing = tuple(name for name in skill.required if name not in given)
    invalid: dict[str, str] = {}
    try:
        skill.inputs.model_validate(given)
    except ValidationError as error:
        for fault in error.errors():
            place = ".".join(map(str, fault["loc"]))
            if place not in missing:
                invalid[place] = fault["msg"]
    return Preflight(missing, invalid, skill.questions[missing[0]] if missing else "")


def allows(skill: Skill, allowance: Allowance | None, role: str) -> bool:
    """Tell whether a role may use a skill; a tenant may take roles away and give them, and switch the skill off."""
    if allowance is None:
        return role in skill.roles
    return allowance.enabled and role in (skill.roles if allowance.roles is None else allowance.roles)


async def require(conn: Connection, skill: Skill, user_id: UUID | None) -> None:
    """Let pass who may use a skill in the connection's tenant, as role and allowance are now.

    Raises:
        SkillRefused: the tenant has switched it off, or not for this role. What nobody asked for (`user_id` of None:
            the server's own) is refused only when it is off.
    """
    allowance = (await skills.read_allowances(conn)).get(skill.name)
    if user_id is None:
        allowed = allowance is None or allowance.enabled
    else:
        role = await people.current_role(conn, user_id)
        allowed = role is not None and allows(skill, allowance, people.works_as(role))
    if not allowed:
        raise refusal(skill, allowance)


def refusal(skill: Skill, allowance: Allowance | None) -> SkillRefused:
    """Return the error that says which skill is closed, and whether to everybody."""
    return SkillRefused(skill=skill.name, title=skill.title, enabled=allowance is None or allowance.enabled)
