"""A YAML file is plain data whose every value knows its line; anything cleverer is refused."""

import pytest

from passes.catalogue.document import DEEPEST, LONGEST_CHARACTERS, read_document
from passes.entitlement.nodes import Fault, plain_of

PLAIN = """\
# a comment
a: 1
b: [true, 1.5, 2.0, null, "7", 19:30, off, 2026-12-31]
c: {first: 19:30, "off": ["x"]}
2026:
  text: >-
    folded
    words
"""


def test_scalars_mean_what_they_look_like() -> None:
    assert plain_of(read_document(PLAIN)) == {
        "a": 1,
        "b": [True, 1.5, 2, None, "7", "19:30", "off", "2026-12-31"],
        "c": {"first": "19:30", "off": ["x"]},
        "2026": {"text": "folded words"},
    }


def test_every_value_knows_its_line() -> None:
    content = read_document(PLAIN).content
    assert isinstance(content, dict)
    assert [node.line for node in content.values()] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "empty"),
        ("# nothing\n", 1, "empty"),
        ("a: 1\nb: 2\na: 3\n", 3, "stands twice"),
        ("a: &x [1]\nb: *x\n", 1, "anchors"),
        ("a: 1\n*x : 2\n", 2, ""),
        ("a: !!python/object:os.system [ls]\n", 1, "tag"),
        ("a: !thing 1\n", 1, "tag"),
        ("a: 1\n---\nb: 2\n", 2, "one YAML document"),
        ("a: [1\nb: 2\n", 2, "YAML"),
        ("a: 1\n\tb: 2\n", 2, "YAML"),
        ("a: 1\nb: \x07\n", 2, "YAML"),
        ('a: 1\nb: "\\0"\n', 2, "forbidden character U+0000"),
        ('b: "\\ud800"\n', 1, "invalid Unicode"),
        ("? [1]\n: 2\n", 1, "key"),
        ("k" * 61 + ": 1\n", 1, "key"),
        ("a: " + "[" * DEEPEST + "]" * DEEPEST, 1, "nested"),
        ("x" * (LONGEST_CHARACTERS + 1), 1, "larger"),
        ("[" + "1," * 100_001 + "]", 1, "too many"),
    ],
)
def test_what_is_no_plain_data_is_refused_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(Fault) as refused:
        read_document(text)
    assert refused.value.line == line
    assert reason in refused.value.reason.en
    assert refused.value.reason.zh


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    lines = ['a: &a ["lol","lol"]'] + [f"{b}: &{b} [*{a},*{a}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    with pytest.raises(Fault, match="anchors"):
        read_document("\n".join(lines))


def test_a_huge_number_is_text_and_no_integer() -> None:
    assert plain_of(read_document("a: 123456789012345678901234567890")) == {"a": "123456789012345678901234567890"}
