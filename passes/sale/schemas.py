"""The shop's forms."""

import re
from collections.abc import Mapping
from typing import Any

import phonenumbers
from marshmallow import Schema, fields, validate

from passes.errors import N_
from passes.http import Text
from passes.lifecycle.documents import DOCUMENT_TYPES
from passes.sale.party_rules import MOST_PASSES

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_A_LETTER = re.compile(r".*[^\W\d_]")  # of any script: no name is written in signs alone
EMAIL = re.compile(rf"(?=.{{3,254}}$)(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+\Z")


class Phone(Text):
    """A telephone number of any country, China's where none is named; loaded as E.164."""

    default_error_messages = {
        "phone": N_("This is no complete phone number. Outside mainland China, begin with + and the country code."),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            number = phonenumbers.parse(text, "CN")
        except phonenumbers.NumberParseException as error:
            raise self.make_error("phone") from error
        if not phonenumbers.is_valid_number(number):
            raise self.make_error("phone")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


_OF_THIS_PAGE = N_("Please send the form from this page.")
_CHOOSE = N_("Please choose a pass.")


class HolderForm(Schema):
    """One pass of POST /buy, its fields named as order_form says."""

    product_id = Text(required=True, max_length=40, error_messages={"required": _CHOOSE, "empty": _CHOOSE})
    name = Text(
        required=True,
        max_length=60,
        validate=validate.Regexp(_A_LETTER, error=N_("Please give the name as it stands on the document.")),
    )
    document_type = Text(
        required=True,
        validate=validate.OneOf(DOCUMENT_TYPES, error=N_("Please choose the type of the document.")),
    )
    document_number = Text(required=True, max_length=40)
    birth_on = fields.Date(
        load_default=None, error_messages={"invalid": N_("Please give the date as year-month-day, like 1990-05-17.")}
    )


class OrderForm(Schema):
    """POST /buy: the buyer, and the passes as a list."""

    form_id = fields.UUID(required=True, error_messages={"required": _OF_THIS_PAGE, "invalid_uuid": _OF_THIS_PAGE})
    terms_version = fields.Integer(required=True, error_messages={"required": _OF_THIS_PAGE, "invalid": _OF_THIS_PAGE})
    instead_of = Text(load_default=None, max_length=100)
    holders = fields.List(fields.Nested(HolderForm), required=True, validate=validate.Length(1, MOST_PASSES))
    phone = Phone(required=True, max_length=30)
    email = Text(
        load_default=None,
        max_length=254,
        validate=validate.Regexp(EMAIL, error=N_("This is no complete e-mail address.")),
    )
    guardian_consent = Text(
        load_default=None,
        validate=validate.Equal("yes", error=N_("A child's pass can be bought by its parent or guardian only.")),
    )
    accept_terms = Text(
        required=True,
        validate=validate.Equal("yes", error=N_("Please accept the terms to buy a pass.")),
        error_messages={"required": N_("Please accept the terms to buy a pass.")},
    )


class OrderStateOut(Schema):
    """GET /orders/<token>/state.json."""

    order = fields.String(required=True)
    payment = fields.String(required=True, allow_none=True)
