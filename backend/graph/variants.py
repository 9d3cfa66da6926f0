"""What a variant of an experiment changes of the writing, and in which way a run is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from backend.domain import experiments, runs
from backend.graph.prompts import sections, slots
from backend.graph.state import GraphContext, ScriptState
from backend.ids import STORABLE

log = structlog.get_logger(__name__)

#: The styles that both the request's reading and the offline writer know.
Style = Literal["活泼", "幽默", "专业", "温柔", "简洁", "紧迫"]
#: Parts of the offline writer's scripts that may come early, or not at all. What must be said is not among them.
Block = Literal["greet", "pain", "lead", "proof", "brand", "use", "fit", "choose", "trust", "recap", "ask"]
SectionText = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True), STORABLE]
#: It says who writes and that data is no order: nothing to try things out with.
_FIXED = frozenset({"role"})


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Blocks(_Closed):
    """Parts that the offline writer says early (`more`), or not (`less`), unless the request says otherwise."""

    more: Annotated[list[Block], Field(max_length=11)] = []
    less: Annotated[list[Block], Field(max_length=11)] = []

    @model_validator(mode="after")
    def _of_one_mind(self) -> Self:
        if both := set(self.more) & set(self.less):
            raise ValueError(f"both more and less: {', '.join(sorted(both))}")
        return self


class Changes(_Closed):
    """What a variant changes; nothing at all is the usual way.

    `sections` stand instead of sections of the script's prompt, for the model; each keeps the `{{slots}}` of what it
    replaces, so that no fact is lost on the way. `style` is for whoever asks for none. `blocks` and `seed` are for the
    offline writer: another seed chooses other lines from the same blocks.
    """

    sections: Annotated[dict[str, SectionText], Field(max_length=20)] = {}
    style: Annotated[list[Style], Field(max_length=2)] = []
    blocks: Blocks = Blocks()
    seed: Annotated[int, Field(ge=0, le=999_999)] = 0

    @model_validator(mode="after")
    def _fits_the_prompt(self) -> Self:
        known = sections("script")
        for name, text in self.sections.items():
            if name not in known or name in _FIXED:
                raise ValueError(f"the prompt has no section {name!r} that may be changed")
            if slots(text) != slots(known[name]):
                wanted = " ".join(f"{{{{{slot}}}}}" for slot in sorted(slots(known[name]))) or "none"
                raise ValueError(f"the section {name!r} must have exactly these slots: {wanted}")
        return self


@dataclass(frozen=True, slots=True)
class Way:
    """The variant a run is written in."""

    experiment_id: UUID
    key: str
    variant: str
    changes: Changes

    def plain(self) -> dict[str, Any]:
        """Return it as it is kept in the run's state."""
        return {
            "id": str(self.experiment_id),
            "key": self.key,
            "variant": self.variant,
            "sections": self.changes.sections,
        }


async def way_of(state: ScriptState, context: GraphContext, *, first: bool) -> Way | None:
    """Return the way the run is written in; None for the usual one.

    With the `first` draft a run that belongs to the running experiment is noted as exposed, before a word is written; a
    run that has its way keeps it, whatever becomes of the experiment.

    Raises:
        LeaseLost: the run was cancelled, or another worker has it.
    """
    if not context.experimental:
        return None
    host = state["host"].get("id")
    async with context.db.tenant(context.tenant_id) as conn:
        found = await experiments.assign(conn, context.tenant_id, context.run_id, UUID(host) if host else None)
        if found is None or not (found.recorded or first):
            return None
        try:
            changes = Changes.model_validate(found.changes)
        except ValidationError as error:
            # The prompt has changed since: what was to be tried is no more, and the run is written as usual.
            log.warning("variant_does_not_fit", experiment=found.key, variant=found.variant, faults=error.error_count())
            return None
        if not found.recorded:
            await runs.assert_held(conn, context.run_id, context.attempt)
            await experiments.record_exposure(conn, context.run_id, found)
    return Way(found.experiment_id, found.key, found.variant, changes)


def sections_of(state: ScriptState) -> Mapping[str, str]:
    """Return what stood instead of sections of the prompt when the draft was written."""
    written: Mapping[str, str] = (state.get("experiment") or {}).get("sections", {})
    return written


def named(state: ScriptState) -> dict[str, str] | None:
    """Return which variant of which experiment the draft was written in, for its provenance."""
    way = state.get("experiment")
    return {name: way[name] for name in ("id", "key", "variant")} if way else None
