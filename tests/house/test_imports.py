"""The rooms import downward only; the contracts stand in setup.cfg. What they cannot say of file names stands here."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

# A room with much to say has several of a piece: audit_pages.py is a door like pages.py, and the contracts name one.
DOOR = r"sqlalchemy|passes\..+\.(models|projections)"
RULE = r"sqlalchemy|flask|flask_babel|marshmallow|kafka|stripe|qrcode|passes\.(db|settings)"
USE_CASE = r"flask|flask_babel|passes\.http|passes\..+\.guard"
FORBIDDEN = {"pages": DOOR, "routes": DOOR, "schemas": DOOR, "rules": RULE, "service": USE_CASE}
PIECES = [
    (path, FORBIDDEN[path.stem.rpartition("_")[2]])
    for path in sorted((ROOT / "passes").rglob("*.py"))
    if path.stem.rpartition("_")[2] in FORBIDDEN
]


def imported(path: Path) -> Iterator[str]:
    """Every module a file imports; of `from a import b` both a and a.b."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_every_import_contract_is_kept() -> None:
    # A process of its own: the linter sets up logging anew and would silence our loggers for the tests after it.
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--config", "setup.cfg", "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("path", "forbidden"), PIECES, ids=[path.relative_to(ROOT).as_posix() for path, _ in PIECES])
def test_every_piece_keeps_to_its_work_whatever_stands_before_its_name(path: Path, forbidden: str) -> None:
    assert [name for name in imported(path) if re.fullmatch(rf"({forbidden})(\..*)?", name)] == []
