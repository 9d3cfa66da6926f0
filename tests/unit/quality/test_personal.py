"""Somebody's data in a script holds it up; a house's line and the record's own numbers do not."""

import pytest

from backend.quality.draft import ScriptBrief
from backend.quality.lexicon import RuleSnapshot
from backend.quality.personal import personal_data
from backend.quality.rubric import review

_RULES = RuleSnapshot.load()
_CUP = {"name": "沐野随行保温杯", "category": "水杯", "price": 89, "facts": {"售后": "13800138000，只在工作日"}}


def _told(said: str) -> list[tuple[str, str]]:
    brief = ScriptBrief("selling_points", None, _CUP, [], [], [], "")
    report = review(f"沐野随行保温杯。{said}", brief, _RULES)
    return [(one.severity, one.excerpt) for one in report.findings if one.rule == "PII-001"]


@pytest.mark.parametrize(
    ("said", "excerpt"),
    [
        ("收件人张伟，身份证号11010519491231002X，我念一下。", "11010519491231002X"),
        ("住在建国路88号院6号楼1203的王女士，您的单子我看到了。", "路88号院6号楼1203"),
        ("张先生家住上海市浦东新区锦绣路1000弄5号楼302室。", "锦绣路1000弄5号楼302室"),
        ("有事打我手机一三八一二三四五六七八。", "一三八一二三四五六七八"),
        ("恭喜李女士，电话137 1234 5678。", "137 1234 5678"),
        ("转到这张卡6222021234567890123。", "6222021234567890123"),
        ("车牌粤B·12345的车主来领。", "粤B·12345"),
        ("有事发邮件到zhangwei88@example.com。", "zhangwei88@example.com"),
    ],
)
def test_personal_data_in_a_script_holds_it_up(said: str, excerpt: str) -> None:
    assert any(severity == "block" and excerpt in found for severity, found in _told(said))


@pytest.mark.parametrize(
    "said",
    [
        "客服热线400-820-1234，随时打。",
        "售后电话021-62345678。",
        "官方邮箱service@example.com。",
        "品牌总部在杭州市西湖区文三路12号3楼，欢迎来逛。",
        "我叫李佳，跟大家聊五分钟。",
        "售后问题打13800138000。",
        "售后问题打一三八零零一三八零零零。",
        "颜色一、三、五、七、九、十一、十二都有货。",
        "条码6901234567892，扫一下就知道。",
    ],
)
def test_what_is_nobodys_is_let_be(said: str) -> None:
    assert _told(said) == []


def test_the_finding_does_not_repeat_what_it_found() -> None:
    [found] = personal_data("我的手机号13812345678")
    assert (found.called, found.severity, found.span) == ("手机号", "block", (5, 16))
