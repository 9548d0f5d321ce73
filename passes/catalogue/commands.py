"""`youyou catalogue …`: what is sold and where it may be used."""

import getpass
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from passes import clock, db, settings
from passes.access.service import write_audit
from passes.catalogue.difference_lines import lines_of
from passes.catalogue.differences import differences
from passes.catalogue.files import FILE, named_holidays, read_pair, read_text, told
from passes.catalogue.outlook import notes_of, warnings_of, years_words
from passes.catalogue.promises import PASSES, promise_words, promises_of
from passes.catalogue.publishing import Living, Publication
from passes.catalogue.remedies import read_remedy
from passes.catalogue.service import LoadResult, load_catalogue
from passes.entitlement.nodes import Text
from passes.errors import Problem
from passes.settings import Settings, SettingsRefused


def catalogue_commands(living: Callable[[Session], Living]) -> click.Group:
    """The group. living: which passes still run, which only the rooms above know."""
    group = click.Group("catalogue", help="Spots, hotels, benefits, products and holidays.")
    for command in (_load(living), check, diff):
        group.add_command(command)
    return group


@click.command()
@click.argument("file", type=FILE)
@click.argument("holidays", type=FILE, required=False)
@click.option("--passes", type=click.IntRange(1, 100_000_000), default=PASSES, show_default=True)
def check(file: Path, holidays: Path | None, passes: int) -> None:
    """Say what is wrong with FILE, or what it means: nothing is loaded and no database asked.

    The promise check compares what so many PASSES may claim with the seats that there are.
    """
    reading = read_pair(file, holidays)
    terms, calendar, today = reading.terms, reading.calendar, clock.local_day(clock.now())
    experiences = sum(benefit.experience for benefit in terms.benefits.values())
    _say(
        Text(
            f"{file}：无误：{len(terms.venues)} 处场所，{len(terms.benefits)} 项权益（含 {experiences} 项体验），"
            f"{len(terms.products)} 种产品",
            f"{file}: nothing is wrong: {len(terms.venues)} venues, {len(terms.benefits)} benefits "
            f"({experiences} of them experiences), {len(terms.products)} products",
        )
    )
    years = years_words(calendar)
    _say(Text(f"节假日：{years.zh or '无'}", f"holidays: {years.en or 'none'}"))
    _warn((*warnings_of(terms, calendar, today), *notes_of(terms, calendar, today)))
    promises = promises_of(terms, calendar, passes=passes, starts_on=today)
    if promises:
        _say(Text(f"{passes:,} 张卡的承诺核对，自 {today} 起", f"promise check for {passes:,} passes from {today}"))
    for promise in promises:
        _say(promise_words(promise), "  ok " if promise.fits else "  !! ")


@click.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@click.option("--old-holidays", type=FILE, help="The holidays of OLD; else the file that it names, beside it.")
@click.option("--new-holidays", type=FILE, help="The holidays of NEW; else the file that it names, beside it.")
def diff(old: Path, new: Path, old_holidays: Path | None, new_holidays: Path | None) -> None:
    """Say what NEW says that OLD does not. Nothing is loaded."""
    before, after = read_pair(old, old_holidays), read_pair(new, new_holidays)
    entries = differences(before.terms, after.terms, before.calendar, after.calendar)
    for line in lines_of(entries):
        click.echo(line)
    if not entries:
        _say(Text("两者含义相同", "both mean the same"))


def _load(living: Callable[[Session], Living]) -> click.Command:
    @click.command("load")
    @click.argument("file", type=FILE)
    @click.option("--holidays", type=FILE, help="The holidays file; else the one that FILE names, beside it.")
    @click.option(
        "--remedy",
        "remedies",
        multiple=True,
        metavar="B07=extend_days:30",
        help="What makes good what FILE takes from passes already sold: extend_days:N, credit:FEN, "
        "prorated_refund_right. Once for each benefit.",
    )
    @click.option("--note", default="", help="Why, kept with the remedies.")
    def load(file: Path, holidays: Path | None, remedies: Sequence[str], note: str) -> None:
        """Make FILE the terms on sale: all of it, or nothing where anything in it is wrong.

        What it takes from passes already sold (a benefit, a place, days) is refused unless a remedy is given for it.
        """
        result = load_files(file, holidays, remedies, note, living)
        _warn((*result.warnings, *result.notes))
        click.echo(f"terms version {result.version}" + ("" if result.changed else ", unchanged"))

    return load


def load_files(
    file: Path, holidays: Path | None, remedies: Sequence[str], note: str, living: Callable[[Session], Living]
) -> LoadResult:
    """Load, with an audit entry of who did it; ClickException with a line for each fault."""
    text = read_text(file)
    holidays = holidays or named_holidays(file, text)
    holidays_text = read_text(holidays) if holidays else None
    engine = _connect()
    try:
        given = [read_remedy(written) for written in remedies]
        with db.transaction() as session:
            now = clock.now()
            publication = Publication(living(session), given, note[:300], _operator())
            result = load_catalogue(session, text, holidays_text, now=now, publication=publication)
            if result.changed:
                subject, facts = f"catalogue:{result.version}", {"by": publication.by, "file": file.name}
                if given:
                    facts |= {"remedies": ", ".join(map(str, given)), "note": publication.note}
                write_audit(session, None, "catalogue.loaded", subject, now=now, **facts)
        return result
    except Problem as refused:
        raise click.ClickException(told(refused, file, holidays)) from refused
    finally:
        engine.dispose()


def _say(words: Text, mark: str = "") -> None:
    click.echo(f"{mark}{words.en} / {words.zh}")


def _warn(warnings: Iterable[Text]) -> None:
    for warning in warnings:
        click.echo(f"warning: {warning.en}\n警告：{warning.zh}", err=True)


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
