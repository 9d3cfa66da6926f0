"""Facts told wrong in words: turned round, exchanged, made up, or beyond the record's bounds."""

from typing import Any

import pytest

from backend.quality.facts import fact_faults
from backend.quality.normalize import fold


def _goods(name: str, **facts: str) -> dict[str, Any]:
    return {"name": name, "category": "百货", "facts": facts}


_DESK = _goods("折叠书桌", 材质="胶合板、钢管", 安装="需自行组装", 配送="不含上楼", 承重="80公斤", 清单="桌体、螺丝包")
_CAMERA = _goods("门铃", 供电="充电", 存储="不含存储卡", 安装="自行安装", 会员="云存储需另购", 防护="不可泡水")
_TONER = _goods("爽肤水", 成分="水、乙醇、甘油、香精", 注意="孕妇慎用", 规格="150毫升")
_TOY = _goods("积木", 适用年龄="3岁以上", 材质="ABS塑料", 洗涤="不可机洗", 数量="120颗")
_COURSE = _goods("摄影课", 形式="录播", 有效期="一年", 退款="开通后不支持退款", 讲师="周老师")
_CAKE = _goods("绿豆糕", 配料="绿豆、白砂糖、植物油、山梨酸钾", 保质期="30天", 产地="安徽", 工艺="机器压制")
_COAT = _goods(
    "羊毛大衣", 面料="羊毛70%、聚酯纤维30%", 洗涤="不可水洗，需干洗", 颜色="驼色", 特点="首次洗有浮色", 领="仿皮草"
)
_SEAT = _goods("婴儿推车", 适用年龄="6个月到36个月", 身高="65到105厘米", 质保="两年")
_BOOK = _goods("山城旧事", 装帧="平装", 作者="陆平", 页数="320页")
_HONEY = _goods("土蜂蜜", 配料="蜂蜜", 品种="荆条蜜", 特点="低温会有结晶", 不适宜人群="一岁以下婴儿")
_HEATER = _goods(
    "暖风机",
    供电="需插电使用",
    适用="仅限室内使用",
    发货="付款后72小时内发货",
    系统="仅支持安卓手机",
    功能="不支持语音控制",
    售后="不支持7天无理由",
)
_JUICE = _goods("沙棘汁", 配料="水、沙棘原浆", 沙棘原浆含量="40%", 电池="不含电池")
_WATCH = _goods("腕表", 机芯="石英机芯", 表镜="矿物玻璃", 防水="不防水", 质保="一年")


def said(text: str, product: dict[str, Any]) -> list[tuple[str, bool]]:
    folded = fold(f"看，{product['name']}，{text}。").text
    return [(folded[fault.start : fault.end], fault.grave) for fault in fact_faults(folded, product)]


