"""Built browser files: hashed names, so that they are kept for a year and never stale. What travels is compressed."""

import json
from functools import cache
from pathlib import Path

from flask import Flask, Response
from flask_compress import Compress

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
    """Set this up before what else looks at answers: those run in the opposite order, and compression comes last."""
    app.config.update(COMPRESS_ALGORITHM=["br", "gzip"], COMPRESS_STREAMS=False)
    compress = Compress(app)
    compress.compress_mimetypes_set.add("application/wasm")

    @app.after_request
    def read_file(response: Response) -> Response:
        # A streamed file would be left open by the compression that takes its place.
        if response.is_streamed and response.mimetype in compress.compress_mimetypes_set:
            response.direct_passthrough = False
            response.make_sequence()
        return response

    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 365 * 86400
    app.jinja_env.globals["asset"] = asset
