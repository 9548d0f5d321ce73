"""The lines of a refund as it keeps them: JSON, in both languages, each beside the pass it is for. Pure."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from passes.entitlement.nodes import Text
from passes.sale import refund_words as words
from passes.sale.refund_rules import Line, Quote

# {code, zh, en, amount_fen, pass_id}; pass_id is null where no pass stands for the money.
Kept = dict[str, Any]


def kept_of(pass_id: int | None, lines: Iterable[Line]) -> list[Kept]:
    return [
        {
            "code": line.code,
            "zh": line.words.zh,
            "en": line.words.en,
            "amount_fen": line.amount_fen,
            "pass_id": pass_id,
        }
        for line in lines
    ]


def lines_of(kept: Sequence[Kept] | None, pass_id: int) -> tuple[Line, ...]:
    """Those of one pass; none where none were kept."""
    return tuple(
        Line(line["code"], Text(line["zh"], line["en"]), line["amount_fen"])
        for line in kept or ()
        if line["pass_id"] == pass_id
    )


def is_agreed(kept: Sequence[Kept] | None) -> bool:
    """Whether staff gave the whole amount: then it stays what it is, however often the passes were used."""
    return any(line["code"] == "goodwill" for line in kept or ())


def paid_again(kept: Sequence[Kept] | None) -> set[int]:
    """Passes that get once more what did not arrive before: that, too, stays what it was."""
    return {line["pass_id"] for line in kept or () if line["code"] == "again" and line["pass_id"] is not None}


def told_to_buyer(kept: Sequence[Kept] | None) -> list[Kept]:
    """The lines without places and days: whoever paid for a pass need not be its holder.

    The visits of a pass are one line, where the first of them stood.
    """
    told: list[Kept] = []
    visits: dict[int | None, list[Kept]] = {}
    for line in kept or ():
        if line["code"] != "use":
            told.append(line)
            continue
        made = visits.setdefault(line["pass_id"], [])
        made.append(line)
        if len(made) == 1:
            told.append(line)
    return [_sum_of(visits[line["pass_id"]]) if line["code"] == "use" else line for line in told]


def _sum_of(visits: Sequence[Kept]) -> Kept:
    said = words.uses(len(visits))
    return visits[0] | {"zh": said.zh, "en": said.en, "amount_fen": sum(line["amount_fen"] for line in visits)}


def without_places(kept: Sequence[Kept] | None, pass_ids: Collection[int]) -> list[Kept] | None:
    """The lines with every visit of these passes as a visit and no more; the amounts stay."""
    said = words.uses(1)
    neutral = {"zh": said.zh, "en": said.en}
    if kept is None:
        return None
    return [line | neutral if line["code"] == "use" and line["pass_id"] in pass_ids else line for line in kept]


def compensation_fen(kept: Sequence[Kept] | None) -> int:
    """What staff added for each pass where the operator was at fault."""
    return next((line["amount_fen"] for line in kept or () if line["code"] == "compensation"), 0)


def goodwill(amount_fen: int) -> Line:
    """Money beside what the terms say: more of it, or less where that was agreed."""
    return Line("goodwill", words.GOODWILL if amount_fen >= 0 else words.AGREED, amount_fen)


def agreed(quote: Quote, amount_fen: int) -> Quote:
    """What staff gives instead of what the calculator says: the difference, if any, is a line of its own."""
    more = amount_fen - quote.payout_fen
    return Quote(quote.case, (*quote.lines, goodwill(more))) if more else quote


def once_more(quote: Quote, lines: Sequence[Line], amount_fen: int) -> Quote:
    """The same that did not arrive before, with its lines where they were kept."""
    before = [line for line in lines if line.code != "again"]
    missing = amount_fen - sum(line.amount_fen for line in before)
    return Quote(quote.case, (*before, Line("again", words.AGAIN, missing)))
