"""A whole copy of the service as `make run` starts it, and people in front of it with real browsers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

import pytest
from babel.messages.pofile import read_po
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage

from tests.conftest import ROOT, clone, drop
from tests.factories import CATALOGUE
from tests.launcher.copies import Copy, youyou

PHONE = {"width": 390, "height": 844}
TABLET = {"width": 820, "height": 1180}
DESK = {"width": 1440, "height": 900}

Say = Callable[[str], str]


@dataclass
class River:
    """A running copy, the language its visitors read, and how to open a browser on it."""

    copy: Copy
    language: str
    say: Say
    browser: Browser
    faults: list[str]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.copy.port}"

    def _note_console(self, message: ConsoleMessage) -> None:
        # What failed to load is told by its response, with the address.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.faults.append(message.text)

    def person(self, size: dict[str, int]) -> BrowserContext:
        """A browser of its own, with its own cookies. What a page throws or the policy stops is a fault."""
        context = self.browser.new_context(
            viewport={"width": size["width"], "height": size["height"]}, locale=self.language, base_url=self.address
        )
        context.set_default_timeout(20_000)
        context.on("weberror", lambda error: self.faults.append(str(error.error)))
        context.on(
            "response", lambda answer: answer.status < 400 or self.faults.append(f"{answer.status} {answer.url}")
        )
        context.on("console", self._note_console)
        return context


def translator(language: str) -> Say:
    """From the English text to what a reader of this language sees."""
    if language.startswith("en"):
        return lambda text: text
    with (ROOT / "passes/web/translations/zh/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file, locale="zh")
    return lambda text: str(catalogue[text].string)


def always_open_catalogue(folder: Path) -> Path:
    """The sample city with a park that never closes: a journey is made at any hour."""
    hours = 'hours: [{season: ["04-01..10-31"], open: "06:30-22:00"}, {season: ["11-01..03-31"], open: "07:00-20:00"}]'
    text = (CATALOGUE / "catalog.sample.yaml").read_text()
    assert text.count(hours) == 1
    path = folder / "catalogue.yaml"
    path.write_text(text.replace(hours, 'hours: [{open: "00:00-24:00"}]'))
    copyfile(CATALOGUE / "holidays.sample.yaml", folder / "holidays.sample.yaml")
    return path


@pytest.fixture(params=["kafka", "direct"])
def river(request: pytest.FixtureRequest, postgres_url: str, browser: Browser, tmp_path: Path) -> Iterator[River]:
    """Once with Apache Kafka in Chinese, once without a broker in English."""
    database = clone(postgres_url, None)
    environment = {"DATABASE_URL": database}
    if request.param == "kafka":
        environment |= {"KAFKA_BOOTSTRAP_SERVERS": request.getfixturevalue("kafka"), "YOUYOU_TOPIC_PREFIX": "river."}
    else:
        environment |= {"EVENTS": "direct"}
    copy = Copy(tmp_path / "var", **environment)
    copy.start()
    try:
        copy.wait_until_ready()
        loaded = youyou("catalogue", "load", str(always_open_catalogue(tmp_path)), **settings_of(copy))
        assert loaded.returncode == 0, loaded.stderr
        language = "zh-CN" if request.param == "kafka" else "en-GB"
        made = River(copy, language, translator(language), browser, [])
        yield made
        assert made.faults == []
    finally:
        assert copy.stop() == 0
        copy.remove()
        drop(postgres_url, database)


def settings_of(copy: Copy) -> dict[str, str]:
    """What the running copy gave its processes."""
    shown = youyou("env", "--var", str(copy.folder)).stdout
    pairs = (line.removeprefix("export ").split("=", 1) for line in shown.splitlines())
    return {name: value.strip("'") for name, value in pairs}
