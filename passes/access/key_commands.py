"""`youyou keys …`: keys of other systems from the command line."""

import click

from passes import clock
from passes.access.commands import opened
from passes.access.key_queries import find_key_id, list_keys
from passes.access.key_rules import SCOPES
from passes.access.key_service import make_key, revoke_key


@click.group()
def keys() -> None:
    """Keys of other systems that call our API: create, revoke, list."""


@keys.command()
@click.argument("name")
@click.option("--scope", "scopes", type=click.Choice(SCOPES), multiple=True, required=True, help="What it may do.")
def create(name: str, scopes: tuple[str, ...]) -> None:
    """Make a key and print it, this once."""
    with opened() as session:
        _, token = make_key(session, name=name, scopes=scopes, now=clock.now())
    click.echo(f"{name} may send Authorization: Bearer {token}")


@keys.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Refuse the key from now on; its name is not given again."""
    with opened() as session:
        key_id = find_key_id(session, name)
        if key_id is None:
            raise click.ClickException(f"no key is called {name!r}; `youyou keys list` shows all")
        revoke_key(session, key_id, now=clock.now())
    click.echo(f"{name} opens nothing any more")


@keys.command("list")
def list_all() -> None:
    """One line a key: name, state, what it opens."""
    with opened() as session:
        rows, _ = list_keys(session, limit=10_000, offset=0)
    for row in rows:
        click.echo(f"{row.name}\t{'revoked' if row.revoked_at else 'in-use'}\t{','.join(row.scopes)}")
