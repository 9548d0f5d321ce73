"""ID documents: which numbers can exist, and how one is written before it is hashed.

CN_ID follows GB 11643 (citizens) and takes the residence permits of Hong Kong, Macao and Taiwan residents
(81, 82, 83), which use the same 18 digits. CN_PR_CARD is the permanent residence card: since 2023 18 digits
that begin with 9 and hold a birth date, before that three letters and twelve digits.
"""

import re
import unicodedata
from datetime import date

from passes.errors import N_

DOCUMENT_TYPES = ("CN_ID", "CN_HMT_PERMIT", "CN_TW_PERMIT", "PASSPORT", "CN_PR_CARD")

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
OLDEST_YEARS = 130
OLD_PR_CARD_LENGTH = 15

# GB/T 2260: the first two digits name a province; 81–83 are the permits for Hong Kong, Macao and Taiwan.
_REGIONS = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
_SHAPES = {
    "CN_ID": re.compile(r"[1-8][0-9]{16}[0-9X]"),
    # Mainland travel permit of Hong Kong (H) and Macao (M) residents: 8 digits, older cards 2 more of the re-issue.
    "CN_HMT_PERMIT": re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?"),
    # Mainland travel permit of Taiwan residents: 8 digits; paper books had 10 and a letter.
    "CN_TW_PERMIT": re.compile(r"[0-9]{8}(?:[0-9]{2}[A-Z]?)?"),
    # ICAO 9303 leaves room for nine characters.
    "PASSPORT": re.compile(r"(?=[A-Z0-9]*[0-9])[A-Z0-9]{5,9}"),
    "CN_PR_CARD": re.compile(r"9[0-9]{16}[0-9X]|[A-Z]{3}[0-9]{12}"),
}
_SAMPLES = {
    "CN_ID": N_("An ID card or residence permit number has 18 digits, the last may be X."),
    "CN_HMT_PERMIT": N_("A travel permit number for Hong Kong and Macao residents is H or M and 8 or 10 digits."),
    "CN_TW_PERMIT": N_("A travel permit number for Taiwan residents has 8 digits."),
    "PASSPORT": N_("A passport number has 5 to 9 letters and digits."),
    "CN_PR_CARD": N_("A permanent residence card number has 18 digits and begins with 9, or 3 letters and 12 digits."),
}


def normalised(number: str) -> str:
    """As it is hashed: full-width characters narrowed, blanks and hyphens dropped, upper case."""
    narrow = unicodedata.normalize("NFKC", number)
    return re.sub(r"[\s\-‐‑–—·]+", "", narrow).upper()


def document_fault(document_type: str, number: str, today: date) -> str | None:
    """Why this normalised number cannot exist, as a msgid; None when it can."""
    shape = _SHAPES.get(document_type)
    if shape is None:
        return N_("Please choose the type of the document.")
    if not shape.fullmatch(number):
        return _SAMPLES[document_type]
    if len(number) != 18:
        return None
    if check_digit(number) != number[17]:
        return N_("The last character does not fit the other 17: please compare every digit with the card.")
    if document_type == "CN_ID" and not _REGIONS.match(number):
        return N_("The first digits name no region: please compare every digit with the card.")
    return None if birth_date(number, today) else N_("The birth date in this number does not exist.")


def check_digit(number: str) -> str:
    """The 18th character that belongs to the first 17 digits: ISO 7064 MOD 11-2, as GB 11643 asks."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True))
    return _CHECK_DIGITS[total % 11]


def birth_date(number: str, today: date) -> date | None:
    """The birth date in digits 7 to 14 of an 18-digit number; None where it is no date of a living person."""
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    return born if today.year - OLDEST_YEARS <= born.year and born <= today else None


def last4(number: str) -> str:
    """All that is shown of a normalised number."""
    return number[-4:]
