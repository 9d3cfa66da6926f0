"""The command line: `python -m backend serve | worker | migrate | seed | create-admin | eval | models | protocol`."""

import argparse
import asyncio
import getpass
import os
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from backend import failpoints
from backend.errors import AppError
from backend.settings import Settings

T = TypeVar("T")

#: What the shell sees: 1 = some lines of a set could not be read, or some backends do not work; 2 = it cannot run as it
#: is set up; 130 = Ctrl-C, as every program says it.
_LINES_UNREAD = 1
_BACKENDS_FAILED = 1
_SETUP_FAILED = 2
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the process's exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        return _run(chosen)
    except ValidationError as error:
        for wrong in error.errors():
            name = "CUEDESK_" + "_".join(str(part) for part in wrong["loc"][:1]).upper()
            # Never the value: it may be a key.
            _complain("setting_invalid", f"设置 {name} 无效 / the setting {name} is not valid: {wrong['msg']}")
        return _SETUP_FAILED
    except AppError as error:
        _complain(error.code, error.message)
        return _SETUP_FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED


def _run(chosen: argparse.Namespace) -> int:
    if chosen.command == "protocol":
        # Before the export: the routes bring errors of their own, and their codes are listed too.
        from backend.api.routes import openapi
        from backend.protocol.export import export, write

        export(chosen.folder)
        write(chosen.folder / "frontend/src/generated/openapi.json", openapi())
        return 0

    if chosen.command == "eval" and chosen.compare:
        from backend.evaluation.report import comparison, load_result

        sys.stdout.write(comparison(*(load_result(path) for path in chosen.compare)))
        return 0

    settings = Settings()
    failpoints.arm(os.environ)
    # After the settings: a wrong one is told at once, without loading the whole house first.
    from backend import app

    match chosen.command:
        case "serve":
            _run_loop(app.serve(settings, worker=chosen.worker))
        case "worker":
            _run_loop(app.work(settings))
        case "migrate":
            _run_loop(app.migrate(settings))
        case "seed":
            _run_loop(app.seed(settings))
        case "create-admin":
            added = _run_loop(
                app.create_admin(
                    settings,
                    tenant=chosen.tenant,
                    tenant_name=chosen.tenant_name,
                    email=chosen.email,
                    name=chosen.name,
                    password=os.environ.get("CUEDESK_ADMIN_PASSWORD") or getpass.getpass("密码 / password: "),
                )
            )
            print("已添加管理员 / the admin was added" if added else "已是管理员 / is an admin already")
        case "models":
            return _run_loop(_checked_models(settings))
        case "eval":
            return _evaluated(chosen, settings)
    return 0


async def _checked_models(settings: Settings) -> int:
    from backend import app

    failed = 0
    async for one in app.check_models(settings):
        backend, usage = one.backend, one.usage
        name = f"{backend.name} ({backend.declared.provider}, {backend.declared.model})"
        if one.error is not None:
            failed += 1
            told = " ".join(
                str(one.error.details[key]) for key in ("status", "reason", "kind") if key in one.error.details
            )
            print(f"✗ {name}: {one.error.failure} {told}".rstrip() + f" · {one.total_ms} ms", flush=True)
            print(f"    [{one.error.code}] {one.error.message}", flush=True)
            if backend.address:
                print(f"    {backend.address}", flush=True)
            continue
        tokens = f"{usage.input_tokens} + {usage.output_tokens} tokens" if usage else "no usage"
        estimated = " (estimated)" if usage and usage.estimated else ""
        print(f"✓ {name}: first token {one.first_token_ms} ms, {one.total_ms} ms, {tokens}{estimated}", flush=True)
        print(f"    {one.text.strip()[:60]!r}", flush=True)
    return _BACKENDS_FAILED if failed else 0


def _evaluated(chosen: argparse.Namespace, settings: Settings) -> int:
    from backend import app
    from backend.evaluation.cases import read_sets
    from backend.evaluation.report import page, write_result

    sets = read_sets(chosen.paths, kind=chosen.kind, split=chosen.split)
    result = _run_loop(app.evaluate(settings, sets, tier=chosen.tier))
    sys.stdout.write(page(result))
    if chosen.json is not None:
        write_result(chosen.json, result)
    return _LINES_UNREAD if result.unread else 0


def _run_loop(main: Coroutine[Any, Any, T]) -> T:
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m backend", description="Cuedesk: the script desk of a live team.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    serve = commands.add_parser(
        "serve", help="gateway and worker in one process; starts the embedded servers if needed"
    )
    serve.add_argument("--no-worker", dest="worker", action="store_false", help="gateway only")
    commands.add_parser("worker", help="worker only")
    commands.add_parser("migrate", help="bring the database to this version's schema")
    commands.add_parser("seed", help="make the demo tenant, once")
    admin = commands.add_parser("create-admin", help="give a tenant its admin; asks for the password")
    admin.add_argument("tenant", help="the tenant's slug: a-z, 0-9 and hyphens; made if it is not there")
    admin.add_argument("email")
    admin.add_argument("--name", default="", help="how colleagues see the admin")
    admin.add_argument("--tenant-name", default="", help="the tenant's name, when it is made")
    _add_eval(commands)
    models = commands.add_parser("models", help="the language models that are declared (docs/models.md)")
    models.add_argument("action", choices=("check",), help="ask each backend once and print what works")
    protocol = commands.add_parser("protocol", help="write the JSON Schema, AsyncAPI and TypeScript of the protocol")
    protocol.add_argument("folder", type=Path, nargs="?", default=Path(), help="the project's root")
    return parser


def _add_eval(commands: Any) -> None:
    sets = commands.add_parser("eval", help="run sets of cases and print the figures (docs/evaluation.md)")
    sets.add_argument(
        "paths",
        type=Path,
        nargs="*",
        default=[Path("tests/eval")],
        help="files, or folders of *.jsonl; ours by default",
    )
    sets.add_argument(
        "--as",
        dest="kind",
        choices=("intent", "compliance", "script", "pii", "recall", "injection"),
        help="what a line is that has no `type`",
    )
    sets.add_argument("--split", choices=("train", "dev", "test"), help="only the cases of this part")
    sets.add_argument(
        "--tier",
        choices=("rules", "fast", "model"),
        default="fast",
        help="who understands messages: rules alone, with the classifier, with the model that is set up",
    )
    sets.add_argument("--json", type=Path, metavar="FILE", help="write figures and cases for programs")
    sets.add_argument(
        "--compare", type=Path, nargs=2, metavar=("BEFORE", "AFTER"), help="only say what differs between two results"
    )


def _complain(code: str, message: str) -> None:
    print(f"cuedesk: [{code}] {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
