"""Built browser files: hashed names, so that they are kept for a year and never stale. What travels is compressed."""

import json
from functools import cache
from mimetypes import guess_type
from pathlib import Path

from flask import Flask, Response, request, send_from_directory
from flask_compress import Compress

_YEAR = 365 * 86400
_PACKED = {"br": ".br", "gzip": ".gz"}
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


def _serve(filename: str) -> Response:
    """A built file as the build packed it for who can unpack that; the name says all there is to say of its age."""
    for encoding, ending in _PACKED.items():
        if request.accept_encodings.quality(encoding) > 0 and (STATIC / f"{filename}{ending}").is_file():
            answer = send_from_directory(STATIC, f"{filename}{ending}", max_age=_YEAR, mimetype=guess_type(filename)[0])
            answer.headers["Content-Encoding"] = encoding
            break
    else:
        answer = send_from_directory(STATIC, filename, max_age=_YEAR)
    answer.vary.add("Accept-Encoding")
    return answer


def set_up(app: Flask) -> None:
    """Set this up before what else looks at answers: those run in the opposite order, and compression comes last."""
    app.config.update(COMPRESS_ALGORITHM=["br", "gzip"], COMPRESS_STREAMS=False)
    Compress(app)
    app.add_url_rule("/static/<path:filename>", "static", _serve)
    app.jinja_env.globals["asset"] = asset
