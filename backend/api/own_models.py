"""Models of a tenant's own. Keys do not come in or go out here: a provider names the variable that holds its key."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from backend.api.auth import Parts, allow
from backend.domain import audit, tenant_models
from backend.domain.people import Identity
from backend.domain.tenant_models import Saved
from backend.errors import ModelsInvalid
from backend.llm.own_models import FaultCode, OwnFault, OwnModels, faults_of, stored
from backend.services import Services

router = APIRouter(prefix="/models/own", tags=["models"])

ModelWriter = Annotated[Identity, Depends(allow("model.write"))]


class KeyState(BaseModel):
    """The variable of the server that a provider's key is read from, and whether it is set; never what is in it."""

    variable: str
    is_set: bool


class OwnFaultView(BaseModel):
    """What is wrong: the keys that lead to it joined by dots, a stable code, words for people, the name it is about."""

    field: str
    code: FaultCode
    message: str
    value: str


class OwnModelsView(BaseModel):
    """What the tenant lays over the server's models; null: nothing. `revision` is what the next save must name.

    `keys` are by provider. `faults` are what this server cannot use as it is now; it is left out until it can be.
    """

    revision: int
    models: OwnModels | None
    keys: dict[str, KeyState]
    faults: list[OwnFaultView]


class OwnModelsChange(BaseModel):
    """The whole of what is wanted; null brings the server's models back."""

    model_config = ConfigDict(extra="forbid")

    revision: Annotated[int, Field(ge=0, le=2_000_000_000)]
    models: OwnModels | None


@router.get("")
async def read_own_models(identity: ModelWriter, services: Parts) -> OwnModelsView:
    """Read the tenant's own models."""
    async with services.db.tenant(identity.tenant_id) as conn:
        return _view(services, await tenant_models.read_own(conn))


@router.put("")
async def save_own_models(identity: ModelWriter, services: Parts, body: OwnModelsChange) -> OwnModelsView:
    """Save the tenant's own models; every process asks them for the calls that begin from then on."""
    async with services.db.tenant(identity.tenant_id) as conn:
        slug = (await tenant_models.read_own(conn)).slug
        if body.models is not None:
            faults = faults_of(body.models, services.model.models, services.own_models.grounds(slug))
            if faults:
                raise ModelsInvalid(errors=[_fault(one).model_dump() for one in faults])
        document = None if body.models is None else body.models.model_dump(mode="json", exclude_unset=True)
        revision = await tenant_models.save_own(conn, document, body.revision)
        await audit.record(
            conn, identity.user_id, "tenant.models_changed", str(identity.tenant_id), revision=revision, models=document
        )
        saved = await tenant_models.read_own(conn)
    # The other processes hear of it at the commit; this one answers only when it has heard.
    await services.own_models.refresh()
    return _view(services, saved)


def _view(services: Services, saved: Saved) -> OwnModelsView:
    own = None if saved.document is None else stored(saved.document)
    grounds = services.own_models.grounds(saved.slug)
    keys = {} if own is None else {name: one.key for name, one in own.providers.items() if one.key is not None}
    variables = {name: grounds.variable(key) for name, key in keys.items()}
    return OwnModelsView(
        revision=saved.revision,
        models=own,
        keys={
            name: KeyState(variable=variable, is_set=bool(grounds.variables.get(variable)))
            for name, variable in variables.items()
        },
        faults=[_fault(one) for one in faults_of(own, services.model.models, grounds)] if own else [],
    )


def _fault(fault: OwnFault) -> OwnFaultView:
    return OwnFaultView(field=fault.at, code=fault.code, message=fault.message, value=fault.value)
