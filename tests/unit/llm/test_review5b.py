"""What a reviewer found: each fails until it is mended."""

import contextlib
import time
from pathlib import Path
from typing import Any

import pytest

from backend.errors import ModelsFileInvalid, SchemaInvalid
from backend.llm.models_file import read_models
from backend.llm.schemas import AnswerSchema


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": ["x", *range(5600)]}}},
        {"type": "object", "anyOf": [{}] * 10_000},
        {"type": "object", "properties": {str(n): {} for n in range(3000)}},
    ],
    ids=["mixed-types", "any-of", "properties"],
)
def test_no_schema_takes_the_process_away_while_it_is_read(schema: dict[str, Any]) -> None:
    began = time.process_time()
    with contextlib.suppress(SchemaInvalid):
        AnswerSchema.read(schema)
    took = time.process_time() - began
    assert took < 0.5, "nobody else is served meanwhile"


@pytest.mark.parametrize("model", ["!vault x", "2025-02-30", "0b_", "!!float abc"])
def test_what_yaml_itself_cannot_make_is_told_with_its_line(tmp_path: Path, model: str) -> None:
    path = tmp_path / "models.yaml"
    path.write_text(
        "providers: {p: {profile: vllm}}\n"
        f"backends: {{b: {{provider: p, model: {model}}}}}\n"
        "routes: {default: {backends: [b]}}\n"
    )
    with pytest.raises(ModelsFileInvalid, match=r"models\.yaml:2: "):
        read_models(path, {})