@pytest.mark.parametrize(
    ("text", "product"),
    [
        # Turned round.
        ("师傅到家给你装好", _DESK),
        ("整装发货，不用你组装", _DESK),
        ("送货上楼，一步到位", _DESK),
        ("胶合板一块都不用", _DESK),
        ("一根钢管都没有", _DESK),
        ("螺丝包要自己另外买", _DESK),
        ("还送你一张存储卡", _CAMERA),
        ("存储卡也给配好了", _CAMERA),
        ("整个泡水都没事", _CAMERA),
        ("一滴酒精都不放，温和", _TONER),
        ("不含香精，闻着干净", _TONER),
        ("怀孕的姐妹也能放心用", _TONER),
        ("脏了直接扔洗衣机机洗", _TOY),
        ("不满意随时可以退", _COURSE),
        ("零防腐剂，老人爱吃", _CAKE),
        ("不加一粒糖，清爽", _CAKE),
        ("完全不掉色，白的一起洗", _COAT),
        ("在家直接水洗就行", _COAT),
        ("绝不结晶，随时能舀", _HONEY),
        ("大人小孩都能吃", _HONEY),
        ("戴着洗澡游泳都没事，不怕水", _WATCH),
        ("不用插电，拎着走", _HEATER),
        ("阳台外露天也能用", _HEATER),
        ("今天拍今天发", _HEATER),
        ("苹果手机也能连", _HEATER),
        ("支持语音控制，喊一声就开", _HEATER),
        ("七天无理由，不喜欢就寄回来", _HEATER),
        ("百分之百原浆，一口浓", _JUICE),
        ("电池都给您装好了", _JUICE),
        # Exchanged.
        ("老师直播课带着你拍", _COURSE),
        ("硬壳精装，摆书架好看", _BOOK),
        ("这是洋槐蜜，清甜", _HONEY),
        ("自动机械机芯，走时稳", _WATCH),
        ("蓝宝石镜面，不花", _WATCH),
        ("领子是狐狸毛的，暖和", _COAT),
        ("里面加了老陈皮", _CAKE),
        ("桌面是整块黑胡桃的，稳", _DESK),
        ("竹纤维材质，手摸着滑", _DESK),
        ("这桌面是石墨烯做的", _DESK),
        # Beyond the bounds.
        ("两岁的宝宝就能玩", _TOY),
        ("刚会走的宝宝也能玩", _TOY),
        ("新生儿就能躺", _SEAT),
        ("上小学生都能坐", _SEAT),
        ("永久有效，想看就看", _COURSE),
        ("终身质保，坏了找我", _WATCH),
        ("放三个月都不坏", _CAKE),
        ("两百斤的人站上去也没问题", _DESK),
    ],
)
def test_what_the_record_says_otherwise_is_found_and_grave(text: str, product: dict[str, Any]) -> None:
    assert any(grave for _, grave in said(text, product)), said(text, product)


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("央视都报道过", _CAKE),
        ("拿过茅盾文学奖", _BOOK),
        ("得了红点设计大奖", _DESK),
        ("哈佛的实验室研发", _TONER),
        ("乾隆年间就有的方子", _CAKE),
        ("奥运冠军同款", _SEAT),
        ("中国人保承保", _SEAT),
        ("假一赔十", _HONEY),
        ("里面是石墨烯发热", _COAT),
        ("用的德国进口轴承", _SEAT),
        ("作者签名版，每本都有", _BOOK),
        ("学完包就业", _COURSE),
        ("石磨碾磨出来的", _CAKE),
        ("欧盟有机认证", _HONEY),
    ],
)
def test_what_the_record_knows_nothing_of_is_a_doubt(text: str, product: dict[str, Any]) -> None:
    found = said(text, product)
    assert found
    assert not any(grave for _, grave in found), found


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("到家得自己组装，二十分钟", _DESK),
        ("不送货上楼，先说清楚", _DESK),
        ("胶合板的，不是实木", _DESK),
        ("两百斤的人别站上去", _DESK),
        ("顺便说下材质，标的是胶合板和钢管", _DESK),
        ("先看看它的材质，胶合板", _DESK),
        ("再讲讲材质，桌腿是钢管", _DESK),
        ("关于材质，包装上写着", _DESK),
        ("存储卡要自己配，不含的", _CAMERA),
        ("别泡水，泡坏了不保", _CAMERA),
        ("里面含酒精，怕刺激的先试", _TONER),
        ("有人问有没有不含香精的，没有", _TONER),
        ("孕妇别用，问过医生再说", _TONER),
        ("三岁以上的孩子玩", _TOY),
        ("两岁的宝宝别给，颗粒小", _TOY),
        ("别扔洗衣机，湿布擦", _TOY),
        ("开通了就不能退，想好再拍", _COURSE),
        ("你要直播课的，这个不是", _COURSE),
        ("里面有糖，要控糖的别拍", _CAKE),
        ("我泡茶不加糖，就着它吃", _CAKE),
        ("放三天就吃完了", _CAKE),
        ("第一次洗有点浮色，单独洗", _COAT),
        ("要送干洗，别水洗", _COAT),
        ("七个月会坐的宝宝能用", _SEAT),
        ("没拿过什么红点奖，就是好推", _SEAT),
        ("质保两年，不是终身质保", _SEAT),
        ("讲的是乾隆年间的故事", _BOOK),
        ("央视有部纪录片你看过没，跟这书没关系", _BOOK),
        ("会结晶，正常的", _HONEY),
        ("不到一岁的宝宝不能吃", _HONEY),
        ("插上电就热，安卓手机能连", _HEATER),
        ("三天内给您发走，别急", _HEATER),
        ("语音控制它没有，遥控在机身上", _HEATER),
        ("原浆四成，不是纯原浆", _JUICE),
        ("电池自己配一下，不送的", _JUICE),
        ("不防水，洗手摘一下", _WATCH),
        ("你那块机械表是机械表，这个是石英的，不是一路", _WATCH),
        ("假一赔十这种话我不说", _WATCH),
    ],
)
def test_what_is_true_denied_or_told_of_other_things_is_none(text: str, product: dict[str, Any]) -> None:
    assert not said(text, product), said(text, product)


def test_a_share_is_told_of_the_noun_right_before_it() -> None:
    fabric = _COAT | {"evidence": ["纤维检测报告：羊毛 70%"]}
    assert said("面料是羊毛百分之七十、聚酯纤维百分之三十", fabric) == []
    assert [words for words, _ in said("面料是羊毛百分之七十、聚酯纤维百分之四十", fabric)] == ["百分之四十"]


_UKULELE = _goods("青禾尤克里里", 面板="云杉单板", 背侧板="相思木", 颜色="原木色", 档位="无")
_LAMP = _goods("栖光落地灯", 亮度="六档可调", 灯杆="铝合金", 颜色="黑色、白色")
_HOOD = _goods("暖灶暖风机", 风力="3档", 温度="五档调温", 颜色="米白")


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("面板用的是桃花心木", _UKULELE),
        ("雪松的面板，声音暖", _UKULELE),
        ("背侧板是玫瑰木", _UKULELE),
        ("四档调光", _LAMP),
        ("亮度分成四档", _LAMP),
        ("十档可调，随你", _LAMP),
        ("这款有粉色和白色", _LAMP),
        ("今天还有蓝色的款", _LAMP),
        ("灯杆是黄铜的", _LAMP),
    ],
)
def test_another_stuff_number_of_levels_or_colour_than_on_record_is_held_up(text: str, product: dict[str, Any]) -> None:
    assert any(grave for _, grave in said(text, product))


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("面板是云杉单板，背侧板相思木", _UKULELE),
        ("比桃花心木的亮一点", _UKULELE),
        ("琴颈是桃花心木的", _UKULELE),
        ("六档亮度可调", _LAMP),
        ("调到四档就够看书了", _LAMP),
        ("我晚上开三档", _LAMP),
        ("这款有黑色和白色两种", _LAMP),
        ("家里有红色沙发的也搭", _LAMP),
        ("有没有蓝色的？没有", _LAMP),
        ("四档调温也好，五档也好，看你", _HOOD),
    ],
)
def test_what_the_record_has_or_says_nothing_of_is_not(text: str, product: dict[str, Any]) -> None:
    assert not any(grave for _, grave in said(text, product))
