"""No reader meets a text that nobody translated."""

import re
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from tests.conftest import ROOT

WEB = ROOT / "passes" / "web"
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None}


@pytest.fixture(scope="module")
def used() -> dict[str, str]:
    """Every msgid of code and templates, and where it stands."""
    found = {}
    for file, line, message, _, _ in extract_from_dir(
        str(ROOT / "passes"),
        method_map=METHODS,
        keywords=KEYWORDS,
        options_map={"**/templates/**.html": {"silent": "false"}},
    ):
        for text in [message] if isinstance(message, str) else message:
            found[text] = f"{file}:{line}"
    return found


@pytest.fixture(scope="module")
def chinese() -> Catalog:
    with (WEB / "translations" / "zh" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale="zh")


def test_every_text_has_a_chinese_translation(used: dict[str, str], chinese: Catalog) -> None:
    missing = {
        text: place
        for text, place in used.items()
        if text not in chinese or not chinese[text].string or chinese[text].fuzzy
    }
    assert missing == {}


def test_placeholders_survive_translation(chinese: Catalog) -> None:
    wrong = [
        message.id
        for message in chinese
        if isinstance(message.id, str)
        and message.id
        and sorted(PLACEHOLDER.findall(message.id)) != sorted(PLACEHOLDER.findall(str(message.string)))
    ]
    assert wrong == []


def test_no_translation_is_left_over(used: dict[str, str], chinese: Catalog) -> None:
    assert [message.id for message in chinese if message.id and message.id not in used] == []


def test_the_compiled_catalogue_is_the_one_in_the_sources(chinese: Catalog) -> None:
    compiled = read_mo(BytesIO((WEB / "translations" / "zh" / "LC_MESSAGES" / "messages.mo").read_bytes()))
    assert {message.id: message.string for message in compiled if message.id} == {
        message.id: message.string for message in chinese if message.id
    }
