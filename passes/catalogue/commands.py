"""`youyou catalogue …`: what is sold and where it may be used."""

import getpass
import os
from pathlib import Path

import click
from sqlalchemy import Engine

from passes import clock, db, settings
from passes.access.service import write_audit
from passes.catalogue.document import read_document
from passes.catalogue.service import load_catalogue
from passes.entitlement.nodes import Fault, Node
from passes.errors import Problem
from passes.settings import Settings, SettingsRefused

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def catalogue() -> None:
    """Spots, hotels, benefits, products and holidays."""


@catalogue.command()
@click.argument("file", type=FILE)
@click.option("--holidays", type=FILE, help="The holidays file; else the one that FILE names, beside it.")
def load(file: Path, holidays: Path | None) -> None:
    """Make FILE the terms on sale: all of it, or nothing where anything in it is wrong."""
    text = _text(file)
    holidays = holidays or _named_holidays(file, text)
    holidays_text = _text(holidays) if holidays else None
    engine = _connect()
    try:
        with db.transaction() as session:
            now = clock.now()
            result = load_catalogue(session, text, holidays_text, now=now)
            if result.changed:
                subject = f"catalogue:{result.version}"
                write_audit(session, None, "catalogue.loaded", subject, now=now, by=_operator(), file=file.name)
    except Problem as refused:
        raise click.ClickException(_told(refused, file, holidays)) from refused
    finally:
        engine.dispose()
    for warning in result.warnings:
        click.echo(f"warning: {warning.en}\n警告：{warning.zh}", err=True)
    click.echo(f"terms version {result.version}" + ("" if result.changed else ", unchanged"))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise click.ClickException(f"{path}: {fault}") from fault


def _named_holidays(file: Path, text: str) -> Path | None:
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


def _told(refused: Problem, file: Path, holidays: Path | None) -> str:
    """The refusal with a line for every fault, as compilers write them."""
    lines = [refused.message % refused.facts]
    faults = refused.facts.get("faults", [])
    assert isinstance(faults, list)
    for fault in faults:
        name = holidays if fault["id"].startswith("holidays") and holidays else file
        lines.append(f"{name}:{fault['line']}: {fault['id']}: {fault['en']} / {fault['zh']}")
    hidden = int(str(refused.facts.get("count", 0))) - len(faults)
    if hidden > 0:
        lines.append(f"… {hidden}")
    return "\n".join(lines)


def _operator() -> str:
    """Whose account on this machine ran the command: all that is known of who it was."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "?"


def _connect() -> Engine:
    try:
        chosen = Settings.read(os.environ)
    except SettingsRefused as refused:
        raise click.ClickException(str(refused)) from refused
    settings.use(chosen)
    return db.connect(chosen.database_url, pool_size=1)
