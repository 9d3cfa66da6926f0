"""What the host says is not all claimed of the goods: each harmless way to say it has a twin that is a claim."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from backend.quality.facts import fact_faults
from backend.quality.layering import plain
from backend.quality.normalize import fold
from backend.quality.numbers import money_in
from backend.quality.prices import price_faults
from backend.quality.withheld import limit_faults

RULES = plain(None)


def graver_than_warnings(text: str) -> list[str]:
    return [finding.excerpt for finding in RULES.scan(text) if finding.severity in ("block", "fail")]


@pytest.mark.parametrize(
    ("harmless", "claimed"),
    [
        # Somebody else's words, and the host's own about them.
        ("弹幕说这个包治百病，哥，你可别害我", "弹幕说这个包治百病，我妈喝了两盒真好了"),
        ("有人问能不能根治湿疹？不能啊大姐", "有人问能不能根治湿疹？当然能啊大姐"),
        ("博主说三天变白，你听听就好", "博主说三天变白，我信了，你也来"),
        ("有人说能治失眠，这话我可不敢说", "有人说能治失眠，这话我可不敢说，懂的都懂"),
        # What a book, a title is about.
        ("这本书讲的是抗癌护士的日常", "书里说了，喝这个能抗癌"),
        ("书名叫《世界上最远的地方》，讲南极科考", "这是世界上最好的面霜"),
        # Who has it is sent to a doctor.
        ("疼得厉害先去看医生，靠枕头治疗没用", "看医生都没看好的湿疹，用它三天治愈"),
        # What is denied stands a few words on, or sums a list up.
        ("它不是我用过最便宜的，但我愿意再买", "这不是全网最低是什么"),
        ("祛痘、美白、收毛孔，这些活它一样都不干", "祛痘、美白、收毛孔，这些活它全干了"),
        ("它不会让你一个月瘦十斤", "它会让你一个月瘦十斤"),
        # How to use it is no rank among goods.
        ("黑木耳凉拌最香，搁点醋", "我们家的黑木耳最香"),
        ("拆封之后一个月里吃完最好。", "这款燕麦片最好。"),
    ],
)
def test_what_nobody_claims_is_not_held_against_the_host(harmless: str, claimed: str) -> None:
    assert graver_than_warnings(harmless) == []
    assert graver_than_warnings(claimed)


#: Seven claims that may not be made, each of another kind.
CLAIMS = ("全网最低价", "国家级品质", "能根治失眠", "全国第一", "包治百病", "百分百有效", "稳赚不赔")
DENIALS = tomllib.loads((Path(__file__).parent / "data/denials.toml").read_text("utf-8"))


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_word_of_denial_nearby_takes_no_claim_back(claim: str) -> None:
    said = [f"{before}{claim}。" for before in DENIALS["before"]] + [
        f"{claim}，{behind}。" for behind in DENIALS["behind"]
    ]
    assert [text for text in said if not graver_than_warnings(text)] == []


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_word_that_is_disowned_is_no_claim(claim: str) -> None:
    assert [text for behind in DENIALS["disowned"] if graver_than_warnings(text := f"{claim}{behind}。")] == []


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_others_say_and_nobody_should_believe_is_no_claim(claim: str) -> None:
    said = [f"{before}{claim}{behind}。" for before, behind in DENIALS["others"]]
    assert [text for text in said if graver_than_warnings(text)] == []


@pytest.mark.parametrize("claim", CLAIMS)
def test_who_waves_others_away_and_claims_it_still_claims_it(claim: str) -> None:
    said = [f"{before}{claim}{behind}。" for before, behind in DENIALS["others_boast"]]
    assert [text for text in said if not graver_than_warnings(text)] == []


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_denial_that_affirms_takes_no_claim_back(claim: str) -> None:
    said = [f"{form.format(c=claim)}。" for form in DENIALS["affirmed"]]
    assert [text for text in said if not graver_than_warnings(text)] == []


@pytest.mark.parametrize("claim", CLAIMS)
def test_whoever_claims_it_and_is_turned_away_claims_nothing_for_the_host(claim: str) -> None:
    said = [f"{form.format(c=claim)}。" for form in DENIALS["turned_away"]]
    assert [text for text in said if graver_than_warnings(text)] == []


@pytest.mark.parametrize("behind", ["我们家才是真的。", "这款真有。", "只有我敢。"])
def test_what_was_turned_away_is_a_claim_when_it_is_taken_up_again(behind: str) -> None:
    for claim in CLAIMS:
        assert graver_than_warnings(f"说{claim}的都是骗子，咱不信。{behind}")


TEA: dict[str, Any] = {
    "name": "福鼎寿眉饼",
    "price": 168,
    "list_price": 228,
    "unit": "饼",
    "facts": {"净含量": "350克", "年份": "2021年", "等级": "一级", "贮存": "冷藏0到4度", "包装": "不含茶针"},
    "price_ladder": [{"quantity": 2, "total": 320}],
}
CREAM: dict[str, Any] = {
    "name": "清透防晒乳",
    "price": 89,
    "facts": {
        "防晒指数": "SPF50+，PA+++",
        "成分": "氧化锌、水",
        "适用": "4岁以上",
        "安装": "需自行安装",
        "注意": "含酒精",
    },
}


def faults(text: str, product: dict[str, Any]) -> dict[str, bool]:
    folded = fold(text).text
    return {folded[fault.start : fault.end]: fault.grave for fault in fact_faults(folded, product)}


@pytest.mark.parametrize(
    ("said", "product", "grave"),
    [
        ("这是2012年的老料，", TEA, True),
        ("常温搁三个月没问题，", TEA, True),
        ("送一根茶针，配茶针一根，", TEA, None),
        ("我们家从光绪年间就开始做，", TEA, False),
        ("防晒指数五十加，四个加号，", CREAM, True),
        ("里头加了银离子，", CREAM, False),
        ("一岁的宝宝就能用，", CREAM, True),
        ("师傅免费上门安装，", CREAM, True),
        ("不含酒精，", CREAM, True),
        ("有机认证都有，", CREAM, False),
        ("零刺激，", CREAM, False),
    ],
)
def test_what_the_record_denies_or_knows_nothing_of_is_found(
    said: str, product: dict[str, Any], grave: bool | None
) -> None:
    found = faults(said, product)
    assert found
    if grave is not None:
        assert grave in found.values()


@pytest.mark.parametrize(
    ("said", "product"),
    [
        ("掰五克寿眉，水滚了就放，", TEA),
        ("不是2012年的老茶，就是2021年的，", TEA),
        ("别常温放，放冰箱，", TEA),
        ("三岁以下的娃别涂，", CREAM),
        ("别人家说零刺激，", CREAM),
        ("它得自己装，", CREAM),
    ],
)
def test_portions_denials_and_limits_that_are_told_are_no_faults(said: str, product: dict[str, Any]) -> None:
    assert faults(said, product) == {}


@pytest.mark.parametrize(
    "said",
    [
        "两饼三百二十，两饼省十六块。",
        "两饼三百二十，一饼合一百六。",
        "一片一元硬币大小，一百六十八。",
        "这算下来一斤两百四十块。",
        "一晚上零点二四度电，不到两毛钱。",
    ],
)
def test_sums_of_other_things_and_of_shares_follow(said: str) -> None:
    assert list(price_faults(fold(said).text, TEA)) == []


def test_a_pair_costs_more_than_one_and_is_no_share_of_it() -> None:
    assert list(price_faults("一支八十九，一对一百七十八。", CREAM)) == []
    assert list(price_faults("一对一百七十八，一支合八十。", CREAM))


def test_a_sum_is_read_whole_before_a_piece() -> None:
    """五十一块六 is no fifty and one piece."""
    assert [money.value for money in money_in("两袋五十一块六。")] == [51.6]


@pytest.mark.parametrize("asked", ["要问内胆的，写的是316不锈钢。", "关心内胆的朋友，写的是316不锈钢。", "突出内胆。"])
def test_who_asks_after_a_part_says_nothing_of_what_it_is_made_of(asked: str) -> None:
    cup: dict[str, Any] = {"name": "保温杯", "price": 89, "facts": {"内胆": "316不锈钢"}}
    assert list(limit_faults(fold(asked).text, cup)) == []
    assert list(limit_faults(fold("用的是陶瓷内胆。").text, cup))
