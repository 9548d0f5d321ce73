"""Amounts as staff types them, and how one amount falls on several passes. Pure."""

import re
from collections.abc import Mapping

_YUAN = re.compile(r"([0-9]{1,6})(?:[.。]([0-9]{1,2}))?")


def fen_of(text: str) -> int | None:
    """ "199" and "199.00" → 19900, "12.5" → 1250; None for what is no amount."""
    match = _YUAN.fullmatch(text.strip().lstrip("¥￥").strip())
    if match is None:
        return None
    return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))


def agreed_amounts(amount_fen: int, by_terms: Mapping[int, int], prices: Mapping[int, int]) -> dict[int, int]:
    """What each pass gets of an amount for all of them, which is no more than their prices together.

    Less than the terms say, or more, is shared by what each gets by them, or by what each was paid beyond that.
    """
    beyond = amount_fen - sum(by_terms.values())
    if beyond <= 0:
        return shared(amount_fen, by_terms)
    more = shared(beyond, {key: prices[key] - fen for key, fen in by_terms.items()})
    return {key: fen + more[key] for key, fen in by_terms.items()}


def shared(amount_fen: int, weights: Mapping[int, int]) -> dict[int, int]:
    """The amount shared out by weight, to the fen: what is left of rounding goes to the largest remainders."""
    total = sum(weights.values())
    if not weights or total <= 0:
        return dict.fromkeys(weights, 0)
    shares = {key: amount_fen * weight // total for key, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda key: (-(amount_fen * weights[key] % total), key))
    for key in by_remainder[: amount_fen - sum(shares.values())]:
        shares[key] += 1
    return shares
