"""`youyou credential …`: what is in a code, and whether it is good."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from passes import clock, db, settings
from passes.credential import base41
from passes.credential.codec import Trust, Verdict, verify
from passes.credential.queries import read_trust
from passes.credential.service import ensure_issuer_keys
from passes.credential.token import PREFIX, Token, day_of_wire, read
from passes.settings import Settings, SettingsRefused

_WORDS: Mapping[str, str] = {
    "ok": "The credential is good. Whether it opens a gate is asked of the pass next.",
    "foreign": "Not one of our codes: it does not begin with YP.",
    "malformed": "It begins with YP but is no whole code: the camera misread it, or it was cut.",
    "unknown_key": "No issuer key of this number may sign this type now: too old, too new, or of another installation.",
    "forged": "The issuer's signature is wrong: somebody else made or changed it.",
    "pass_not_yet_valid": "The pass starts on a later day.",
    "pass_expired": "The pass has ended.",
    "cert_expired": "The phone has not been online for a day: open the wallet with a connection.",
    "bad_proof": "The phone's signature is wrong: the code was copied or changed.",
    "code_stale": "The code is too old: a screenshot, or the phone's clock is slow.",
    "code_future": "The code is too new: the phone's clock is fast.",
    "wrong_venue": "The code was made for another venue.",
    "credential_revoked": "This generation of the pass was replaced.",
}


@click.group()
def credential() -> None:
    """Codes and the keys that sign them."""


@credential.command()
@click.argument("text")
@click.option("--at", "moment", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="As of this moment; else now.")
@click.option("--venue", "venue_number", type=click.IntRange(0, 255), default=0, help="At the gate of this number.")
def inspect(text: str, moment: datetime | None, venue_number: int) -> None:
    """Explain TEXT, a code as a reader gives it: its fields and whether it is good. Exit status 0 is good."""
    now = moment or clock.now()
    seconds = int(now.timestamp())
    token = read(text, now=seconds)
    if isinstance(token, str):
        click.echo(f"{token}: {_WORDS[token]}")
        if token == "malformed":
            click.echo(_shape(text))
        raise SystemExit(1)
    for name, value in _fields(token).items():
        click.echo(f"{name:<22} {value}")
    try:
        trust = _trust(now)
    except click.ClickException as refused:
        click.echo("Nothing of this was verified, because the issuer's keys lie in the database:")
        raise refused
    verdict = verify(text, now=seconds, venue_number=venue_number, trust=trust)
    for line in _judgement(verdict):
        click.echo(line)
    raise SystemExit(0 if verdict.code == "ok" else 1)


@credential.command()
def keys() -> None:
    """Make the issuer keys of this period and the next where they are missing."""
    with _installation(), db.transaction() as session:
        made = ensure_issuer_keys(session, now=clock.now())
    click.echo(f"{made} issuer keys made" if made else "every issuer key is there")


@contextmanager
def _installation() -> Iterator[None]:
    """The database and the secret that the environment names; a ClickException where they are not named."""
    try:
        chosen = Settings.read(os.environ)
    except SettingsRefused as refused:
        raise click.ClickException(str(refused)) from refused
    settings.use(chosen)
    engine = db.connect(chosen.database_url, pool_size=1)
    try:
        yield
    finally:
        engine.dispose()


def _trust(now: datetime) -> Trust:
    with _installation(), db.transaction() as session:
        return read_trust(session, now)


def _shape(text: str) -> str:
    try:
        data = base41.decode(text[len(PREFIX) :])
    except ValueError as fault:
        return f"base41: {fault}"
    return f"{len(data)} bytes; first byte {data[0]:#04x}" if data else "nothing follows YP"


def _fields(token: Token) -> dict[str, object]:
    kinds = {"C": "C, printed card", "D": "D, bound to a device", "T": "T, timed by the server"}
    fields: dict[str, object] = {
        "type": kinds[token.type],
        "issuer key (kid)": token.kid,
        "pass serial": token.serial,
        "generation": token.generation,
        "product row": token.product,
        "valid from": day_of_wire(token.valid_from),
        "valid until (incl.)": day_of_wire(token.valid_until),
        "holder class": token.holder_class or "kept free",
        "companion": token.companion,
        "always check document": token.always_check_document,
        "ID tag": f"{token.id_tag:#06x}",
    }
    if token.moment is not None:
        fields["code expires" if token.type == "T" else "signed by the phone"] = _shown(token.moment)
    if token.cert_expiry is not None:
        fields["certificate expires"] = _shown(token.cert_expiry)
        fields["venue tag"] = token.venue_tag or "anywhere"
    return fields


def _shown(seconds: int) -> str:
    return clock.local_time(datetime.fromtimestamp(seconds, UTC)).isoformat(sep=" ")


def _judgement(verdict: Verdict) -> list[str]:
    proved = "proved" if verdict.proved else "NOT proved: every field above is only a claim"
    lines = [f"{'issuer signature':<22} {proved}"]
    if verdict.token is not None and verdict.token.type == "D":
        lines.append(f"{'proof of the phone':<22} {'good' if verdict.proof_ok else 'not good'}")
    return [*lines, f"{verdict.code}: {_WORDS[verdict.code]}"]
