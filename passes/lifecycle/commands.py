"""`youyou pass …`: what the service desk may do with one pass from the command line."""

import os

import click
from sqlalchemy.orm import Session

from passes import clock, db, settings
from passes.access.service import write_audit
from passes.lifecycle.models import Pass
from passes.lifecycle.queries import find_open_hold, find_pass_by_number, find_wallet_path, get_member
from passes.lifecycle.rules import masked_name
from passes.lifecycle.service import renew_wallet_link, revoke_wallet_link
from passes.settings import Settings, SettingsRefused


@click.group("pass")
@click.pass_context
def pass_(context: click.Context) -> None:
    """One pass by its printed number: show it, renew or revoke its wallet link."""
    try:
        chosen = Settings.read(os.environ)
    except SettingsRefused as refused:
        raise click.ClickException(str(refused)) from refused
    settings.use(chosen)
    context.call_on_close(db.connect(chosen.database_url, pool_size=1).dispose)


def _found(session: Session, number: str) -> Pass:
    found = find_pass_by_number(session, number.strip().upper())
    if found is None:
        raise click.ClickException(f"no pass has the number {number!r}; it looks like ABCD-EFGH or T-ABCD-EFGH")
    return found


@pass_.command()
@click.argument("number")
def show(number: str) -> None:
    """Its state and days; the holder only masked."""
    now = clock.now()
    with db.transaction() as session:
        found = _found(session, number)
        hold = find_open_hold(session, found.id, now)
        told = {
            "number": found.number,
            "serial": found.id,
            "product": f"{found.product_id}, terms version {found.terms_version}",
            "state": found.state if hold is None else f"{found.state}, frozen: {hold.reason}",
            "holder": masked_name(get_member(session, found.member_id).name),
            "activate by": found.activate_by_on,
            "valid from": found.valid_from or "not activated",
            "first day after": found.valid_until or "not activated",
            "wallet link": "open" if find_wallet_path(session, found.id) else "revoked",
        }
    for name, value in told.items():
        click.echo(f"{name:<16} {value}")


@pass_.command("renew-link")
@click.argument("number")
def renew_link(number: str) -> None:
    """Print a new secret link to its wallet; the one before it stops working at once."""
    with db.transaction() as session:
        found = _found(session, number)
        now = clock.now()
        renew_wallet_link(session, found.id, now=now)
        write_audit(session, None, "pass.link_shown", f"pass:{found.id}", now=now)
        path = find_wallet_path(session, found.id)
    click.echo(f"{settings.current().public_url}{path}")


@pass_.command("revoke-link")
@click.argument("number")
def revoke_link(number: str) -> None:
    """Close its wallet link; gates still take the pass."""
    with db.transaction() as session:
        found, now = _found(session, number), clock.now()
        closed = revoke_wallet_link(session, found.id, now=now)
        if closed:
            write_audit(session, None, "pass.link_closed", f"pass:{found.id}", now=now)
    click.echo("the link is closed" if closed else "there was no open link")
