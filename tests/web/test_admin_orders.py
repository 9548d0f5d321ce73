"""Orders as the back office lists them."""

from datetime import datetime

from flask import Flask
from sqlalchemy.orm import Session

from passes.sale.service import add_attention
from tests.factories import city
from tests.services.test_sale import payment_of, place, request
from tests.web.browsers import signed_in


def test_orders_are_listed_newest_first_with_their_last_payment(app: Flask, session: Session, now: datetime) -> None:
    city(session, now=now)
    admin = signed_in(app, session, "admin", now)
    unpaid, tried = (place(session, request(), now) for _ in range(2))
    session.add_all(
        [payment_of(tried, now, attempt_no=1, state="failed"), payment_of(tried, now, attempt_no=2, state="open")]
    )
    add_attention(tried, "amount_mismatch")
    session.flush()
    page = admin.get("/admin/orders?state=pending").text
    assert page.index(tried.number) < page.index(unpaid.number)
    assert "待支付" in page and "失败" not in page and "¥199" in page
    assert "金额不符" in page
    assert tried.number not in admin.get("/admin/orders?state=paid").text
    assert "王小明" not in page and "E12345678" not in page
    assert "待查看的订单：1" in page
