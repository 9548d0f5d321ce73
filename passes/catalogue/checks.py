"""What the entries of a catalogue must be to one another: everything that only can be seen with all of it in hand."""

from passes.catalogue import check_names, check_reach, check_slots, check_terms
from passes.catalogue.draft import Checking, Draft
from passes.entitlement.calendars import Calendar
from passes.entitlement.nodes import Faults


def check(draft: Draft, calendar: Calendar, faults: Faults) -> None:
    """Names first: where one leads nowhere the rest cannot be asked."""
    checking = Checking(draft, calendar, faults)
    check_names.check(checking)
    check_terms.check(checking)
    if faults.found:
        return
    check_slots.check(checking)
    check_reach.check(checking)
