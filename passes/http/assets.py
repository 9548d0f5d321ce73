"""Built browser files: hashed names, so that they are kept for a year and never stale."""

import json
from functools import cache
from pathlib import Path

from flask import Flask

STATIC = Path(__file__).resolve().parent.parent / "web" / "static"


@cache
def manifest() -> dict[str, str]:
    """{"gate.js": "gate-3F2A.js", …} as the build wrote it."""
    path = STATIC / "manifest.json"
    if not path.is_file():
        raise FileNotFoundError("the browser modules are not built: run `make build`")
    found: dict[str, str] = json.loads(path.read_text())
    return found


def asset(name: str) -> str:
    """The address of a built file; an unknown name is a bug of the template."""
    return f"/static/{manifest()[name]}"


def set_up(app: Flask) -> None:
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 365 * 86400
    app.jinja_env.globals["asset"] = asset
