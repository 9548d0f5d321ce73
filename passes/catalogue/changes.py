"""What happened to the terms since a pass was sold, in plain words for its holder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from passes.catalogue.differences import RULE, Change, How, differences
from passes.catalogue.losses import losses_of
from passes.catalogue.models import TermsRemedy
from passes.catalogue.publishing import list_remedies
from passes.catalogue.queries import effective_terms, get_calendar, get_current, get_terms
from passes.catalogue.remedies import remedy_words
from passes.clock import local_day
from passes.entitlement.nodes import Text
from passes.entitlement.phrases import day_words, listed
from passes.entitlement.plain import Among, short_words
from passes.entitlement.terms import Terms


@dataclass(frozen=True, slots=True)
class Since:
    """What happened to one benefit. lines: what that means for this pass, a sentence each."""

    how: How
    benefit_id: str
    name: Text
    lines: tuple[Text, ...]


def changes_since(session: Session, version: int, product_id: str) -> tuple[Since, ...]:
    """What was added to the product, taken from it, and changed for passes sold later; NotFound as get_terms.

    Added first, then taken, then changed. Nothing where the version is the newest.
    """
    newest = get_current(session).version
    pinned, after = get_terms(session, version), get_terms(session, newest)
    if version == newest or product_id not in pinned.products:
        return ()
    mine = effective_terms(session, version)
    remedies = [row for row in list_remedies(session, after=version) if _concerns(session, row, mine, product_id)]
    made_good = {row.benefit_id for row in remedies}
    return (
        *_added(pinned, mine, product_id),
        *_taken(mine, remedies),
        *_no_longer_sold(pinned, after, product_id, made_good),
        *_changed(session, pinned, after, product_id, made_good),
    )


def _concerns(session: Session, row: TermsRemedy, mine: Terms, product_id: str) -> bool:
    """Whether what the version took was taken from this product, and not only from another."""
    if row.benefit_id not in _ids(mine, product_id):
        return False
    before, after = get_terms(session, row.version - 1), get_terms(session, row.version)
    taken = losses_of(before, after, get_calendar(session), products={product_id}, today=local_day(row.recorded_at))
    return any(loss.benefit_id == row.benefit_id for loss in taken)


def _ids(terms: Terms, product_id: str) -> tuple[str, ...]:
    return terms.products[product_id].benefits


def _added(pinned: Terms, mine: Terms, product_id: str) -> Iterator[Since]:
    for id_ in _ids(mine, product_id):
        benefit = mine.benefits[id_]
        if id_ not in _ids(pinned, product_id):
            places = listed(map(Among(mine).venue, benefit.at))
            where = Text(f"现已包含在您的年卡中，可用于{places.zh}", f"your pass has it now, at {places.en}")
            yield Since("added", id_, benefit.name, tuple(line for line in (where, short_words(benefit)) if line.zh))
            continue
        gained = [venue_id for venue_id in benefit.at if venue_id not in pinned.benefits[id_].at]
        if gained:
            places = listed(map(Among(mine).venue, gained))
            line = Text(f"现在也可用于{places.zh}", f"it may now be used at {places.en}, too")
            yield Since("added", id_, benefit.name, (line,))


def _taken(mine: Terms, remedies: Sequence[TermsRemedy]) -> Iterator[Since]:
    for row in remedies:
        begins = day_words("自{}起", "from {} on", row.effective_on)
        remedy = remedy_words(row.kind, row.amount)
        lines = [
            Text(f"{begins.zh}：{row.loss_zh}", f"{begins.en}: it {row.loss_en}"),
            Text(
                f"为此运营方承诺：{remedy.zh}；请到服务台办理",
                f"for this the operator promises: {remedy.en}; the service desk sees to it",
            ),
        ]
        if row.note:
            lines.append(Text(row.note, row.note))
        yield Since("removed", row.benefit_id, mine.benefits[row.benefit_id].name, tuple(lines))


def _no_longer_sold(pinned: Terms, after: Terms, product_id: str, made_good: set[str]) -> Iterator[Since]:
    """Gone from the terms while nothing had to be made good: a pass that has it keeps it."""
    sold = after.products.get(product_id)
    for id_ in _ids(pinned, product_id):
        if id_ not in made_good and (id_ not in after.benefits or (sold is not None and id_ not in sold.benefits)):
            kept = Text("不再随新卡出售，您的年卡照旧可用", "it is not sold any more; your pass keeps it")
            yield Since("removed", id_, pinned.benefits[id_].name, (kept,))


def _changed(session: Session, pinned: Terms, after: Terms, product_id: str, made_good: set[str]) -> Iterator[Since]:
    """Rules that are others for passes sold later."""
    calendar = get_calendar(session)
    for entry in differences(pinned, after, calendar, calendar):
        if entry.kind == "benefit" and entry.how == "changed" and entry.id in _ids(pinned, product_id):
            lines = tuple(_kept(change) for change in entry.changes if change.about == RULE)
            if lines and entry.id not in made_good:
                yield Since("changed", entry.id, pinned.benefits[entry.id].name, lines)


def _kept(change: Change) -> Text:
    none = Text("无此规则", "no such rule")
    before, after = change.before or none, change.after or none
    return Text(
        f"新售年卡：{after.zh}；您的年卡不变：{before.zh}",
        f"passes sold now: {after.en}; yours stays: {before.en}",
    )
