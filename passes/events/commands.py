"""`youyou dead-letters`: what could not be handled, and what becomes of it."""

import json
import os
import subprocess
import sys

import click

from passes import clock, db, settings
from passes.errors import Problem
from passes.events.asyncapi import document
from passes.events.queries import get_dead_letter, list_dead_letters
from passes.events.service import drop_dead_letter
from passes.settings import Settings, SettingsRefused


@click.group("dead-letters")
@click.pass_context
def dead_letters(context: click.Context) -> None:
    """Events that could not be handled and were parked."""
    try:
        chosen = Settings.read(os.environ)
    except SettingsRefused as refused:
        raise click.ClickException(str(refused)) from refused
    settings.use(chosen)
    context.call_on_close(db.connect(chosen.database_url, pool_size=1).dispose)


@dead_letters.command("list")
@click.option("--consumer", help="Only this consumer's.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
def list_them(consumer: str | None, limit: int) -> None:
    """The open ones, oldest first."""
    with db.transaction() as session:
        letters = list_dead_letters(session, consumer=consumer, limit=limit)
        for letter in letters:
            place = f"{letter.topic}/{letter.partition}/{letter.position}"
            parked = f"{letter.parked_at:%Y-%m-%dT%H:%M:%SZ}"
            what = (letter.consumer, letter.type or "?", place, letter.reason, letter.error)
            click.echo("\t".join((str(letter.id), parked, *what)))
    if not letters:
        click.echo("No parked events.")


@dead_letters.command()
@click.argument("number", type=int)
def show(number: int) -> None:
    """One with its error and its bytes."""
    try:
        with db.transaction() as session:
            letter = get_dead_letter(session, number)
            for name in ("id", "consumer", "topic", "partition", "position", "event_id", "type", "reason", "error"):
                click.echo(f"{name}: {getattr(letter, name)}")
            click.echo(f"parked_at: {letter.parked_at.isoformat()}")
            click.echo(f"settled: {letter.settled_as or 'no'}")
            click.echo(letter.body.decode(errors="backslashreplace"))
    except Problem as problem:
        raise click.ClickException(problem.message) from problem


@dead_letters.command()
@click.argument("numbers", type=int, nargs=-1, required=True)
def replay(numbers: tuple[int, ...]) -> None:
    """Hand them to their consumers once more, after the cause is gone."""
    done = subprocess.run([sys.executable, "-m", "consumers", "replay", *map(str, numbers)], check=False)
    sys.exit(done.returncode)


@dead_letters.command()
@click.argument("numbers", type=int, nargs=-1, required=True)
def drop(numbers: tuple[int, ...]) -> None:
    """They shall never be handled. Their bytes are kept."""
    for number in numbers:
        try:
            with db.transaction() as session:
                drop_dead_letter(session, number, now=clock.now())
            click.echo(f"{number}: dropped")
        except Problem as problem:
            raise click.ClickException(f"{number}: {problem.message}") from problem


@click.group()
def events() -> None:
    """What leaves the house."""


@events.command("asyncapi")
def print_asyncapi() -> None:
    """Print the AsyncAPI 3 document of every event."""
    click.echo(json.dumps(document(), ensure_ascii=False, indent=2))
