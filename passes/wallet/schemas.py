"""What goes in and out of the wallet's pages."""

from marshmallow import Schema, fields, validate

from passes.errors import N_

CHOOSE = N_("Choose one of the three faces.")


class CodeOut(Schema):
    """The next code: an SVG path in a square viewBox of `size`. Moments are milliseconds since 1970, the server's."""

    status = fields.String(required=True)
    path = fields.String(required=True, allow_none=True)
    size = fields.Integer(required=True, allow_none=True)
    expires_at = fields.Integer(required=True, allow_none=True)
    now = fields.Integer(required=True)


STALE = N_("This page was out of date. Nothing was changed; look again and repeat it.")


class ReplaceForm(Schema):
    """Which generation of codes the holder saw: a second click finds it replaced and changes nothing."""

    generation = fields.Integer(
        required=True,
        validate=validate.Range(min=0, max=255, error=STALE),
        error_messages=dict.fromkeys(("required", "invalid", "too_large"), STALE),
    )


class RefundForm(Schema):
    """What the holder saw when agreeing: a second click finds it asked. key: drawn with the form."""

    key = fields.UUID(required=True, error_messages=dict.fromkeys(("required", "invalid_uuid"), STALE))
    amount_fen = fields.Integer(
        required=True,
        validate=validate.Range(min=0, max=10**9, error=STALE),
        error_messages=dict.fromkeys(("required", "invalid", "too_large"), STALE),
    )


AGREE = N_("Please tick the box: this cannot be undone.")


class EraseForm(Schema):
    """sure: the holder knows that it cannot be undone. end_pass: a living pass shall end without money back."""

    sure = fields.String(
        required=True, validate=validate.Equal("yes", error=AGREE), error_messages={"required": AGREE, "invalid": AGREE}
    )
    end_pass = fields.String(load_default="", validate=validate.OneOf(("yes",), error=STALE))


class ScoreForm(Schema):
    """One of the three faces."""

    score = fields.Integer(
        required=True,
        validate=validate.OneOf([1, 2, 3], error=CHOOSE),
        error_messages=dict.fromkeys(("required", "invalid", "too_large"), CHOOSE),
    )
