"""The protocol for others: JSON Schema for the browser's types, AsyncAPI 3 for people and tools."""

import json
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from backend.errors import AppError, SetupError
from backend.protocol import commands, events
from backend.protocol.close_codes import CloseCode
from backend.protocol.commands import PROTOCOL_VERSION, AnyCommand
from backend.protocol.events import AnyFrame, AnyThreadEvent
from backend.protocol.snapshot import ThreadSnapshot

SCHEMA_PATH: Final = Path("frontend/src/generated/protocol.schema.json")
CODES_PATH: Final = Path("frontend/src/generated/errors.json")
ASYNCAPI_PATH: Final = Path("docs/asyncapi.json")


def export(root: Path) -> None:
    """Write the schemas and the list of error codes below the project's `root`."""
    write(root / SCHEMA_PATH, protocol_schema())
    write(root / ASYNCAPI_PATH, asyncapi())
    write(root / CODES_PATH, error_codes())


def error_codes() -> list[str]:
    """Return the code of every error of the modules loaded so far that a client can be told.

    What keeps a server from starting is told to whoever starts it; no browser has a copy for it.
    """

    def below(kind: type[AppError]) -> set[str]:
        return {kind.code}.union(*(below(child) for child in kind.__subclasses__() if child is not SetupError))

    return sorted(below(AppError))


def write(path: Path, document: dict[str, Any] | list[str]) -> None:
    """Write a document the same way every time, so that a diff shows what changed and nothing else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def protocol_schema() -> dict[str, Any]:
    """Return one JSON Schema whose `$defs` hold every frame, the unions and the thread's snapshot."""
    definitions: dict[str, Any] = {}
    unions: dict[str, tuple[Any, Any]] = {
        "AnyCommand": (AnyCommand, "validation"),
        "AnyFrame": (AnyFrame, "serialization"),
        "AnyThreadEvent": (AnyThreadEvent, "serialization"),
    }
    for name, (union, mode) in unions.items():
        schema = TypeAdapter(union).json_schema(mode=mode, ref_template="#/$defs/{model}")
        definitions |= schema.pop("$defs")
        definitions[name] = schema
    _, snapshot = models_json_schema([(ThreadSnapshot, "serialization")], ref_template="#/$defs/{model}")
    definitions |= snapshot["$defs"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": dict(sorted(definitions.items())),
    }


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3 document of `/ws`."""
    said = _members(AnyCommand)
    heard = _members(AnyFrame)
    schemas = {name: _inlined(schema) for name, schema in protocol_schema()["$defs"].items()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Cuedesk socket",
            "version": str(PROTOCOL_VERSION),
            "description": "\n\n".join(
                [
                    (commands.__doc__ or "").strip(),
                    (events.__doc__ or "").strip(),
                    "Sign in by the session cookie, `Authorization: Bearer`, `?token=` (a ticket from "
                    "`POST /api/v1/auth/ticket`) or a first `hello` frame with an access token within five seconds.",
                    "Close codes: " + "; ".join(f"{code.value} {code.name.lower()}" for code in CloseCode) + ".",
                ]
            ),
        },
        "defaultContentType": "application/json",
        "servers": {"local": {"host": "127.0.0.1:8000", "protocol": "ws"}},
        "channels": {
            "desk": {
                "address": "/ws",
                "messages": {
                    model.__name__: {"$ref": f"#/components/messages/{model.__name__}"} for model in said + heard
                },
            }
        },
        "operations": {
            "say": _operation("receive", said),
            "hear": _operation("send", heard),
        },
        "components": {
            "messages": {
                model.__name__: {
                    "name": model.model_fields["type"].default,
                    "summary": (model.__doc__ or "").strip().splitlines()[0],
                    "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
                }
                for model in said + heard
            },
            "schemas": schemas,
        },
    }


def _members(union: Any) -> list[type[BaseModel]]:
    return list(union.__args__[0].__args__ if hasattr(union, "__metadata__") else union.__args__)


def _operation(action: str, models: list[type[BaseModel]]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/desk"},
        "messages": [{"$ref": f"#/channels/desk/messages/{model.__name__}"} for model in models],
    }


def _inlined(value: Any) -> Any:
    # AsyncAPI keeps schemas under components, so the references move there.
    if isinstance(value, dict):
        return {
            key: inner.replace("#/$defs/", "#/components/schemas/")
            if key == "$ref" or (isinstance(inner, str) and inner.startswith("#/$defs/"))
            else _inlined(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_inlined(inner) for inner in value]
    return value
