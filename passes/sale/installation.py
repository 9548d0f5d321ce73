"""Whose money this database records: a sandbox's, a test account's or a live one's. Written once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.events.contract import uuid7
from passes.sale.money_models import Installation
from passes.settings import Settings, SettingsRefused


def mode_of(chosen: Settings) -> str:
    """sandbox | test | live."""
    if chosen.payments == "sandbox":
        return "sandbox"
    return "live" if chosen.livemode else "test"


def ensure_installation(session: Session, chosen: Settings, *, now: datetime) -> UUID:
    """The id of this installation, made at its first start. Raises SettingsRefused when it was made for other money."""
    mode = mode_of(chosen)
    session.execute(
        insert(Installation)
        .values(id=1, install_id=uuid7(now), payment_mode=mode, created_at=now)
        .on_conflict_do_nothing()
    )
    found = session.scalars(select(Installation)).one()
    if found.payment_mode != mode:
        raise SettingsRefused(
            [
                f"PAYMENTS: this database belongs to a {found.payment_mode} installation and the settings are for "
                f"{mode}: name another DATABASE_URL, or the settings it was made with"
            ]
        )
    return found.install_id
