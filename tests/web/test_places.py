"""The shop's window without script: what a visitor reads about the pass, the places and the benefits."""

import re
from datetime import datetime
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from passes import clock
from tests.factories import city


@pytest.fixture
def shop(client: FlaskClient, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """The sample city, read in Chinese, on a Wednesday morning in November."""
    monkeypatch.setattr(clock, "now", lambda: now)
    city(session, now=now)
    client.environ_base |= {"HTTP_ACCEPT_LANGUAGE": "zh-CN"}
    return client


def words_of(shop: FlaskClient, path: str, status: int = 200) -> str:
    """What is to be read on the page: no markup, no script."""
    answer = shop.get(path)
    assert answer.status_code == status, path
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def places_in(shop: FlaskClient, path: str) -> list[str]:
    """The ids of the places the list shows, in its order."""
    found = re.findall(r'data-place="(\w+)"[^>]*?( hidden)?>', shop.get(path).text)
    return [id_ for id_, hidden in found if not hidden]


def test_the_front_page_says_what_the_pass_opens_costs_and_saves(shop: FlaskClient) -> None:
    words = words_of(shop, "/")
    for said in ("21 处景点", "悠游兰州年卡·成人", "¥199", "悠游兰州年卡·长者", "¥129", "¥570", "怎么用", "夜游黄河"):
        assert said in words
    assert "景点门票 × 21 ¥570" in words and "全部用一次 × 51" in words
    assert "示例数据" in words
    assert "儿童副卡" not in words
    english = words_of(shop, "/?lang=en")
    assert "21 sights" in english and "Each sight once at the ticket office: ¥570." in english
    assert 'href="/buy?product=PASS-ADULT"' in shop.get("/").text


def test_a_bundle_says_what_is_in_it_and_an_empty_shop_that_nothing_is_sold(
    client: FlaskClient, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)
    city(session, now=now, **{"price_fen: 39900, sold: false": "price_fen: 39900, sold: true"})
    family = "家庭卡 2大1小 ¥399 悠游兰州年卡·成人 + 悠游兰州年卡·成人 + 儿童副卡"
    assert family in words_of(client, "/?lang=zh")
    city(session, now=now, **{"sold: true": "sold: false"})
    words = words_of(client, "/?lang=zh")
    assert "目前没有在售" in words and "能省多少" not in words and "白塔山景区" in words
    assert "34 处中的 34 处" in words_of(client, "/places")


def test_before_a_catalogue_is_loaded_the_shop_says_so(client: FlaskClient) -> None:
    for path in ("/", "/places"):
        assert client.get(path).status_code == 404
        assert "目录" in client.get(path, headers={"Accept-Language": "zh"}).text


def test_all_places_stand_in_the_list_and_on_the_map_with_their_hours(shop: FlaskClient) -> None:
    words = words_of(shop, "/places")
    assert "34 处中的 34 处" in words
    assert "1 白塔山景区 城关区" in words and "开放中，至 20:00" in words and "全天开放" in words
    page = shop.get("/places").text
    assert len(re.findall(r"<a [^>]*data-marker=", page)) == 33  # all but what is online
    assert 'aria-label="8 甘肃省博物馆, 景点, 开放中，至 17:00"' in page


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("interest=museum", ["S08", "S09", "S14"]),
        ("kind=transport", ["WATERBUS", "CABLEWAY"]),
        ("q=温泉", ["H4"]),
        ("q=dragon", []),
        ("kind=shop&near=zhongshan-bridge", ["SHOP1", "PARTNER_NOODLE", "SHOP2", "SHOP3", "ROSEGARDEN"]),
        ("kind=castle&interest=%00&open=maybe&near=moon&kind=hotel&q=兴隆山", ["S12"]),
    ],
)
def test_the_address_alone_searches_filters_and_sorts(shop: FlaskClient, query: str, ids: list[str]) -> None:
    assert places_in(shop, f"/places?{query}") == ids


