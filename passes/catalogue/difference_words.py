"""What the parts of a catalogue are called, for whoever compares two versions."""

from collections.abc import Mapping

from passes.entitlement.nodes import Text

LABELS: Mapping[str, Text] = {
    "capacity_per_slot": Text("每场名额", "places in a slot"),
    "pass_quota": Text("持卡人名额比例", "share kept for pass holders"),
    "walk_in_share": Text("现场名额比例", "share kept for walk-ins"),
    "amount_fen": Text("每次（分）", "per use (fen)"),
    "share_of_discount": Text("优惠额分担比例", "share of the discount"),
    "list_price_share": Text("门市价分成比例", "share of the list price"),
    "capacity_instant_people": Text("瞬时承载量", "people at one time"),
    "capacity_day_people": Text("日承载量", "people in a day"),
    "interests": Text("兴趣", "interests"),
    "lat": Text("纬度", "latitude"),
    "lon": Text("经度", "longitude"),
    "grade": Text("等级", "grade"),
    "number": Text("编号", "number"),
    "kind": Text("类型", "kind"),
    "free_admission": Text("免费开放", "free admission"),
    "open_district": Text("开放街区", "open district"),
    "minutes": Text("时长（分钟）", "minutes"),
    # pass_rules
    "window_days": Text("期限（天）", "days of the window"),
    "starts": Text("起算", "starts"),
    "if_unactivated": Text("逾期未激活", "if never activated"),
    "remind_days_before": Text("提前提醒（天）", "reminders, days before"),
    "document_types": Text("证件类型", "documents"),
    "correction": Text("更正", "corrections"),
    "allowed": Text("次数", "allowed"),
    "claim_window_days": Text("领取期限（天）", "days to claim"),
    "before_activation": Text("激活前", "before activation"),
    "after_activation_unused": Text("激活后未使用", "activated, unused"),
    "after_first_use": Text("首次使用后", "after the first use"),
    "self_service": Text("可自助", "self-service"),
    "cooling_off": Text("冷静期", "cooling off"),
    "unactivated": Text("未激活", "not activated"),
    "activated_unused": Text("已激活未使用", "activated, unused"),
    "activated_used": Text("已使用", "used"),
    "operator_fault": Text("运营方原因", "the operator's fault"),
    "payout": Text("退款方式", "how it is paid"),
    "days": Text("天数", "days"),
    "until_day": Text("截至第几天", "until day"),
    "ratio": Text("比例", "share"),
    "fee_fen": Text("手续费（分）", "fee (fen)"),
    "floor_fen": Text("最低（分）", "at least (fen)"),
    "minus": Text("扣除", "less"),
    "auto_release_hours": Text("自动解除（小时）", "released after hours"),
    "appeal_first_answer_hours": Text("申诉首次答复（小时）", "first answer to an appeal, hours"),
    "appeal_close_working_days": Text("申诉办结（工作日）", "appeal closed, working days"),
    "days_lost_added_back": Text("补回天数", "lost days added back"),
    "strikes": Text("失约次数", "no-shows"),
    "suspend_reservations_days": Text("暂停预约（天）", "no booking for days"),
    "notice_days": Text("提前告知（天）", "notice, days"),
    "notice_at": Text("提示线", "notice at"),
    "report_at": Text("报告线", "report at"),
    "stop_at": Text("停止线", "stop at"),
    "open_days_before": Text("到期前可续（天）", "open, days before the end"),
    "open_days_after": Text("到期后可续（天）", "open, days after the end"),
}
SECTIONS: Mapping[str, Text] = {
    "activation": Text("激活", "Activation"),
    "id_binding": Text("实名绑定", "Real name and document"),
    "face": Text("人脸", "Faces"),
    "gift": Text("赠送", "Giving away"),
    "refund": Text("退款", "Refunds"),
    "freeze": Text("冻结", "Holds"),
    "no_show": Text("失约", "No-shows"),
    "new_venue": Text("新增地点", "New places"),
    "venue_removed": Text("地点退出", "Places that leave"),
    "new_blackout": Text("新增不可用日", "New blackout days"),
    "parity": Text("同等预约权", "Equal booking"),
    "carrying_capacity": Text("承载量", "Carrying capacity"),
    "renewal": Text("续费", "Renewal"),
    "credentials": Text("凭证", "Credentials"),
}


def about_path(path: str) -> Text:
    """refund.cooling_off.days → “cooling off · days”: each part by its words, or by its name in the file."""
    parts = [LABELS.get(part, Text(part, part)) for part in path.split(".")]
    return Text(" · ".join(part.zh for part in parts), " · ".join(part.en for part in parts))
