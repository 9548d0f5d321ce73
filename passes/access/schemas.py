"""What the sign-in and password forms take."""

from marshmallow import Schema, fields, validate

from passes.errors import N_
from passes.http import Text


class Password(fields.String):
    """A password as typed: blanks at its ends belong to it."""

    default_error_messages = {
        "required": N_("Please fill this in."),
        "invalid": N_("This must be text."),
    }

    def __init__(self) -> None:
        super().__init__(required=True, validate=validate.Length(max=1024, error=N_("This is too long.")))


class SignInForm(Schema):
    """next: where to go afterwards; only a path of this site is followed."""

    login = Text(required=True, max_length=100)
    password = Password()
    next = fields.String(load_default="")


class CodeForm(Schema):
    """The second step: six digits, or a written code."""

    code = Text(required=True, max_length=40)


class NewPasswordForm(Schema):
    """A first password, chosen by an invitation."""

    new = Password()
    again = Password()


class PasswordForm(Schema):
    """The password twice, because nobody sees it."""

    current = Password()
    new = Password()
    again = Password()
