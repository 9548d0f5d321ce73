"""The guard of a load: nothing is taken from passes already sold unless it is written down what makes it good."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from passes import clock
from passes.catalogue.additions import with_additions
from passes.catalogue.losses import Loss, loss_words, losses_of
from passes.catalogue.models import TermsRemedy
from passes.catalogue.queries import get_terms
from passes.catalogue.reading import Reading
from passes.catalogue.remedies import Remedy, fresh, kinds_promised, notice_days
from passes.entitlement.nodes import Text
from passes.entitlement.terms import Terms
from passes.errors import N_, Invalid

Living = frozenset[tuple[int, str]]
"""(terms version, product id) of all passes that still run or may still start."""


@dataclass(frozen=True, slots=True)
class Publication:
    """Who publishes, for which living passes, and what makes good what it takes."""

    living: Living = frozenset()
    remedies: Sequence[Remedy] = ()
    note: str = ""
    by: str = "?"


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken from one benefit, in words, and with the name it had."""

    benefit_id: str
    name: Text
    words: Text


def taken_by(session: Session, reading: Reading, current: int, living: Living, *, today: date) -> dict[str, Taken]:
    """By benefit: what holders have under the terms on sale and would lose by the new ones."""
    on_sale = get_terms(session, current)
    found: dict[str, set[Loss]] = {}
    stood: dict[str, Terms] = {}
    for version in sorted({version for version, _ in living}):
        products = {product_id for living_version, product_id in living if living_version == version}
        had = with_additions(get_terms(session, version), on_sale)
        already = losses_of(had, on_sale, reading.calendar, products=products, today=today)
        losses = losses_of(had, reading.terms, reading.calendar, products=products, today=today)
        for loss in fresh(losses, already):
            found.setdefault(loss.benefit_id, set()).add(loss)
            stood[loss.benefit_id] = had
    return {
        id_: Taken(id_, stood[id_].benefits[id_].name, loss_words(losses, stood[id_])) for id_, losses in found.items()
    }


def settle(session: Session, reading: Reading, current: int, publication: Publication, now: datetime) -> list[Taken]:
    """What is taken and made good. Invalid("remedy_missing"), ("remedy_unneeded") or ("remedy_not_promised")."""
    taken = taken_by(session, reading, current, publication.living, today=clock.local_day(now))
    given = {remedy.benefit_id: remedy for remedy in publication.remedies}
    refuse_unneeded(publication.remedies, taken)
    promised = kinds_promised(get_terms(session, current))
    for remedy in given.values():
        if remedy.kind not in promised:
            raise Invalid(
                "remedy_not_promised",
                N_("The terms on sale promise other remedies: %(promised)s. “%(remedy)s” is none of them."),
                promised=", ".join(promised),
                remedy=str(remedy),
            )
    missing = [one for id_, one in taken.items() if id_ not in given]
    if missing:
        raise remedies_missing(missing, reading.lines)
    return list(taken.values())


def refuse_unneeded(remedies: Iterable[Remedy], taken: Mapping[str, Taken]) -> None:
    """A remedy is for one thing that is taken, and for each there is one."""
    seen: set[str] = set()
    for remedy in remedies:
        if remedy.benefit_id not in taken or remedy.benefit_id in seen:
            raise Invalid(
                "remedy_unneeded",
                N_("“%(remedy)s” is not needed: nothing is taken from this benefit, or it has a remedy already."),
                remedy=str(remedy),
            )
        seen.add(remedy.benefit_id)


def remedies_missing(missing: Sequence[Taken], lines: Mapping[str, int]) -> Invalid:
    """The refusal. Fact `faults`: line (1 where the benefit is gone), id, and what is taken in zh and en."""
    told = [
        {
            "line": lines.get(one.benefit_id, 1),
            "id": one.benefit_id,
            "zh": f"已售年卡的“{one.name.zh}”{one.words.zh}：须以 --remedy {one.benefit_id}=… 写明补救",
            "en": f"“{one.name.en}” of passes already sold {one.words.en}: say --remedy {one.benefit_id}=…",
        }
        for one in missing
    ]
    return Invalid(
        "remedy_missing",
        N_("The catalogue takes something from passes already sold, so nothing of it was taken: %(count)s remedies."),
        count=len(told),
        faults=sorted(told, key=lambda fault: (fault["line"], fault["id"])),
    )


def record_remedies(
    session: Session, version: int, taken: Sequence[Taken], publication: Publication, before: Terms, now: datetime
) -> None:
    """Keep what makes good what the version takes; before: the terms that were on sale."""
    given = {remedy.benefit_id: remedy for remedy in publication.remedies}
    rows = [
        {
            "version": version,
            "benefit_id": one.benefit_id,
            "kind": given[one.benefit_id].kind,
            "amount": given[one.benefit_id].amount,
            "loss_zh": one.words.zh,
            "loss_en": one.words.en,
            "note": publication.note,
            "effective_on": clock.local_day(now) + timedelta(days=notice_days(before)),
            "recorded_at": now,
            "recorded_by": publication.by,
        }
        for one in taken
    ]
    if rows:
        session.execute(insert(TermsRemedy), rows)


def list_remedies(session: Session, *, after: int = 0, up_to: int | None = None) -> Sequence[TermsRemedy]:
    """Those of the versions after `after`, oldest first."""
    wanted = select(TermsRemedy).where(TermsRemedy.version > after)
    if up_to is not None:
        wanted = wanted.where(TermsRemedy.version <= up_to)
    return session.scalars(wanted.order_by(TermsRemedy.version, TermsRemedy.benefit_id)).all()
