"""Personal data is found however it is written; what looks like it stays."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.quality.pii import find_pii, mask_pii


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("cn_mobile", "我电话13812345678"), ("cn_mobile", "一三八一二三四五六七八"),
        ("cn_mobile", "１３８ １２３４ ５６７８"),
        ("cn_mobile", "+86 138-1234-5678"), ("cn_mobile", "1.3.8.1.2.3.4.5.6.7.8"),
        ("cn_mobile", "幺三八 一二三四 五六七八"),
        ("cn_mobile", "138\u200b12345678"), ("cn_mobile", "①③⑧①②③④⑤⑥⑦⑧"),
        ("cn_landline", "座机010-62345678"),
        ("cn_landline", "(021)52345678"), ("cn_id_card", "身份证11010519491231002X"),
        ("cn_id_card15", "身份证110105491231002"),
        ("bank_card", "银行卡 6222 0212 3456 7890 128"),
        ("bank_card", "4111111111111111"), ("email", "a＠163.com"),
        ("email", "test @ gmail . com"), ("wechat_id", "加我微信abc_12345"),
        ("wechat_id", "VX：lucky8888"),
        ("qq", "扣扣号：9876543"), ("cn_plate", "车牌粤B·12345"), ("cn_plate", "沪AD12345"),
        ("address", "广东省深圳市南山区科技园南路18号3栋502室"), ("address", "北京市朝阳区建国路88号院5号楼"),
        ("person_name", "收件人：张小明"), ("passport", "护照E12345678"),
        ("tracking_no", "快递SF1234567890123"),
        ("order_no", "订单号202611210001234567"), ("otp", "验证码是 482913"),
        ("secret", "sk-abcdefghijklmnop1234"),
        ("secret", "密码：hunter2xx"), ("device_id", "登录IP 192.168.1.25"),
        ("device_id", "IMEI 490154203237518"),
    ],
)  # fmt: skip
def test_personal_data_is_found_and_masked(kind: str, text: str) -> None:
    hits = find_pii(text)
    assert [hit.type for hit in hits] == [kind]
    masked = mask_pii(text)
    assert masked != text
    assert text[slice(*hits[0].span)] not in masked


def test_a_company_code_is_found_and_shown() -> None:
    text = "信用代码91110000600037341L"
    assert [hit.type for hit in find_pii(text)] == ["uscc"]
    assert mask_pii(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "条码6901234567892", "时间戳1763712345678", "价格1381元",
        "产地福建省武夷山市星村镇", "型号WX-2000", "固件版本 10.2.3.4",
        "pkg@1.2.3", "销量13812件", "三百一十六不锈钢", "QQ糖一包",
        "QQ弹弹的口感", "云A级面料", "我叫大家看一下", "货号E12345678",
        "五四三二一上链接", "优惠码 8848", "满300减50，满600减120", "尺寸138*200*45",
        "验证码收不到怎么办", "微信支付", "联系人写清楚",
        "收货人姓名要写对", "每箱12345678支", "密码锁的行李箱", "地址填广东省深圳市南山区就行",
        "400-820-8820客服热线", "110105194912310021批次", "http://127.0.0.1:8000 已启动",
    ],
)  # fmt: skip
def test_a_look_alike_stays(text: str) -> None:
    assert mask_pii(text) == text


@given(st.text(st.sampled_from(list("138４五六 -.。电话微信号：abc＠qq.com\u200b")), max_size=60))
def test_hits_lie_inside_the_text_and_apart(text: str) -> None:
    last = 0
    for hit in find_pii(text):
        assert last <= hit.span[0] < hit.span[1] <= len(text)
        last = hit.span[1]


@given(
    st.integers(3, 9), st.lists(st.integers(0, 9), min_size=9, max_size=9), st.sampled_from(["", " ", "-", "\u200b"])
)
def test_no_mobile_number_leaks(second: int, rest: list[int], between: str) -> None:
    number = f"1{second}{''.join(map(str, rest))}"
    said = between.join((number[:3], number[3:7], number[7:]))
    assert mask_pii(f"联系我{said}谢谢") == f"联系我{number[:3]}****{number[7:]}谢谢"


def seconds(text: str) -> float:
    """How long this thread works on masking it: what others do meanwhile counts for nothing."""
    took = []
    for _ in range(2):
        began = time.thread_time()
        mask_pii(text)
        took.append(time.thread_time() - began)
    return min(took)


def is_linear(seed: str) -> bool:
    """Whether four times as much of it takes about four times as long, and not sixteen; half a second is nothing."""
    short, long = (seconds((seed * (size // len(seed) + 1))[:size]) for size in (6_000, 24_000))
    return long < 0.5 or long < 9 * short


@pytest.mark.parametrize(
    "seed",
    ["1", "a", "a.", "13800138000", "eyJ", "eyJa-", "token", "王小明，13800138000 ", "a@b.com ", "市区路", "微信 "],
)
def test_a_long_run_takes_no_more_than_its_length(seed: str) -> None:
    assert is_linear(seed)


_HOSTILE = st.sampled_from(
    [
        *"1a.@-_ \n\u200b１①一市区路号王:", "13", "138", "eyJ", "bearer ", "token", "密码是", "微信", "qq", "号楼",
        "验证码", "订单", "收件人", "京A", "6222 ", "sk-", "vx", "SF", "(0",
    ]
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(_HOSTILE, min_size=1, max_size=4).map("".join))
def test_no_text_takes_the_square_of_its_length(seed: str) -> None:
    assert is_linear(seed)


@given(st.integers(1, 200), st.sampled_from(["@b.com", " @ b.com.", "@b.com1c@d.com"]))
def test_however_long_a_name_is_the_mail_is_found(length: int, rest: str) -> None:
    masked = mask_pii(f"写到 {'ab1.'[: length % 4 + 1]}{'x' * length}{rest}")
    assert "x@" not in masked.replace(" ", "")
    assert "c@d" not in masked
    if length <= 64:
        assert "xx" not in masked
