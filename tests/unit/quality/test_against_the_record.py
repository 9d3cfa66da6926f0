"""Facts told against the record in words: members of classes, stuffs by part, places, limits, matters of two sides."""

from typing import Any

import pytest

from backend.quality.facts import fact_faults
from backend.quality.normalize import fold


def _goods(name: str, **facts: str) -> dict[str, Any]:
    return {"name": name, "category": "百货", "facts": facts}


_CASE = _goods("首饰盒", 面料="羊皮", 内衬="珊瑚绒", 闭合="磁吸", 锁="无锁", 盒身="密度板")
_BERRIES = _goods("蓝莓干", 产地="吉林长白山", 包装="铁罐装", 工艺="冻干", 规格="80克×12罐")
_LODGE = _goods(
    "湖边小屋", 房型="双床房", 景观="湖景", 交通="自驾", 宠物="不可携带宠物", 停车="停车另收费", 可住="周一至周四"
)
_DRYER = _goods("吹风机", 供电="有线", 折叠="不可折叠", 负离子="无", 电压="220V", 喷嘴="2个", 使用="不可在浴室使用")
_FERN = _goods("铁线蕨", 光照="散射光，忌暴晒", 盆="陶瓷盆", 发货="新疆西藏不发", 浇水="保持湿润", 配件="不含底碟")
_VASE = _goods("收纳架", 材质="松木", 调节="高度可调", 组装="整装发货", 定制="可刻字")
_CRABS = _goods(
    "梭子蟹", 产地="浙江舟山", 数量="公3母5", 规格="公4两、母3两", 状态="鲜活", 售后="死蟹包赔，口味不合不退"
)
_RECORD = {"盒": _CASE, "莓": _BERRIES, "屋": _LODGE, "吹": _DRYER, "蕨": _FERN, "架": _VASE, "蟹": _CRABS}


def _faults(goods: str, clause: str) -> list[bool]:
    """Return, for each fault of a clause about goods, whether it is grave."""
    return [fault.grave for fault in fact_faults(fold(f"来看看，{clause}，喜欢就拍。").text, _RECORD[goods])]


@pytest.mark.parametrize(
    ("goods", "clause"),
    [
        ("盒", "面料是头层牛皮"),
        ("盒", "里衬用的桑蚕丝"),
        ("盒", "扣的地方是魔术贴"),
        ("莓", "大兴安岭山里采的"),
        ("莓", "智利的蓝莓"),
        ("莓", "玻璃瓶装的"),
        ("莓", "一箱二十四罐"),
        ("屋", "推窗看海景"),
        ("屋", "大床房，两口子住"),
        ("屋", "国庆过来照样能住"),
        ("吹", "无线的，拿起来就吹"),
        ("蕨", "大太阳底下随便晒"),
        ("蕨", "新疆的朋友照样下单能发"),
        ("架", "黑胡桃实木打的"),
        ("架", "高度是固定的"),
        ("架", "回去自己拧螺丝装上"),
        ("蟹", "公蟹六两"),
        ("蟹", "一盒十二只"),
        ("蟹", "不喜欢也给你退"),
    ],
)
def test_what_the_record_has_otherwise_is_certain(goods: str, clause: str) -> None:
    assert True in _faults(goods, clause)


@pytest.mark.parametrize(
    ("goods", "clause"),
    [
        ("屋", "家里的金毛也能一起来"),
        ("屋", "停车也免费"),
        ("吹", "折起来放包里就走"),
        ("吹", "浴室里直接用也行"),
        ("吹", "负离子一开头发就顺"),
        ("蕨", "底碟也给你配好"),
        ("架", "想刻字的话刻不了"),
    ],
)
def test_a_limit_of_the_record_is_known_by_what_it_is_about(goods: str, clause: str) -> None:
    assert _faults(goods, clause)


@pytest.mark.parametrize(
    ("goods", "clause"),
    [
        ("盒", "面料是羊皮，里面是珊瑚绒"),
        ("盒", "它不是牛皮的"),
        ("盒", "以前那个魔术贴的不耐用"),
        ("莓", "长白山的蓝莓，吉林产的"),
        ("莓", "大连仓发货"),
        ("莓", "我去年去智利旅游吃过"),
        ("莓", "一箱十二罐"),
        ("屋", "宠物不能带"),
        ("屋", "停车要另外交钱"),
        ("屋", "是不是海景房？不是"),
        ("屋", "周末不能住"),
        ("吹", "它不能折起来"),
        ("吹", "别在浴室里用"),
        ("吹", "有人问有没有负离子，没有"),
        ("蕨", "别放大太阳底下晒"),
        ("蕨", "新疆西藏发不了"),
        ("蕨", "底碟要自己买"),
        ("架", "松木的，高度随便调"),
        ("架", "名字可以刻字"),
        ("蟹", "公蟹四两，母蟹三两"),
        ("蟹", "一盒八只"),
        ("蟹", "口味不合不退，死的包赔"),
    ],
)
def test_what_agrees_is_denied_or_told_of_others_is_none(goods: str, clause: str) -> None:
    assert _faults(goods, clause) == []


def test_a_part_may_be_of_what_another_part_is_not() -> None:
    """The lining of the box is no leather, though its cover is."""
    assert _faults("盒", "里衬是羊皮的") == [True]


def test_a_record_on_both_sides_is_left_alone() -> None:
    goods = _goods("剃须刀", 清洁="刀头可水洗，机身不可水洗")
    assert list(fact_faults(fold("刀头能冲水，省事。").text, goods)) == []
