"""Values of a catalogue, each with the line it stands on, and readers that refuse all that is not promised.

A reader takes a Node and returns a plain Python value or raises Fault. Whoever reads a whole file collects the faults.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

Key = TypeVar("Key", bound=str)
ID = re.compile(r"[A-Z][A-Z0-9_-]{0,39}")
LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
LONGEST_TEXT = 300


@dataclass(frozen=True, slots=True)
class Text:
    """Words for people, in both languages."""

    zh: str
    en: str

    def in_(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en


Content = str | int | float | bool | None | dict[str, "Node"] | list["Node"]


@dataclass(frozen=True, slots=True)
class Node:
    """One value of the file. line counts from 1; 0 where the value does not come from a file."""

    line: int
    content: Content


class Fault(Exception):
    """A value breaks the rule language; the line says where, the reason why."""

    def __init__(self, line: int, zh: str, en: str) -> None:
        super().__init__(f"line {line}: {en}")
        self.line = line
        self.reason = Text(zh, en)


@dataclass(frozen=True, slots=True)
class CatalogueFault:
    """One thing wrong with a catalogue: the line, the id of the entry it stands in, and why it is refused."""

    line: int
    id: str
    reason: Text


class Faults:
    """Collects what is wrong, so that an operator sees everything at once and not one fault a load."""

    def __init__(self) -> None:
        self.found: list[CatalogueFault] = []

    def add(self, line: int, id_: str, zh: str, en: str) -> None:
        self.found.append(CatalogueFault(line, id_, Text(zh, en)))

    @contextmanager
    def of(self, id_: str) -> Iterator[None]:
        """Keep a Fault raised inside as one of the entry `id_` and go on."""
        try:
            yield
        except Fault as fault:
            self.found.append(CatalogueFault(fault.line, id_, fault.reason))


def node_of(plain: object, line: int = 0) -> Node:
    """The Node of a plain JSON value, every part on the same line."""
    if isinstance(plain, dict):
        return Node(line, {str(key): node_of(value, line) for key, value in plain.items()})
    if isinstance(plain, list | tuple):
        return Node(line, [node_of(value, line) for value in plain])
    if plain is None or isinstance(plain, str | int | float | bool):
        return Node(line, plain)
    raise TypeError(f"no catalogue value: {plain!r}")


def plain_of(node: Node) -> object:
    """The JSON value of a Node."""
    content = node.content
    if isinstance(content, dict):
        return {key: plain_of(value) for key, value in content.items()}
    if isinstance(content, list):
        return [plain_of(value) for value in content]
    return content


def mapping(node: Node) -> dict[str, Node]:
    if not isinstance(node.content, dict):
        raise Fault(node.line, "应为键值表 {…}", "a mapping {…} is expected")
    return node.content


def fields(node: Node, required: str = "", optional: str = "") -> dict[str, Node]:
    """The parts of a mapping that has every required key and no key that is not named. Names are space-separated."""
    parts = mapping(node)
    must, may = required.split(), optional.split()
    for key, value in parts.items():
        if key not in must and key not in may:
            raise Fault(value.line, f"不认识的键“{key}”", f"unknown key “{key}”")
    for key in must:
        if key not in parts:
            raise Fault(node.line, f"缺少键“{key}”", f"the key “{key}” is missing")
    return parts


def only_field(node: Node, names: str) -> tuple[str, Node]:
    """The one key of a mapping that has exactly one of the names, with its value."""
    parts = fields(node, optional=names)
    if len(parts) != 1:
        listed = names.replace(" ", " | ")
        raise Fault(node.line, f"应恰有其一：{listed}", f"exactly one of {listed} is expected")
    return next(iter(parts.items()))


def sequence(node: Node, least: int = 1, most: int = 1000) -> list[Node]:
    if not isinstance(node.content, list):
        raise Fault(node.line, "应为列表 […]", "a list […] is expected")
    if not least <= len(node.content) <= most:
        raise Fault(node.line, f"列表应有 {least} 至 {most} 项", f"the list must have {least} to {most} entries")
    return node.content


def whole(node: Node, least: int, most: int) -> int:
    """An integer within bounds. A boolean is none, though Python thinks so."""
    content = node.content
    if isinstance(content, bool) or not isinstance(content, int):
        raise Fault(node.line, "应为整数", "a whole number is expected")
    if not least <= content <= most:
        raise Fault(node.line, f"应在 {least} 与 {most} 之间", f"must be between {least} and {most}")
    return content


def number(node: Node, least: int, most: int) -> Decimal:
    content = node.content
    if isinstance(content, bool) or not isinstance(content, int | float):
        raise Fault(node.line, "应为数字", "a number is expected")
    if not least <= content <= most:
        raise Fault(node.line, f"应在 {least} 与 {most} 之间", f"must be between {least} and {most}")
    return Decimal(str(content))


def share(node: Node) -> Decimal:
    """A part of one: 0 … 1."""
    return number(node, 0, 1)


def fen(node: Node, least: int = 0) -> int:
    """Money in fen, at most a hundred thousand yuan."""
    return whole(node, least, 10_000_000)


def truth(node: Node) -> bool:
    if not isinstance(node.content, bool):
        raise Fault(node.line, "应为 true 或 false", "true or false is expected")
    return node.content


def words(node: Node) -> str:
    content = node.content
    if not isinstance(content, str):
        raise Fault(node.line, "应为文字（必要时加引号）", "text is expected (in quotes where needed)")
    if not content.strip() or len(content) > LONGEST_TEXT:
        raise Fault(node.line, f"文字应有 1 至 {LONGEST_TEXT} 个字符", f"text must have 1 to {LONGEST_TEXT} characters")
    return content


def one_of(node: Node, choices: Sequence[Key]) -> Key:
    content = words(node)
    for choice in choices:
        if choice == content:
            return choice
    listed = ", ".join(choices)
    raise Fault(node.line, f"“{content}”不在可选值之中：{listed}", f"“{content}” is none of {listed}")


def some_of(node: Node, choices: Sequence[Key]) -> tuple[Key, ...]:
    """At least one of the choices, none twice, in the order of the choices."""
    found = [one_of(entry, choices) for entry in sequence(node)]
    if len(set(found)) < len(found):
        raise Fault(node.line, "列表中有重复项", "the list names something twice")
    return tuple(choice for choice in choices if choice in found)


def identity(node: Node) -> str:
    """The id of an entry: a capital letter, then capitals, digits, - and _."""
    content = words(node)
    if not ID.fullmatch(content):
        raise Fault(
            node.line,
            f"“{content[:40]}”不是编号（大写字母开头，其后为大写字母、数字、- 或 _）",
            f"“{content[:40]}” is no id (a capital letter, then capitals, digits, - or _)",
        )
    return content


def label(node: Node) -> str:
    """A name used only inside the catalogue: of a pool, a group, a stock or a role."""
    content = words(node)
    if not LABEL.fullmatch(content):
        raise Fault(
            node.line,
            f"“{content[:40]}”不是标签（字母开头，其后为字母、数字、- 或 _）",
            f"“{content[:40]}” is no label (a letter, then letters, digits, - or _)",
        )
    return content


def identities(node: Node) -> tuple[str, ...]:
    found = tuple(identity(entry) for entry in sequence(node))
    if len(set(found)) < len(found):
        raise Fault(node.line, "列表中有重复的编号", "the list names an id twice")
    return found


def text(node: Node) -> Text:
    parts = fields(node, "zh en")
    return Text(words(parts["zh"]), words(parts["en"]))


def iso_day(node: Node) -> date:
    content = words(node)
    try:
        found = date.fromisoformat(content) if re.fullmatch(r"\d{4}-\d\d-\d\d", content) else None
    except ValueError:
        found = None
    if found is None:
        raise Fault(node.line, f"“{content}”不是日期（YYYY-MM-DD）", f"“{content}” is no date (YYYY-MM-DD)")
    return found
