"""`youyou staff …`: accounts from the command line, for the first one and for a lost password."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.orm import Session

from passes import clock, db
from passes.access import accounts, queries, rules
from passes.access.second_factor import remove_second_factor
from passes.db import transaction
from passes.errors import Problem
from passes.settings import Settings, SettingsRefused


@click.group()
def staff() -> None:
    """Accounts of the back office: create, reset, disable, enable, list, and what to do for a lost phone."""


@contextmanager
def opened() -> Iterator[Session]:
    """One transaction on the database of the settings; a refusal ends the command with its words."""
    try:
        engine = db.connect(Settings.read(os.environ).database_url, pool_size=1)
    except SettingsRefused as refused:
        raise click.ClickException(str(refused)) from refused
    try:
        with transaction() as session:
            yield session
    except Problem as problem:
        texts = [text for reasons in problem.fields.values() for text in reasons] or [problem.message]
        raise click.ClickException(f"{problem.code}: {' '.join(texts)}") from problem
    finally:
        engine.dispose()


def _staff_id(session: Session, login: str) -> int:
    found = queries.find_staff_id(session, rules.normal_login(login))
    if found is None:
        raise click.ClickException(f"no account is called {login!r}; `youyou staff list` shows all")
    return found


def _tell(login: str, password: str) -> None:
    click.echo(f"{rules.normal_login(login)} may sign in with this password and must then choose another: {password}")


@staff.command()
@click.argument("login")
@click.option("--name", required=True, help="The person's name, as colleagues see it.")
@click.option("--role", type=click.Choice(rules.ROLES), required=True)
def create(login: str, name: str, role: str) -> None:
    """Make an account and print its first password."""
    with opened() as session:
        password = accounts.create_staff(session, login=login, name=name, role=role, now=clock.now())
    _tell(login, password)


@staff.command()
@click.argument("login")
def reset(login: str) -> None:
    """Print a new first password; every session of the account ends."""
    with opened() as session:
        password = accounts.reset_password(session, _staff_id(session, login), now=clock.now())
    _tell(login, password)


@staff.command()
@click.argument("login")
def disable(login: str) -> None:
    """End the account's sessions and refuse further ones."""
    with opened() as session:
        accounts.disable_staff(session, _staff_id(session, login), now=clock.now())
    click.echo(f"{rules.normal_login(login)} can no longer sign in")


@staff.command()
@click.argument("login")
def enable(login: str) -> None:
    """Let a disabled account sign in again with its old password."""
    with opened() as session:
        accounts.enable_staff(session, _staff_id(session, login), now=clock.now())
    click.echo(f"{rules.normal_login(login)} may sign in again")


@staff.command("remove-second-factor")
@click.argument("login")
def drop_second_factor(login: str) -> None:
    """For a lost phone without recovery codes: sign in with the password alone, then set it up anew."""
    with opened() as session:
        remove_second_factor(session, _staff_id(session, login), by=None, now=clock.now())
    click.echo(f"{rules.normal_login(login)} signs in with the password alone")


@staff.command("list")
def list_all() -> None:
    """One line an account: login, role, state, name."""
    with opened() as session:
        rows, _ = queries.list_staff(session, limit=10_000, offset=0)
    for row in rows:
        click.echo(f"{row.login}\t{row.role}\t{row.state.replace('_', '-')}\t{row.name}")
