"""What the back-office forms take."""

from marshmallow import Schema, fields, validate

from passes.access.schemas import Password
from passes.errors import N_
from passes.http import Text

_CHOOSE = N_("Choose one of the list.")


class LaneForm(Schema):
    """An entrance. attended: the box is ticked or absent. The venue stands in the address."""

    name = Text(required=True, max_length=60)
    default_benefit_id = Text(load_default=None, max_length=100)
    attended = fields.String(load_default="", validate=validate.OneOf(["", "yes"], error=_CHOOSE))


class ClerkForm(Schema):
    """Somebody who stands at the gates of a venue."""

    name = Text(required=True, max_length=60)
    venue_id = Text(required=True, max_length=100, error_messages={"required": _CHOOSE})


class StaffForm(Schema):
    """A new account."""

    login = Text(required=True, max_length=40)
    name = Text(required=True, max_length=80)
    role = Text(required=True, max_length=20, error_messages={"required": _CHOOSE})
    email = Text(load_default=None, max_length=254)


class StaffChangeForm(Schema):
    """What may change of an account; its sign-in name stays."""

    name = Text(required=True, max_length=80)
    role = Text(required=True, max_length=20, error_messages={"required": _CHOOSE})
    email = Text(load_default=None, max_length=254)


class FactorForm(Schema):
    """A code of the second factor."""

    code = Text(required=True, max_length=40)


class FactorEndForm(FactorForm):
    """What one shows before the second factor of one's own account is changed."""

    password = Password()
