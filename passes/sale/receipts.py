"""Receipts as PDF: what was bought, what was paid and how, what was paid back. The only file that draws PDF."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from fpdf import FPDF
from noto_cjk_sans_otc import FONT_PATH

from passes.clock import local_time
from passes.errors import N_
from passes.mail.words import in_language
from passes.sale.invoices import InvoiceData
from passes.sale.rules import METHOD_NAMES

# The collection holds one face a script; this one draws Chinese as it is written on the mainland.
SIMPLIFIED_CHINESE = 2
INK, SOFT, LINE = (32, 37, 41), (95, 103, 110), (200, 204, 208)
MARGIN, LABEL = 20, 55

SELLER = N_("Youyou Lanzhou, the city pass for the sights along the river")
TITLE = N_("Receipt")
ORDER, PAID_AT, PAID_BY = N_("Order"), N_("Paid"), N_("By")
PASS, HOLDER, MADE_OUT_TO, TAX_NUMBER = N_("Pass"), N_("Holder"), N_("Made out to"), N_("Tax number")
TOTAL, PAID_BACK, NET = N_("Total paid"), N_("Paid back"), N_("Remaining amount")
NO_FAPIAO = N_("This confirms the payment. It is not a tax invoice (fapiao).")
TEST = N_("TEST: no money has moved, and this pass opens nothing.")
DRAWN = N_("Drawn up on %(moment)s, Lanzhou time.")


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One pass of the order. product: {zh, en} as it was sold."""

    product: dict[str, str]
    holder: str
    pass_number: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says. method: card | alipay | wechat_pay, None where nothing had to be paid."""

    number: str
    livemode: bool
    paid_at: datetime
    method: str | None
    lines: Sequence[ReceiptLine]
    total_fen: int
    refunded_fen: int
    invoice: InvoiceData | None


def amount(fen: int) -> str:
    """19900 → ¥199.00: on paper always with both digits."""
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}¥{whole:,}.{rest:02d}"


def receipt_pdf(receipt: Receipt, locale: str, *, now: datetime) -> bytes:
    """One A4 page or more, in zh or en; the same receipt at the same moment is the same bytes."""
    page = _Page(locale, now)
    page.title(receipt)
    for line in receipt.lines:
        page.row(line.product["en" if locale == "en" else "zh"], amount(line.amount_fen), size=12)
        page.fact(HOLDER, line.holder)
        page.fact(PASS, line.pass_number)
        page.rule()
    page.row(page.words(TOTAL), amount(receipt.total_fen), size=13)
    if receipt.refunded_fen:
        page.row(page.words(PAID_BACK), amount(-receipt.refunded_fen), size=11)
        page.row(page.words(NET), amount(receipt.total_fen - receipt.refunded_fen), size=11)
    page.rule()
    page.small(page.words(NO_FAPIAO))
    page.small(page.words(DRAWN, moment=_moment(now)))
    return page.bytes()


def _moment(moment: datetime) -> str:
    return f"{local_time(moment):%Y-%m-%d %H:%M}"


@cache
def _font() -> str:
    return str(FONT_PATH)


class _Page:
    """A sheet that is written from top to bottom."""

    def __init__(self, locale: str, now: datetime) -> None:
        self.locale = locale
        self.pdf = FPDF(format="A4")
        self.pdf.set_creation_date(now)
        self.pdf.set_lang("en" if locale == "en" else "zh-CN")
        self.pdf.set_title(self.words(TITLE))
        self.pdf.set_margins(MARGIN, MARGIN, MARGIN)
        self.pdf.add_font("noto", fname=_font(), collection_font_number=SIMPLIFIED_CHINESE)
        self.pdf.add_page()

    def words(self, message: str, **facts: object) -> str:
        return in_language(self.locale, message, **facts)

    def title(self, receipt: Receipt) -> None:
        self._write(self.words(SELLER), size=10, colour=SOFT)
        self._write(self.words(TITLE), size=22)
        self.pdf.ln(2)
        if not receipt.livemode:
            self._write("TEST / 测试", size=14, colour=(160, 60, 20))
            self.small(self.words(TEST))
        self.fact(ORDER, receipt.number)
        self.fact(PAID_AT, _moment(receipt.paid_at))
        if receipt.method is not None:
            name = METHOD_NAMES.get(receipt.method)
            self.fact(PAID_BY, self.words(name) if name else receipt.method)
        if receipt.invoice is not None:
            self.fact(MADE_OUT_TO, receipt.invoice.title)
            if receipt.invoice.tax_number is not None:
                self.fact(TAX_NUMBER, receipt.invoice.tax_number)
        self.rule()

    def fact(self, label: str, value: str) -> None:
        self._ink(10, SOFT)
        self.pdf.cell(LABEL, 7, self.words(label))
        self._ink(10, INK)
        self.pdf.multi_cell(0, 7, value, new_x="LMARGIN", new_y="NEXT")

    def row(self, what: str, much: str, *, size: int) -> None:
        self._ink(size, INK)
        width = self.pdf.epw - 40
        if self.pdf.will_page_break(24):  # the amount stands beside its words, never on another page
            self.pdf.add_page()
        before = self.pdf.get_y()
        self.pdf.multi_cell(width, 8, what, new_x="LMARGIN", new_y="NEXT", align="L")
        after = self.pdf.get_y()
        self.pdf.set_xy(MARGIN + width, before)
        self.pdf.cell(40, 8, much, align="R")
        self.pdf.set_xy(MARGIN, after)

    def rule(self) -> None:
        self.pdf.ln(2)
        self.pdf.set_draw_color(*LINE)
        self.pdf.line(MARGIN, self.pdf.get_y(), self.pdf.w - MARGIN, self.pdf.get_y())
        self.pdf.ln(3)

    def small(self, text: str) -> None:
        self._write(text, size=9, colour=SOFT)

    def bytes(self) -> bytes:
        return bytes(self.pdf.output())

    def _write(self, text: str, *, size: int, colour: tuple[int, int, int] = INK) -> None:
        self._ink(size, colour)
        self.pdf.multi_cell(0, size * 0.6, text, new_x="LMARGIN", new_y="NEXT", align="L")

    def _ink(self, size: int, colour: tuple[int, int, int]) -> None:
        self.pdf.set_font("noto", size=size)
        self.pdf.set_text_color(*colour)
