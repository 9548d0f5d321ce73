"""Whether the house is well: every figure with a judgement, and what to do where it is not."""

import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version as version_of

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes import clock, settings
from passes.access import guard
from passes.access.rules import ADMIN
from passes.admin import health_queries
from passes.admin.case_words import CHORES, CONSUMERS, KEY_USES
from passes.admin.desk import blueprint
from passes.admin.health_queries import Figures
from passes.admin.health_rules import (
    Room,
    State,
    by_age,
    by_chore,
    by_clock,
    by_count,
    by_key,
    by_lag,
    by_refusals,
    by_room,
    shown_bytes,
)
from passes.catalogue.outlook import named_benefits
from passes.clock import local_day
from passes.db import transaction
from passes.errors import N_
from passes.http.languages import pick, show_count, show_day, show_moment
from passes.settings import Settings

STATES = {"ok": N_("well"), "warn": N_("look here"), "bad": N_("act now")}


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the page, in the reader's language. advice: what to do where it is not well."""

    name: str
    value: str
    state: State
    advice: str = ""
    address: str | None = None


@blueprint.get("/health")
@guard.staff(ADMIN)
def health() -> ResponseReturnValue:
    """Queues, workers, chores, keys, gates, room and versions, as they are this moment."""
    now, chosen = clock.now(), settings.current()
    with transaction() as session:
        figures = health_queries.get_figures(session, direct=chosen.events == "direct", now=now)
    groups = [
        (gettext("Queues"), list(_queues(figures, now))),
        (gettext("Workers"), list(_workers(figures, now))),
        (gettext("Chores"), list(_chores(figures, now))),
        (gettext("Money and letters"), [*_money(figures), *_letters(figures, chosen)]),
        (gettext("Keys, gates and terms"), list(_gates(figures, now))),
        (gettext("Machine"), list(_machine(figures))),
    ]
    checks = [check for _, group in groups for check in group if check.state != "ok"]
    todo: dict[str, list[Check]] = {}
    for check in sorted(checks, key=lambda check: check.state):
        todo.setdefault(check.advice, []).append(check)
    return render_template(
        "admin/health.html",
        groups=groups,
        todo=todo,
        acute=any(check.state == "bad" for check in checks),
        states={code: gettext(words) for code, words in STATES.items()},
        versions=_versions(figures, chosen),
        tables=[(name, shown_bytes(size)) for name, size in figures.database.tables],
        now=now,
    )


def _queues(figures: Figures, now: datetime) -> Iterator[Check]:
    outbox, letters, messages = figures.outbox, figures.letters_due, figures.messages_due
    yield Check(
        gettext("Events that have not left yet"),
        _waiting(outbox.count, outbox.since),
        by_age(outbox.since, now),
        gettext("The relay or worker stands still: look at its log and at Kafka."),
    )
    yield Check(
        gettext("Events set aside"),
        show_count(figures.dead_letters),
        by_count(figures.dead_letters),
        gettext("Read why, mend the cause, try them again."),
        url_for("admin.dead_letters"),
    )
    yield Check(
        gettext("Letters due"),
        _waiting(letters.count, letters.since),
        by_age(letters.since, now),
        gettext("The mail server does not take them, or the chores stand still."),
        url_for("admin.letters", state="waiting"),
    )
    yield Check(
        gettext("Payment messages due"),
        _waiting(messages.count, messages.since),
        by_age(messages.since, now),
        gettext("The chores stand still, or the provider does not answer."),
    )


def _workers(figures: Figures, now: datetime) -> Iterator[Check]:
    for worker in figures.workers:
        yield Check(
            gettext(CONSUMERS.get(worker.name, worker.name)),
            gettext("counted up to %(moment)s", moment=show_moment(worker.as_of))
            if worker.as_of
            else gettext("unknown"),
            by_lag(worker.as_of, now),
            gettext("Start the worker again and read its log: the dashboard shows old figures until then."),
        )
    if not figures.workers:
        advice = gettext("Start the workers: without them the dashboard stays empty.")
        yield Check(gettext("Workers"), gettext("none has ever run"), "warn", advice)


def _chores(figures: Figures, now: datetime) -> Iterator[Check]:
    for chore in figures.chores:
        value = gettext("ran %(moment)s", moment=show_moment(chore.ran_at))
        if chore.failures:
            value = gettext(
                "failed %(times)s times since %(moment)s: %(error)s",
                times=show_count(chore.failures),
                moment=show_moment(chore.done_at),
                error=chore.last_error,
            )
        yield Check(
            gettext(CHORES.get(chore.name, chore.name)),
            value,
            by_chore(chore.every_seconds, chore.ran_at, chore.failures, now),
            gettext("Is “youyou chores” running? Its log says why it fails."),
        )
    if not figures.chores:
        advice = gettext("Start “youyou chores”: without it no order ends, no letter leaves and no pass expires.")
        yield Check(gettext("Chores"), gettext("none has ever run"), "bad", advice)


