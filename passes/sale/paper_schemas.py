"""The form of invoice data."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from passes.errors import N_
from passes.http import Text
from passes.sale.invoice_rules import normalised, tax_number_fault
from passes.sale.schemas import EMAIL

_CHOOSE = N_("Choose one of the list.")


class InvoiceForm(Schema):
    """POST /orders/<token>/invoice. A company needs its tax number, a person has none."""

    buyer_kind = fields.String(
        required=True,
        validate=validate.OneOf(("person", "company"), error=_CHOOSE),
        error_messages={"required": _CHOOSE, "invalid": _CHOOSE},
    )
    title = Text(required=True, max_length=100)
    tax_number = Text(load_default=None, max_length=40)
    email = Text(
        required=True,
        max_length=254,
        validate=validate.Regexp(EMAIL, error=N_("This is no complete e-mail address.")),
    )

    @validates_schema(skip_on_field_errors=False)
    def number_fits(self, data: dict[str, Any], **kwargs: Any) -> None:
        if data.get("buyer_kind") != "company":
            return
        if not data.get("tax_number"):
            raise ValidationError(N_("A company's invoice needs its tax number."), "tax_number")
        fault = tax_number_fault(normalised(data["tax_number"]))
        if fault is not None:
            raise ValidationError(fault, "tax_number")
