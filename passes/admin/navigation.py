"""What the back office holds, by subject: one table for the menu beside every page and for its front page."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app, request, url_for
from flask_babel import gettext

from passes.access.rules import ADMIN, CARE, FINANCE, GATE_MANAGER, MARKETING, ROLES, Staff
from passes.errors import N_


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the menu: who may open it, and what it is for. Shown once its endpoint exists."""

    endpoint: str
    words: str
    about: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry for one reader."""

    address: str
    words: str
    about: str
    current: bool


MENU: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        N_("Visitors"),
        (
            Entry(
                "admin.passes",
                N_("Passes"),
                N_("Find a pass, see all that happened to it, hold it."),
                (CARE, ADMIN),
            ),
            Entry(
                "admin.orders",
                N_("Orders"),
                N_("What was bought, and where its payment stands."),
                (CARE, FINANCE, ADMIN),
            ),
            Entry(
                "admin.reservations",
                N_("Reservations"),
                N_("Who has which slot or stay; make one, cancel one."),
                (CARE, GATE_MANAGER, ADMIN),
            ),
            Entry(
                "admin.invoices",
                N_("Invoices"),
                N_("Who wants an invoice (fapiao), and for what; as CSV, too."),
                (FINANCE, ADMIN),
            ),
            Entry(
                "admin.stock_list",
                N_("Stock"),
                N_("When each product is sold, how many, and how many are left."),
                (FINANCE, ADMIN),
            ),
            Entry(
                "admin.money",
                N_("Money"),
                N_("What does not agree with the provider's books, payouts, and the ledger."),
                (FINANCE, ADMIN),
            ),
            Entry(
                "admin.letters",
                N_("Letters"),
                N_("Mail waiting, sent, failed, or kept because no mail server is set."),
                (CARE, ADMIN),
            ),
        ),
    ),
    (
        N_("Gates"),
        (
            Entry(
                "admin.lanes",
                N_("Lanes and devices"),
                N_("Add an entrance, enrol a tablet, sign a lost one off."),
                (GATE_MANAGER, ADMIN),
            ),
            Entry(
                "admin.clerks",
                N_("Clerks"),
                N_("Who stands at a gate, and their PIN for a shift."),
                (GATE_MANAGER, ADMIN),
            ),
            Entry(
                "admin.closures",
                N_("Closures"),
                N_("Wind, high water, a place shut or full: switch it on, now or later, and off."),
                (GATE_MANAGER, ADMIN),
            ),
            Entry(
                "admin.occupancy",
                N_("Crowds"),
                N_("How many people are in each place, and how many it takes."),
                (GATE_MANAGER, ADMIN),
            ),
            Entry(
                "gate_page.gate",
                N_("Gate page"),
                N_("What the tablet at an entrance shows. Open it there and enrol it with a code."),
                (GATE_MANAGER, ADMIN),
            ),
        ),
    ),
    (
        N_("Figures"),
        (
            Entry(
                "dashboard.dashboard",
                N_("Dashboard"),
                N_("Visits, passes, refusals and scores."),
                (MARKETING, ADMIN),
            ),
        ),
    ),
    (
        N_("House"),
        (
            Entry("admin.staff", N_("Staff"), N_("Accounts, roles, invitations, second factors."), (ADMIN,)),
            Entry("admin.keys", N_("Keys"), N_("Other systems that may call ours, and what each may do."), (ADMIN,)),
            Entry("admin.audit", N_("Audit log"), N_("Who changed what, and when."), (ADMIN,)),
            Entry(
                "admin.catalogue_versions",
                N_("Catalogue"),
                N_("Every version of the terms, and what each changed."),
                (ADMIN,),
            ),
            Entry(
                "admin.dead_letters",
                N_("Events set aside"),
                N_("Events a worker could not take: read, try again, or discard."),
                (ADMIN,),
            ),
            Entry("admin.health", N_("Health"), N_("Queues, workers, keys and room on the disk."), (ADMIN,)),
            Entry("admin.components", N_("Components"), N_("The pieces every page is made of."), ROLES),
        ),
    ),
)


def menu_of(staff: Staff) -> Sequence[tuple[str, Sequence[Shown]]]:
    """[(subject, its pages)] that this account may open, in the reader's language."""
    groups = [(gettext(subject), _shown(entries, staff)) for subject, entries in MENU]
    return [group for group in groups if group[1]]


def _shown(entries: Sequence[Entry], staff: Staff) -> list[Shown]:
    return [
        Shown(address, gettext(entry.words), gettext(entry.about), _is_current(address))
        for entry in entries
        if staff.role in entry.roles and entry.endpoint in current_app.view_functions
        for address in [url_for(entry.endpoint)]
    ]


def _is_current(address: str) -> bool:
    return request.path == address or request.path.startswith(f"{address}/")
