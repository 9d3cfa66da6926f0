"""What a reviewer found: each fails until it is mended."""

from pathlib import Path

import pytest

from backend.errors import ModelsFileInvalid
from backend.llm.models_file import read_models


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
