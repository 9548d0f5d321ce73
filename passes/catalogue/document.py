"""A YAML file as Nodes that know their lines. Plain data only: no tags, no anchors, no key twice, nothing huge.

Scalars are read as YAML 1.2 reads them, so that 19:30, off and 2026-12-31 stay the texts they look like.
"""

import math
import re
import unicodedata
from typing import Any

import yaml

from passes.entitlement.nodes import Content, Fault, Node

LONGEST_CHARACTERS = 2_000_000
MOST_NODES = 100_000
DEEPEST = 20
LONGEST_KEY = 60

INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})")
DECIMAL = re.compile(r"[-+]?[0-9]{1,15}(\.[0-9]{0,15})?([eE][-+]?[0-9]{1,2})?")
CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_document(text: str) -> Node:
    """The one document of the text; Fault at the line where it is none of ours."""
    if len(text) > LONGEST_CHARACTERS:
        raise Fault(1, "文件过大", f"the file is larger than {LONGEST_CHARACTERS} characters")
    try:
        return _Reader(text).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = error.problem or error.context or "unreadable"
        raise Fault(mark.line + 1 if mark else 1, f"不是合格的 YAML：{reason}", f"no valid YAML: {reason}") from None
    except yaml.YAMLError as error:
        reason = str(error).splitlines()[0]
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position if isinstance(position, int) else 0) + 1
        raise Fault(line, f"不是合格的 YAML：{reason}", f"no valid YAML: {reason}") from None


class _Reader:
    """Builds Nodes from the parser's events."""

    def __init__(self, text: str) -> None:
        self.events = yaml.parse(text, Loader=LOADER)
        self.nodes = 0

    def document(self) -> Node:
        found = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if found is not None:
                    raise Fault(line_of(event), "只允许一个 YAML 文档", "only one YAML document is allowed")
                found = self.node(next(self.events), 1)
        if found is None:
            raise Fault(1, "文件为空", "the file is empty")
        return found

    def node(self, event: Any, depth: int) -> Node:
        line = line_of(event)
        self.nodes += 1
        if self.nodes > MOST_NODES or depth > DEEPEST:
            raise Fault(line, "内容过多或嵌套过深", "too many values, or nested too deep")
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise Fault(line, "不允许使用锚点与引用（& 和 *）", "anchors and aliases (& and *) are not allowed")
        if event.tag is not None and event.tag != "!":
            raise Fault(line, f"不允许使用标签“{event.tag}”", f"the tag “{event.tag}” is not allowed")
        if isinstance(event, yaml.MappingStartEvent):
            return Node(line, self.mapping(depth))
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(line, self.sequence(depth))
        return Node(line, scalar(event, line))

    def mapping(self, depth: int) -> Content:
        found: dict[str, Node] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line = line_of(event)
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or len(event.value) > LONGEST_KEY:
                raise Fault(line, "键应为短文字", "a key must be a short text")
            key = printable(event.value, line)
            if key in found:
                raise Fault(line, f"键“{key}”重复", f"the key “{key}” stands twice")
            value = self.node(next(self.events), depth + 1)
            # A block below its key is said to stand where its key stands.
            found[key] = Node(line, value.content) if isinstance(value.content, dict | list) else value
        return found

    def sequence(self, depth: int) -> Content:
        found: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self.node(event, depth + 1))
        return found


def line_of(event: Any) -> int:
    """The line an event begins in, from 1."""
    return int(event.start_mark.line) + 1


def scalar(event: Any, line: int) -> str | int | float | bool | None:
    """What a scalar means: quoted it is text; plain it may be a number, a truth or nothing."""
    value: str = event.value
    if event.style in ("'", '"', "|", ">"):
        return printable(value, line)
    if value in CONSTANTS:
        return CONSTANTS[value]
    if INTEGER.fullmatch(value):
        return int(value)
    if DECIMAL.fullmatch(value):
        found = float(value)
        if not math.isfinite(found):
            raise Fault(line, "数字过大", "the number is too large")
        return int(found) if found.is_integer() and abs(found) < 10**15 else found
    return printable(value, line)


def printable(value: str, line: int) -> str:
    """Text without control characters or halves of characters, which no screen shows and no database keeps."""
    for character in value:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n":
            raise Fault(line, f"不允许的字符 U+{ord(character):04X}", f"forbidden character U+{ord(character):04X}")
    return value
