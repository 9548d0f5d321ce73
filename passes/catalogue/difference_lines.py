"""What one version says that another does not, as lines for a terminal, in both languages."""

from collections.abc import Iterable, Iterator, Mapping

from passes.catalogue.differences import Entry, How
from passes.entitlement.nodes import Text

SIGNS: Mapping[How, str] = {"added": "+", "removed": "-", "changed": "~"}
NOTHING = Text("无", "nothing")


def lines_of(entries: Iterable[Entry]) -> Iterator[str]:
    """“~ benefit B07 …” and below it each change, before → after."""
    for entry in entries:
        yield f"{SIGNS[entry.how]} {entry.kind} {entry.id} {entry.name.en} / {entry.name.zh}"
        for change in entry.changes:
            before, after = change.before or NOTHING, change.after or NOTHING
            yield f"    {change.about.en}: {before.en} → {after.en}"
            yield f"    {change.about.zh}：{before.zh} → {after.zh}"
