"""`youyou staff …`: accounts from the command line, for the first one and for a lost password."""

import os

import click

from passes import clock, db
from passes.access import queries, rules, service
from passes.db import transaction
from passes.errors import Problem
from passes.settings import Settings, SettingsRefused


@click.group()
def staff() -> None:
    """Accounts of the back office: create, reset, disable, enable, list."""


def _connect() -> None:
    try:
        db.connect(Settings.read(os.environ).database_url)
    except SettingsRefused as refused:
        raise click.ClickException(str(refused)) from refused


def _refusal(problem: Problem) -> click.ClickException:
    texts = [text for reasons in problem.fields.values() for text in reasons] or [problem.message]
    return click.ClickException(f"{problem.code}: {' '.join(texts)}")


def _staff_id(login: str) -> int:
    with transaction() as session:
        found = queries.find_staff_id(session, rules.normal_login(login))
    if found is None:
        raise click.ClickException(f"no account is called {login!r}; `youyou staff list` shows all")
    return found


@staff.command()
@click.argument("login")
@click.option("--name", required=True, help="The person's name, as colleagues see it.")
@click.option("--role", type=click.Choice(rules.ROLES), required=True)
def create(login: str, name: str, role: str) -> None:
    """Make an account and print its first password."""
    _connect()
    try:
        with transaction() as session:
            password = service.create_staff(session, login=login, name=name, role=role, now=clock.now())
    except Problem as problem:
        raise _refusal(problem) from problem
    click.echo(f"{rules.normal_login(login)} may sign in with this password and must then choose another: {password}")


@staff.command()
@click.argument("login")
def reset(login: str) -> None:
    """Print a new first password; every session of the account ends."""
    _connect()
    staff_id = _staff_id(login)
    with transaction() as session:
        password = service.reset_password(session, staff_id)
    click.echo(f"{rules.normal_login(login)} may sign in with this password and must then choose another: {password}")


@staff.command()
@click.argument("login")
def disable(login: str) -> None:
    """End the account's sessions and refuse further ones."""
    _connect()
    staff_id = _staff_id(login)
    try:
        with transaction() as session:
            service.disable_staff(session, staff_id, now=clock.now())
    except Problem as problem:
        raise _refusal(problem) from problem
    click.echo(f"{rules.normal_login(login)} can no longer sign in")


@staff.command()
@click.argument("login")
def enable(login: str) -> None:
    """Let a disabled account sign in again with its old password."""
    _connect()
    staff_id = _staff_id(login)
    with transaction() as session:
        service.enable_staff(session, staff_id)
    click.echo(f"{rules.normal_login(login)} may sign in again")


@staff.command("list")
def list_all() -> None:
    """One line an account: login, role, state, name."""
    _connect()
    with transaction() as session:
        rows, _ = queries.list_staff(session, limit=10_000, offset=0)
    for row in rows:
        state = "disabled" if row.disabled_at else "first-password" if row.must_change_password else "active"
        click.echo(f"{row.login}\t{row.role}\t{state}\t{row.name}")
