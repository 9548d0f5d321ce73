"""axe-core on an open page: what it finds against WCAG 2.2 AA, as sentences."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_SOURCE = Path(__file__).resolve().parents[2] / "passes/web/node_modules/axe-core/axe.min.js"
# A colour that still moves to another one is neither.
_SETTLED = """async () => {
    await new Promise(requestAnimationFrame);
    await Promise.allSettled(document.getAnimations().filter(a => a instanceof CSSTransition).map(a => a.finished));
}"""
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@cache
def _axe() -> str:
    return _SOURCE.read_text()


def violations(page: Page) -> list[str]:
    """One sentence a faulty element: the rule, where, and what is wrong. Nothing is left out."""
    if page.evaluate("typeof axe") == "undefined":
        # Evaluated, because a script element would be stopped by the page's own security policy.
        page.evaluate(_axe())
    page.evaluate(_SETTLED)
    found: list[dict[str, Any]] = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"
        ".then(result => result.violations)",
        _TAGS,
    )
    return [
        f"{rule['id']} at {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]
