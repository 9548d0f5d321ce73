"""Keys of other systems, from the use cases and from the command line."""

from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.access.key_queries import find_key, get_key, list_keys
from passes.access.key_service import make_key, note_used, revoke_key
from passes.access.models import ApiKey, AuditEntry
from passes.access.rules import secret_hash
from passes.cli import youyou
from passes.errors import Conflict, Invalid, NotFound
from tests.services.test_credential_command import ENVIRONMENT


def test_a_key_is_known_by_its_token_alone_until_it_is_revoked(session: Session, now: datetime) -> None:
    key_id, token = make_key(session, name="river-gauge", scopes=["occupancy", "closures"], now=now)
    found = find_key(session, secret_hash(token))
    assert found is not None and not found.revoked
    assert (found.feed.name, found.feed.maker, found.feed.scopes) == (
        "river-gauge",
        "feed:river-gauge",
        {"closures", "occupancy"},
    )
    assert session.scalars(select(ApiKey.token_hash)).one() == secret_hash(token)
    assert find_key(session, secret_hash("A" * 43)) is None
    assert revoke_key(session, key_id, now=now)
    assert not revoke_key(session, key_id, now=now + timedelta(days=1))
    revoked = find_key(session, secret_hash(token))
    assert revoked is not None and revoked.revoked
    assert get_key(session, key_id).revoked_at == now
    assert session.scalars(select(AuditEntry.action)).all() == ["key.made", "key.revoked"]
    with pytest.raises(NotFound):
        revoke_key(session, 10**9, now=now)


def test_a_name_is_given_once_for_ever(session: Session, now: datetime) -> None:
    key_id, _ = make_key(session, name="museum", scopes=["reservations"], now=now)
    revoke_key(session, key_id, now=now)
    with pytest.raises(Conflict) as taken:
        make_key(session, name="museum", scopes=["reservations"], now=now)
    assert (taken.value.code, list(taken.value.fields)) == ("key_name_taken", ["name"])
    make_key(session, name="aquarium", scopes=["reservations"], now=now)
    rows, total = list_keys(session, limit=10, offset=0)
    assert ([row.name for row in rows], total) == (["aquarium", "museum"], 2)


@pytest.mark.parametrize(
    ("name", "scopes", "fields"),
    [
        ("", ["closures"], ["name"]),
        ("a", ["closures"], ["name"]),
        ("Museum", ["closures"], ["name"]),
        ("feed:museum", ["closures"], ["name"]),
        ("m" * 41, ["closures"], ["name"]),
        ("museum", [], ["scopes"]),
        ("museum", ["everything"], ["scopes"]),
        ("-", [], ["name", "scopes"]),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(
    session: Session, now: datetime, name: str, scopes: list[str], fields: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        make_key(session, name=name, scopes=scopes, now=now)
    assert list(refused.value.fields) == fields


def test_the_last_use_is_noted_once_a_minute(session: Session, now: datetime) -> None:
    key_id, _ = make_key(session, name="museum", scopes=["closures"], now=now)
    for seconds, noted in ((0, 0), (60, 0), (61, 61)):
        note_used(session, key_id, now=now + timedelta(seconds=seconds))
        session.expire_all()
        assert get_key(session, key_id).last_used_at == now + timedelta(seconds=noted)


def test_keys_are_made_listed_and_revoked_by_command(database: str) -> None:
    def run(*words: str) -> Result:
        return CliRunner().invoke(youyou, ["keys", *words], env=ENVIRONMENT | {"DATABASE_URL": database})

    made = run("create", "museum", "--scope", "reservations", "--scope", "occupancy")
    assert made.exit_code == 0 and len(made.output.split()[-1]) == 43
    assert run("list").output == "museum\tin-use\treservations,occupancy\n"
    assert run("create", "museum", "--scope", "closures").exit_code == 1
    assert run("create", "other").exit_code == 2
    assert run("revoke", "other").exit_code == 1
    assert run("revoke", "museum").output == "museum opens nothing any more\n"
    assert run("list").output == "museum\trevoked\treservations,occupancy\n"
