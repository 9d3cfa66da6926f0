"""Numbers that are counted, called over radio, typed with letters or told part by part are found; counts stay."""

import pytest

from backend.quality.pii import find_pii, mask_pii
from tests.unit.quality.test_pii import is_linear


@pytest.mark.parametrize(
    ("kind", "text", "leaked"),
    [
        ("cn_mobile", "手机135两个0 四个2再加71，打这个", "四个2"),
        ("cn_mobile", "打158，中间四个6，最后2093", "2093"),
        ("cn_mobile", "电话是13双7 52双3 641", "双3 641"),
        ("cn_mobile", "呼我幺七三，洞洞拐两，勾勾五幺", "勾勾五幺"),
        ("cn_mobile", "我的号一三圈 2255 七一八四，圈就是零", "七一八四"),
        ("cn_mobile", "phone1B9-3O47-2l5S，B是8", "3O47"),
        ("cn_mobile", "手机前三位136，是联通的卡，中间四位2408，后四位5517", "5517"),
        ("cn_mobile", "先报前半段1592071，记下了吗？后半段是4436", "4436"),
        ("cn_mobile", "拾捌柒零零叁肆伍贰贰陆", "贰贰陆"),
        ("cn_id_card", "身份证44O1O6199OO52O3917", "52O3917"),
        ("cn_id_card", "身份证前六位440106，出生那八位19900520，最后四位3917", "3917"),
        ("bank_card", "卡号622l 8O45 l203 9987 6OO", "9987"),
        ("qq", "扣扣是5两个8 21仨4", "仨4"),
        ("cn_landline", "座机零二零，八七双三，一二零六", "一二零六"),
        ("otp", "收到的是七三，零六，五九，你们要的验证码就是这个", "五九"),
        ("wechat_id", "微信拼音taozi，后面接一个横杠，再是3306", "3306"),
        ("person_name", "我冯晓棠，昨天那单的，帮忙查一下", "晓棠"),
    ],
)
def test_a_number_is_found_however_it_is_said(kind: str, text: str, leaked: str) -> None:
    assert kind in {hit.type for hit in find_pii(text)}
    assert leaked in text
    assert leaked not in mask_pii(text)


@pytest.mark.parametrize(
    "text",
    [
        "三个8的价格888，两个6的价格66",
        "库存两个0改一个0，10件不是100件",
        "前三位下单送杯子，中间十位送杯垫，最后四位送贴纸",
        "前半段1370件，后半段8824件，都入库了",
        "洞洞鞋三六到四一码，拐杖糖五支，勾线笔十二色",
        "订单编号15O3827l94O，查一下物流",
        "型号S5B8-2O24，I型接口",
        "条码前三位690，中间四位是厂商",
        "一三五发货，二四六直播",
        "口令是上头三个字加六六六",
        "我方便，订单照发",
        "门店在成都市春熙路西段15号，欢迎来试",
        "实体店就在厦门市中山路201号，导航搜店名就行",
    ],
)
def test_counts_codes_and_what_is_open_to_all_stay(text: str) -> None:
    assert mask_pii(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "门店自提不了，我地址成都市春熙路西段15号",
        "旗舰店买的，寄到厦门市中山路201号",
        "工厂在佛山，我住佛山市顺德区工业大道15号3栋402",
    ],
)
def test_where_somebody_lives_is_masked_though_a_shop_is_spoken_of(text: str) -> None:
    assert "address" in {hit.type for hit in find_pii(text)}


@pytest.mark.parametrize(
    "seed", ["一个", "双8", "幺洞拐", "1O", "S5 ", "前三位138，", "拾", "我王小明，", "后面两个8", "138，中间"]
)
def test_a_long_run_takes_no_more_than_its_length(seed: str) -> None:
    assert is_linear(seed)
