"""The words of a refund, in both languages: its lines, its cases, and what the terms promise before a purchase."""

from datetime import date

from passes.entitlement.nodes import Text

PAID = Text("实付金额", "Paid")
FEE = Text("手续费", "Fee")
FLOOR = Text("补足至条款约定的最低退款额", "Made up to the lowest amount the terms promise")
NOT_BELOW_NOTHING = Text("扣减超过余额，退款最低为 0 元", "More is taken off than is left: never less than nothing")
COMPENSATION = Text("运营方补偿", "Compensation by the operator")
NO_MORE_THAN_PAID = Text("退款不超过实付金额", "Never more than was paid")
GONE_BACK = Text("该订单已退款或被银行扣押的金额", "Paid back of this order already, or held by a bank")
GOODWILL = Text("运营方善意退款", "Goodwill")
AGREED = Text("经与购票人商定减少", "Less, as agreed with the buyer")
AGAIN = Text("上次退款未到账，再次退款", "Once more: the last refund did not arrive")
NOTHING = {
    "ended": Text("年卡已到期或已作废", "The pass has ended"),
    "no_right": Text("购买时的条款不予退款", "The terms of this pass give no money back"),
}
CASES = {
    "cooling_off": Text("冷静期内未使用，全额退款", "Within the cooling-off days and not used: the whole price"),
    "unactivated": Text("未激活，全额退款", "Not activated: the whole price"),
    "unused": Text("已激活、未使用，按剩余天数退款", "Activated and not used: by the days left"),
    "used": Text("已使用，按剩余天数退款并扣除已用权益", "Used: by the days left, less what was used"),
    "operator_fault": Text("运营方原因，按剩余天数退款", "The operator's fault: by the days left"),
    "ended": Text("年卡已结束，无可退金额", "The pass has ended: nothing to pay back"),
    "no_right": Text("条款不予退款", "The terms give no money back"),
}


def days_gone(gone: int, total: int) -> Text:
    return Text(f"已过 {gone} 天（共 {total} 天）", f"{gone} of {total} days gone")


def uses(count: int) -> Text:
    """Several visits, or one, for whom it is no business where they were made, and when."""
    return Text(f"已使用权益 {count} 次", "1 visit made" if count == 1 else f"{count} visits made")


def use(name: Text, used_on: date) -> Text:
    day = used_on.isoformat()
    return Text(f"{day} 使用：{name.zh}", f"Used on {day}: {name.en}")
