"""The operator's files on the command line: reading them, and telling what is wrong as compilers do."""

from pathlib import Path

import click

from passes.catalogue.document import read_document
from passes.catalogue.reading import Reading, read_files
from passes.catalogue.service import refused
from passes.entitlement.nodes import Fault, Node
from passes.errors import Problem

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NO_HOLIDAYS = "years: {}"


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise click.ClickException(f"{path}: {fault}") from fault


def read_pair(file: Path, holidays: Path | None) -> Reading:
    """A catalogue with its holidays, read and checked; ClickException with a line for every fault."""
    text = read_text(file)
    holidays = holidays or named_holidays(file, text)
    reading, faults = read_files(text, read_text(holidays) if holidays else NO_HOLIDAYS)
    if reading is None or faults:
        raise click.ClickException(told(refused(list(faults)), file, holidays))
    return reading


def named_holidays(file: Path, text: str) -> Path | None:
    """The file that meta.holidays names, beside FILE; None where FILE cannot be read: the load says why."""
    try:
        node: Node | None = read_document(text)
    except Fault:
        return None
    for key in ("meta", "holidays"):
        content = node.content if node is not None else None
        node = content.get(key) if isinstance(content, dict) else None
    if node is None or not isinstance(node.content, str):
        return None
    named = file.parent / Path(node.content).name
    if not named.is_file():
        raise click.ClickException(f"{file}:{node.line}: meta.holidays names {named}, which is not there")
    return named


def told(problem: Problem, file: Path, holidays: Path | None) -> str:
    """The refusal with a line for every fault, as compilers write them."""
    lines = [problem.message % problem.facts]
    faults = problem.facts.get("faults", [])
    assert isinstance(faults, list)
    for fault in faults:
        name = holidays if fault["id"].startswith("holidays") and holidays else file
        lines.append(f"{name}:{fault['line']}: {fault['id']}: {fault['en']} / {fault['zh']}")
    hidden = int(str(problem.facts.get("count", 0))) - len(faults)
    if faults and hidden > 0:
        lines.append(f"… {hidden}")
    return "\n".join(lines)
