"""The two forms of "Find my pass"."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from passes.errors import N_
from passes.http import Text
from passes.sale.schemas import Phone
from passes.wallet.lookup_rules import code_of, last4_of

_FROM_HERE = N_("Please send the form from this page.")


class Last4(Text):
    """The end of a document's number, as it is kept."""

    default_error_messages = {
        "last4": N_("These are four digits or letters: the last four of the number on the document."),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        last4 = last4_of(super()._deserialize(value, attr, data, **kwargs))
        if last4 is None:
            raise self.make_error("last4")
        return last4


class SixDigits(Text):
    """The code, with or without blanks."""

    default_error_messages = {"code": N_("A code has six digits. Please compare it with the message.")}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        code = code_of(super()._deserialize(value, attr, data, **kwargs))
        if code is None:
            raise self.make_error("code")
        return code


class FindForm(Schema):
    """POST /find."""

    form_id = fields.UUID(required=True, error_messages={"required": _FROM_HERE, "invalid_uuid": _FROM_HERE})
    phone = Phone(required=True, max_length=30)
    document_last4 = Last4(required=True, max_length=20)


class CodeForm(Schema):
    """POST /find/<lookup_id>."""

    code = SixDigits(required=True, max_length=20)
