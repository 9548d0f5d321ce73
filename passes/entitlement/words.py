"""What a gate's screen says for each code: what is the matter, and what to do, short enough to read at a glance."""

from collections.abc import Mapping

from passes.entitlement.nodes import Text

WORDS: Mapping[str, Text] = {
    # the pass
    "pass_not_active": Text("年卡尚未激活，请在年卡页面激活", "Pass not activated: do so on the pass's page"),
    "pass_not_yet_valid": Text("年卡尚未生效，请看生效日期", "Pass not valid yet: see its first day"),
    "pass_expired": Text("年卡已过期，可续费后再来", "Pass expired: renew it to come again"),
    "pass_frozen": Text("年卡已冻结，请联系客服", "Pass on hold: please call customer service"),
    "pass_void": Text("年卡已作废，请联系客服", "Pass cancelled: please call customer service"),
    "pass_not_found": Text("查无此卡，请到服务台核对", "Pass not found: ask at the service desk"),
    # the product
    "not_included": Text("此卡不含这项权益", "This pass does not include this benefit"),
    "not_at_this_venue": Text("这项权益不在此处使用，请看适用地点", "Not offered here: see where it may be used"),
    "not_your_gate": Text("本设备不属于此入口，请换到所属入口", "This device belongs to another gate"),
    "choose_benefit": Text("请选择要使用的权益", "Choose the benefit to use"),
    "venue_closed": Text("此处暂停开放，请看公告", "This place is closed for now: see the notice"),
    # the rules, in the order of asking
    "benefit_ended": Text("这项权益的合作已结束", "This benefit has ended"),
    "out_of_season": Text("不在开放季节，请看开放日期", "Out of season: see the opening dates"),
    "closed_weekday": Text("今天不开放，请改天再来", "Closed on this weekday: come another day"),
    "blackout": Text("今天为不可用日，请改天再来", "Not usable today: come another day"),
    "calendar_missing": Text("节假日安排未录入，请联系工作人员", "Holiday calendar missing: ask staff"),
    "closed_by_condition": Text("因天气或水情暂停开放", "Closed for weather or water conditions"),
    "outside_hours": Text("不在可用时间，请看开放时间", "Outside opening hours: see the times"),
    "not_for_this_holder": Text("此权益不适用于该持卡人", "Not for this kind of pass holder"),
    "holder_limit": Text("年龄或身高不符合要求", "Age or height outside the limits"),
    "not_birthday": Text("仅限生日期间使用", "Only for the holder's birthday"),
    "daily_limit": Text("今天的次数已用完，请明天再来", "Used up for today: come again tomorrow"),
    "monthly_limit": Text("本月次数已用完，请下月再来", "Used up for this month: come next month"),
    "term_limit": Text("本卡有效期内次数已用完", "All uses of this pass's term are spent"),
    "pool_empty": Text("共享次数已用完", "The shared uses are spent"),
    "cooling_down": Text("距上次使用时间太短，请过几天再来", "Too soon after the last use: come later"),
    "choice_spent": Text("可选次数已用完", "All choices of this group are made"),
    "excluded_today": Text("今天已用过同类权益，请改天再来", "A similar benefit was used today: come another day"),
    "prerequisite_missing": Text("须先入园或入住后使用", "Needs an admission or a stay first"),
    "not_yet_earned": Text("打卡数量未达到要求", "Not enough spots visited yet"),
    "reservation_required": Text("须先预约，请在年卡页面预约", "Reservation needed: book on the pass's page"),
    "slot_not_now": Text("未到预约时段，请按预约时间到场", "Not your time slot: come at the booked time"),
    "out_of_stock": Text("已领完", "Out of stock"),
    "guardian_required": Text("须由监护人陪同", "A guardian must come along"),
    "venue_full": Text("景区已满，请稍后再来", "Venue full: please come later"),
    "choose_item": Text("请选择要领取的一项", "Choose the item to hand over"),
    "height": Text("请核对身高", "Check the height"),
    "age": Text("请核对年龄", "Check the age"),
    "birthday": Text("请核对生日", "Check the birthday"),
    "guardian": Text("请确认监护人在场", "Check that a guardian has come along"),
    "nights": Text("请输入入住晚数", "Enter the nights of the stay"),
    "manual_confirm": Text("请工作人员确认", "Staff must confirm"),
    "needs_confirmation": Text("需人工确认，请走人工通道", "Staff must confirm: use the staffed lane"),
    # the code shown
    "foreign": Text("不是本系统的码，请出示年卡二维码", "Not our code: show the pass's QR code"),
    "malformed": Text("码不完整，请调亮屏幕重新扫码", "Code unreadable: brighten the screen, scan again"),
    "unknown_key": Text("码已停用，请刷新年卡页面", "Code out of use: reload the pass's page"),
    "forged": Text("码无效，请到人工通道核验", "Code not genuine: go to the staffed lane"),
    "cert_expired": Text("手机凭证已过期，请联网打开年卡页面", "Phone proof expired: open the pass's page online"),
    "bad_proof": Text("手机凭证无效，请重新打开年卡页面", "Phone proof wrong: open the pass's page again"),
    "code_stale": Text("码已过时，请刷新二维码", "Code too old: refresh the QR code"),
    "code_future": Text("码的时间不对，请校准手机时间", "Code from the future: set the phone's clock"),
    "wrong_venue": Text("此码用于其他景点，请刷新二维码", "Code for another venue: refresh it"),
    "credential_revoked": Text("此码已换发，请出示最新的码", "Code replaced: show the newest one"),
    "replayed": Text("此码已用过，请刷新二维码", "Code already used: refresh the QR code"),
    "test_pass": Text("这是测试卡，不能入园", "A test pass: not valid for entry"),
    "check_document": Text("请核对持卡人证件", "Check the holder's ID document"),
    # the scan
    "admitted": Text("请通行", "Welcome"),
    "scanned_at_too_far": Text("设备时间不准，请校准后重扫", "Device clock is off: set it and scan again"),
    "scan_id_reused": Text("扫码编号重复，请重新扫码", "Scan id used before: scan again"),
    "scan_failed": Text("系统未能记录，请重新扫码", "Could not be recorded: scan again"),
    "scan_malformed": Text("扫码数据不完整，请重新扫码", "Scan incomplete: scan again"),
}

ASK_STAFF = Text("无法放行，请联系工作人员", "Cannot admit: ask staff")


def refusal_words(code: str) -> Text:
    """The words for a refusal code, a credential code or a confirmation item; for any other a plea to ask staff."""
    return WORDS.get(code, ASK_STAFF)