def test_open_now_leaves_out_what_is_closed(shop: FlaskClient, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "S08" in places_in(shop, "/places?open=1")
    monkeypatch.setattr(clock, "now", lambda: now.replace(hour=15))  # 23:00 in Lanzhou
    assert places_in(shop, "/places?open=1&kind=spot") == ["S10"]
    assert "未开放，明天 09:00 开放" in words_of(shop, "/places?q=省博物馆")


def test_nothing_found_says_what_to_do(shop: FlaskClient) -> None:
    page = shop.get("/places?q=zzz").text
    assert '<p class="empty" id="none">' in page and "没有符合条件的地点" in page
    assert '<p class="empty" id="none" hidden>' in shop.get("/places").text


@pytest.mark.parametrize("text", ["<b>x</b>", "'; --", "😀", "龘" * 10_000, "%00", "\u202e\u0635"])
def test_any_text_may_be_searched_for(shop: FlaskClient, text: str) -> None:
    answer = shop.get("/places", query_string={"q": text})
    assert answer.status_code == 200 and "<b>x" not in answer.text


def test_a_place_tells_its_hours_and_what_the_pass_gives_there(shop: FlaskClient) -> None:
    words = words_of(shop, "/places/S01")
    for said in (
        "白塔山景区",
        "开放中，至 20:00",
        "3A 级景区",
        "4月1日–10月31日 06:30–22:00",
        "门市价 ¥6",
        "白塔山首道门票",
    ):
        assert said in words
    assert "每天一次" in words and "省 ¥6" in words and "附近正在开放" in words and "米 ·" in words
    museum = words_of(shop, "/places/S08?lang=en")
    assert "closed on Mondays" in museum and "Free admission for everybody" in museum
    assert "Book a time slot" not in museum  # that stands on the benefit's own page
    assert "白塔山" not in museum
    assert "全天" in words_of(shop, "/places/ONLINE?lang=zh")


def test_a_benefit_tells_its_rules_in_plain_words_by_topic(shop: FlaskClient) -> None:
    words = words_of(shop, "/benefits/B18")
    for said in (
        "次数 每天一次 每年三次",
        "使用时间 可用时段：4月1日–10月31日 08:30–16:30；11月1日–3月31日 09:00–16:00 劳动节假期、国庆假期不可用",
        "适用人群 6 周岁及以下、身高 120 厘米及以下的儿童免票，超出须另购儿童副卡",
        "内容与费用 自选步行区观光车，另付 30 元",
        "¥150",
        "悠游兰州年卡·成人 ¥199",
    ):
        assert said in words
    assert "不含 不含光影剧场、讲解" in words_of(shop, "/benefits/B02")
    english = words_of(shop, "/benefits/E01?lang=en")
    assert "not on the same day as Yellow River Day Cruise" in english and "a deposit of ¥10" in english


def test_a_benefit_says_whether_it_can_be_used_today(
    shop: FlaskClient, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "今天可用 08:30–20:00" in words_of(shop, "/benefits/B05")
    monkeypatch.setattr(clock, "now", lambda: now.replace(day=30))  # a Monday
    assert "今天不开放，请改天再来" in words_of(shop, "/benefits/B14")
    assert "不在开放季节" in words_of(shop, "/benefits/B11")


def test_a_benefit_in_no_pass_on_sale_and_one_that_costs_nobody_anything_say_so(shop: FlaskClient) -> None:
    assert "目前在售的卡不含此权益" in words_of(shop, "/benefits/E10")
    assert "入场对所有人免费" in words_of(shop, "/benefits/B08")


def test_every_place_and_benefit_of_the_catalogue_has_a_page(shop: FlaskClient) -> None:
    listed = set(re.findall(r'href="(/places/\w+)"', shop.get("/places").text))
    benefits: set[str] = set()
    for path in sorted(listed):
        benefits |= set(re.findall(r'href="(/benefits/\w+)"', shop.get(path).text))
    assert len(listed) == 34 and len(benefits) == 51
    for path in sorted(benefits):
        assert words_of(shop, path)


@pytest.mark.parametrize("path", ["/places/S99", "/places/%00", "/benefits/B99", "/benefits/😀", "/benefits/%3Cb%3E"])
def test_what_is_not_there_is_said_kindly(shop: FlaskClient, path: str) -> None:
    assert "请查看全部地点" in words_of(shop, path, status=404)