def _money(figures: Figures) -> Iterator[Check]:
    yield Check(
        gettext("Orders somebody must look at"),
        show_count(figures.marked),
        by_count(figures.marked),
        gettext("Open each and deal with its mark."),
        url_for("admin.orders", marked="yes"),
    )
    yield Check(
        gettext("Payments in review"),
        show_count(figures.in_review),
        by_count(figures.in_review, otherwise="warn"),
        gettext("What was received is not what was asked for: open the order, then accept it or send it back."),
        url_for("admin.orders", marked="yes"),
    )
    dead = figures.messages.get("dead", 0)
    yield Check(
        gettext("Payment messages given up"),
        show_count(dead),
        by_count(dead),
        gettext("The poller found the truth without them; the log says what was wrong."),
    )
    refused, kept = figures.refused_messages
    yield Check(
        gettext("Payment messages refused in a quarter of an hour"),
        show_count(refused),
        by_refusals(refused, kept),
        gettext("All are refused: this machine's clock is wrong, or the signing secret is. Payments are still polled."),
    )
    yield Check(
        gettext("Differences with the provider's books"),
        show_count(figures.differences),
        by_count(figures.differences, otherwise="warn"),
        gettext("Find out what each is: only people mend them."),
        url_for("admin.money"),
    )
    last = show_moment(figures.last_message_at) if figures.last_message_at else gettext("none yet")
    yield Check(gettext("Last payment message"), last, "ok")


def _letters(figures: Figures, chosen: Settings) -> Iterator[Check]:
    failed = figures.letters.get("failed", 0)
    yield Check(
        gettext("Letters that failed"),
        show_count(failed),
        by_count(failed, otherwise="warn"),
        gettext("Correct the address and send them again."),
        url_for("admin.letters", state="failed"),
    )
    yield Check(
        gettext("Mail server"),
        gettext("set") if chosen.smtp_url else gettext("not set: letters are kept for the desk"),
        "ok" if chosen.smtp_url or not chosen.livemode else "warn",
        gettext("Set SMTP_URL, so that letters leave the house."),
    )


def _gates(figures: Figures, now: datetime) -> Iterator[Check]:
    for key in figures.keys:
        yield Check(
            gettext(KEY_USES.get(key.types, key.types)),
            gettext("believed until %(moment)s", moment=show_moment(key.not_after)),
            by_key(key.not_after, now),
            gettext("The chore “issuer keys” makes the next one ahead of time: see whether it runs."),
        )
    if not figures.keys:
        advice = gettext("Run “youyou chores”: without a key no code can be signed.")
        yield Check(gettext("Issuer keys"), gettext("none"), "bad", advice)
    yield Check(
        gettext("Devices at the gates"),
        gettext(
            "%(seen)s of %(all)s heard from within a quarter of an hour",
            seen=show_count(figures.devices_seen),
            all=show_count(figures.devices),
        ),
        "ok",
    )
    yield from _calendar(figures, local_day(now))


def _calendar(figures: Figures, today: date) -> Iterator[Check]:
    """How far the holidays reach and which benefits are refused after that; which rest on provisional ones."""
    until, address = figures.holidays_until, url_for("admin.catalogue_versions")
    ending = figures.years_ahead[-1] if figures.years_ahead else None
    advice = gettext(
        "Load the catalogue with the State Council's notice for the next year: gates never guess a holiday."
    )
    if ending is not None:
        named = pick(named_benefits(ending.benefits))
        refused = gettext("In %(year)s they would refuse these benefits: %(names)s.", year=ending.year, names=named)
        advice = f"{advice} {refused}"
    yield Check(
        gettext("Holidays known until"),
        show_day(until),
        "bad" if until is None or until <= today else "warn" if ending and ending.begins_within(today) else "ok",
        advice,
        address,
    )
    for one in figures.years_ahead[:-1]:
        yield Check(
            gettext("Holidays of %(year)s", year=one.year),
            gettext("provisional; these benefits rest on them: %(names)s", names=pick(named_benefits(one.benefits))),
            "warn" if one.begins_within(today) else "ok",
            gettext("Load the holidays anew once the State Council's notice is out."),
            address,
        )


def _machine(figures: Figures) -> Iterator[Check]:
    database = figures.database
    yield Check(gettext("Database"), shown_bytes(database.size), "ok")
    local = database.folder is not None and os.path.isdir(database.folder)
    room = _room(database.folder if local and database.folder else os.curdir)
    yield Check(
        gettext("Room on the database's disk") if local else gettext("Room on this machine's disk"),
        gettext("%(free)s of %(total)s free", free=shown_bytes(room.free), total=shown_bytes(room.total)),
        by_room(room.free, room.total),
        gettext("Make room or add a disk: a full one stops every gate."),
    )
    yield Check(
        gettext("Clocks"),
        gettext("%(seconds)s s apart from the database", seconds=f"{database.ahead_seconds:+.1f}"),
        by_clock(database.ahead_seconds),
        gettext("Let both machines follow the same time server: codes live for a minute."),
    )


def _room(folder: str) -> Room:
    found = shutil.disk_usage(folder)
    return Room(found.free, found.total)


def _waiting(count: int, since: datetime | None) -> str:
    if since is None:
        words = gettext("none waiting")
    else:
        words = gettext("%(count)s, the oldest since %(moment)s", count=show_count(count), moment=show_moment(since))
    return str(words)


def _versions(figures: Figures, chosen: Settings) -> list[tuple[str, str]]:
    return [
        (gettext("Service"), version_of("youyou")),
        (gettext("Terms on sale"), "–" if figures.terms_version is None else str(figures.terms_version)),
        ("PostgreSQL", figures.database.version),
        (gettext("Schema"), figures.database.migration),
        ("Python", platform.python_version()),
        (gettext("Events"), chosen.events),
        (gettext("Payments"), chosen.payments),
    ]
