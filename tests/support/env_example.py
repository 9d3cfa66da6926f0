"""Write `.env.example` from the settings: `python -m tests.support.env_example`. A test keeps the file current."""

import inspect
import json
import re

from pydantic import SecretStr

from backend.settings import Settings

HEAD = """\
# Every setting with its default. Copy to .env and uncomment what you change. Times are seconds unless the name says
# otherwise. Generated from backend/settings.py by `make generate`; do not edit.
"""


def render() -> str:
    """The text of `.env.example`."""
    lines = [HEAD]
    for line in inspect.getsource(Settings).splitlines():
        if comment := re.match(r"    #:? (.*)", line):
            lines.append(f"# {comment[1]}")
        elif not line:
            lines.append("")
        elif (field := re.match(r"    (\w+): ", line)) and field[1] in Settings.model_fields:
            declared = Settings.model_fields[field[1]]
            lines.append(f"#{declared.validation_alias or f'CUEDESK_{field[1].upper()}'}={_shown(declared.default)}")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _shown(value: object) -> str:
    if value is None or isinstance(value, SecretStr):
        return ""
    if isinstance(value, list):
        return ",".join(str(part) for part in value)
    return json.dumps(value) if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    print(render(), end="")
