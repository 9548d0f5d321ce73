"""What the cashier answers when it says no, in Stripe's shape."""

from typing import Any


class StripeError(Exception):
    """Rendered as {"error": {type, code, message, param}} with an HTTP status."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type_: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type_
        self.code = code
        self.param = param

    def body(self) -> dict[str, Any]:
        facts = {"type": self.type, "code": self.code, "message": self.message, "param": self.param}
        return {"error": {name: value for name, value in facts.items() if value is not None}}


def refuse(message: str, *, code: str | None = None, param: str | None = None) -> StripeError:
    """A definite no to this request (400)."""
    return StripeError(400, message, code=code, param=param)


def unknown_object(kind: str, object_id: str) -> StripeError:
    return StripeError(404, f"No such {kind}: '{object_id}'", code="resource_missing", param="id")
