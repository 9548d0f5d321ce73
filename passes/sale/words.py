"""Words of the shop that several of its pages use."""

from flask_babel import gettext

from passes.errors import N_

DOCUMENT_NAMES = {
    "CN_ID": N_("Chinese resident ID card, or residence permit for Hong Kong, Macao or Taiwan residents"),
    "CN_HMT_PERMIT": N_("Mainland travel permit for Hong Kong and Macao residents"),
    "CN_TW_PERMIT": N_("Mainland travel permit for Taiwan residents"),
    "PASSPORT": N_("Passport"),
    "CN_PR_CARD": N_("Foreigner's permanent residence card"),
}


def document_names() -> dict[str, str]:
    """Each type of document, in the reader's language."""
    return {name: gettext(text) for name, text in DOCUMENT_NAMES.items()}
