"""What the graph can do for whom: read it, ask beforehand what is missing, and say who may."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from backend.api.auth import Parts, PolicyMaker, Reader
from backend.domain import audit, skills
from backend.domain.people import Identity, Role
from backend.domain.skills import Allowance
from backend.graph.skills import SKILLS, Name, Skill, allows, preflight

router = APIRouter(prefix="/skills", tags=["skills"])


class SkillView(BaseModel):
    """A skill as this tenant has it. `required` are the slots it cannot do without, `inputs` the schema of all of them.

    `roles` are those who may use it, `allowed` whether whoever asks may.
    """

    name: Name
    title: str
    required: list[str]
    inputs: dict[str, Any]
    enabled: bool
    roles: list[str]
    allowed: bool


class Skills(BaseModel):
    """All skills."""

    items: list[SkillView]


class SkillChanges(BaseModel):
    """What to change; what is left out stays. `roles` of null brings the skill's own back."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool | None = None
    roles: Annotated[list[Role], Field(max_length=5)] | None = None


class Slots(BaseModel):
    """What is known of a request so far."""

    model_config = ConfigDict(extra="forbid")

    slots: dict[str, Any] = {}


class Checked(BaseModel):
    """Whether a skill could begin. `question` is the one thing to ask first; `invalid` says why of a slot."""

    allowed: bool
    ready: bool
    missing: list[str]
    invalid: dict[str, str]
    question: str


@router.get("")
async def list_skills(identity: Reader, services: Parts) -> Skills:
    """List what the graph can do."""
    async with services.db.tenant(identity.tenant_id) as conn:
        allowances = await skills.read_allowances(conn)
    return Skills(items=[_shown(skill, allowances.get(skill.name), identity) for skill in SKILLS.values()])


@router.patch("/{name}")
async def change_skill(identity: PolicyMaker, services: Parts, name: Name, body: SkillChanges) -> SkillView:
    """Switch a skill on or off for the tenant, or say which roles may use it. Holds from the next request on."""
    async with services.db.tenant(identity.tenant_id) as conn:
        before = (await skills.read_allowances(conn)).get(name, Allowance(enabled=True, roles=None))
        roles = before.roles if "roles" not in body.model_fields_set else body.roles
        after = Allowance(
            enabled=before.enabled if body.enabled is None else body.enabled,
            roles=None if roles is None else frozenset(roles),
        )
        await skills.set_allowance(conn, name, after)
        shown = _shown(SKILLS[name], after, identity)
        await audit.record(conn, identity.user_id, "skill.changed", name, enabled=after.enabled, roles=shown.roles)
        return shown


@router.post("/{name}/preflight")
async def check_skill(identity: Reader, services: Parts, name: Name, body: Slots) -> Checked:
    """Tell what a skill would lack; nothing is begun."""
    async with services.db.tenant(identity.tenant_id) as conn:
        allowance = (await skills.read_allowances(conn)).get(name)
    found = preflight(SKILLS[name], body.slots)
    return Checked(
        allowed=allows(SKILLS[name], allowance, identity.role),
        ready=found.ready,
        missing=list(found.missing),
        invalid=dict(found.invalid),
        question=found.question,
    )


def _shown(skill: Skill, allowance: Allowance | None, identity: Identity) -> SkillView:
    roles = skill.roles if allowance is None or allowance.roles is None else allowance.roles
    return SkillView(
        name=skill.name,
        title=skill.title,
        required=list(skill.required),
        inputs=skill.inputs.model_json_schema(),
        enabled=allowance is None or allowance.enabled,
        roles=sorted(roles),
        allowed=allows(skill, allowance, identity.role),
    )
