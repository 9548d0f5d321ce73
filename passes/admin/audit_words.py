"""The audit log in words: what was done, to what, and the facts beside it."""

from passes.admin.case_words import ACTIONS as CASE_ACTIONS
from passes.errors import N_

ACTIONS = CASE_ACTIONS | {
    "staff.created": N_("Made an account with a first password"),
    "staff.invited": N_("Invited somebody"),
    "staff.changed": N_("Changed an account"),
    "staff.link_made": N_("Made a link for a new password"),
    "staff.password_reset": N_("Gave a new first password"),
    "staff.password_chosen": N_("Chose a password by a link"),
    "staff.password_changed": N_("Changed the own password"),
    "staff.disabled": N_("Disabled an account"),
    "staff.enabled": N_("Enabled an account"),
    "staff.signed_out": N_("Signed an account out everywhere"),
    "staff.second_factor_set": N_("Set up the second factor"),
    "staff.second_factor_removed": N_("Removed a second factor"),
    "staff.recovery_codes_made": N_("Made new recovery codes"),
    "staff.recovery_code_used": N_("Signed in with a recovery code"),
    "lane.created": N_("Added a lane"),
    "lane.changed": N_("Changed a lane"),
    "lane.closed": N_("Closed a lane"),
    "lane.reopened": N_("Opened a lane again"),
    "lane.code_made": N_("Made an enrolment code"),
    "device.revoked": N_("Signed a device off"),
    "clerk.added": N_("Added a clerk"),
    "clerk.pin_renewed": N_("Gave a clerk a new PIN"),
    "clerk.disabled": N_("Disabled a clerk"),
    "clerk.enabled": N_("Enabled a clerk"),
    "sale_window.added": N_("Added a sale window"),
    "sale_window.changed": N_("Changed a sale window"),
}

# Kind of subject → what it is called, the page that shows one, and that page's argument.
SUBJECTS = {
    "pass": (N_("Pass"), "admin.pass_page", "pass_id"),
    "order": (N_("Order"), "admin.order", "order_id"),
    "letter": (N_("Letter"), "admin.letter", "letter_id"),
    "staff": (N_("Account"), "admin.staff_member", "staff_id"),
    "lane": (N_("Lane"), "admin.lane", "lane_id"),
    "device": (N_("Device"), "", ""),
    "clerk": (N_("Clerk"), "admin.clerk", "clerk_id"),
    "dead_letter": (N_("Event set aside"), "admin.dead_letter", "number"),
    "difference": (N_("Difference"), "", ""),
    "message": (N_("Payment message"), "", ""),
    "sale_window": (N_("Sale window"), "admin.stock_window", "window_id"),
    "catalogue": (N_("Catalogue"), "admin.catalogue_version", "version"),
}

FACTS = {
    "reason": N_("Reason"),
    "note": N_("Note"),
    "role": N_("Role"),
    "name": N_("Name"),
    "email": N_("E-mail"),
    "days": N_("Days"),
    "flag": N_("Mark"),
    "amount_fen": N_("Amount in fen"),
    "browsers": N_("Browsers"),
    "venue_id": N_("Venue"),
    "default_benefit_id": N_("Default benefit"),
    "attended": N_("With staff"),
    "devices": N_("Devices signed off"),
    "letter_id": N_("Letter"),
    "hold_id": N_("Hold"),
    "version": N_("Version"),
    "readdressed": N_("To another address"),
    "generation": N_("Generation of codes"),
    "by": N_("Operator"),
    "file": N_("File"),
    "product_id": N_("Product"),
    "quota": N_("Quota"),
    "opens_at": N_("Opens"),
    "closes_at": N_("Closes"),
}
# Facts that say what the subject is called; they stand there and not in the list.
NAMING = ("login", "number", "device", "lane")
