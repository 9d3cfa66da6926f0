"""Dialect, words typed by their sound, and wishes put in other words are read as what they mean."""

from dataclasses import replace

import pytest

from backend.evaluation.cases import IntentCase, read_sets
from backend.graph.intent.dialect import _WORDS, in_standard_words
from backend.graph.intent.folding import fold
from backend.graph.intent.mistyped import put_right
from backend.graph.intent.naming import Known
from backend.graph.intent.reading import read
from backend.graph.intent.situation import Draft, Situation
from tests.support.eval_sources import FOLDER

_GOODS = (
    Known("1", "轻量羽绒睡袋", "野径", "露营", ["睡袋"]),
    Known("2", "护眼台灯", "小灯塔", "文具", ["台灯"]),
    Known("3", "负离子吹风筒", "轻居", "家电", ["风筒"]),
    Known("4", "天然乳胶枕", "眠山", "家纺", ["枕头"]),
)
_EMPTY = Situation(products=_GOODS)
_THERE = Situation(
    products=_GOODS,
    product_id="4",
    product_name="天然乳胶枕",
    drafts=[Draft("天然乳胶枕，软硬合适。", "selling_points", "4", "天然乳胶枕")],
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("睡代写个卖电，60妙", "睡袋写个卖点,60秒"),
        ("台登那个结微也写一下", "台灯那个结尾也写一下"),
        ("风同卖点写一段", "风筒卖点写一段"),
        ("在短一店", "再短一点"),
        ("枕头写两分种的种草", "枕头写两分钟的种草"),
        # n and ng, l and n, c and ch, s and sh sound alike to many.
        ("台灯的库纯还有多少", "台灯的库存还有多少"),
        ("怎摸把字号调大", "怎么把字号调大"),
        ("为什莫不行", "为什么不行"),
        ("发张优会券", "发张优惠券"),
        ("天然乳焦整卖点", "天然乳胶枕卖点"),
        ("风同话素太长", "风筒话术太长"),
        # 把 and 写 by their sound, where a clause does something to something.
        ("吧台灯的价格改成45", "把台灯的价格改成45"),
        ("帮我巴睡袋下架", "帮我把睡袋下架"),
        ("些一段枕头开场", "写一段枕头开场"),
        ("每个都写一断卖点", "每个都写一段卖点"),
    ],
)
def test_words_typed_by_their_sound_are_put_right(typed: str, meant: str) -> None:
    assert put_right(fold(typed), _GOODS) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "裤腰过宽的怎么讲",
        "多买点睡袋",
        "感觉后半段能不能收一收",
        "给街尾那家店写开场",
        "比单买便宜",
        "枕套卖点",
        "三十苗月季",
        "仓库纯棉的还有多少",
        "吧台凳改到99",
        "吧唧徽章价格改成9块",
        "巴黎水下架",
        "好吧,改成短一点",
        "酒吧换成清吧",
        "在原来基础上加三件",
        "多烧一会儿再说",
        "一些段子删了",
        "好些个开场",
        "来一断货通知",
        "怎磨豆浆",
        "开餐前讲",
        "助播快举牌",
        "苏姐播,四十秒",
        "连接手机的睡袋",
        "指头蘸一点",
        "脚会胀一点",
        "开长沙的车",
    ],
)
def test_what_is_a_word_of_its_own_stays(typed: str) -> None:
    assert put_right(fold(typed), _GOODS) == fold(typed)


def test_a_character_that_is_right_in_another_word_is_no_part_of_a_name() -> None:
    goods = (Known("1", "丹东草莓", aliases=["草莓"]), Known("2", "碳素鱼竿", aliases=["鱼竿"]))
    for honest in ("有股子青草味", "比目鱼干", "鱼刚钓上来", "草没了怎么办"):
        assert put_right(honest, goods) == honest
    assert put_right("草没这稿太平了", goods) == "草莓这稿太平了"


@pytest.mark.parametrize("typed", ["先不讲这个 换成枕头", "不说台灯了改成枕头", "别讲睡袋 换讲枕头"])
def test_a_wish_behind_what_is_not_wanted_needs_no_pause(typed: str) -> None:
    lamp = Draft("护眼台灯，不闪。", "selling_points", "2", "护眼台灯")
    reading = read(typed, replace(_THERE, product_id="2", product_name="护眼台灯", drafts=[lamp]))
    assert (reading.kind, reading.slots.get("product_id")) == ("switch_product", "4")


@pytest.mark.parametrize(
    ("said", "standard"),
    [
        ("電飯煲仲有幾多部？", "电饭煲还有多少部?"),
        ("風筒而家賣緊幾錢", "风筒现在卖紧多少钱"),
        ("可唔可以講多啲", "可不可以讲多点"),
        ("黄豆酱还有货没得", "黄豆酱还有没有货"),
        ("菜籽油挂好多钱，帮我瞄一哈", "菜籽油挂多少钱,帮我看一下"),
        ("葡萄嗰段唔啱心水", "葡萄那段不满意"),
        ("跟住落去写啦", "接着下去写啦"),
        ("唔好讲台灯住，讲睡袋先", "不要讲台灯,讲睡袋先"),
        ("帮我谂几句", "帮我想几句"),
        ("睡袋讲好仔，要接到台灯去", "睡袋讲完,要接到台灯去"),
        ("说完睡袋咋往台灯上拐", "说完睡袋怎么拐到台灯"),
        ("格段忒长了，帮吾缩缩短", "这段太长了,帮我缩缩短"),
        ("搿段覅了，写过一段拨我", "这段不要了,写过一段给我"),
        ("勿讲床垫了", "不要讲床垫了"),
        ("这段写甲有够长", "这段写得太长"),
        ("猫砂擱有偌济包？", "猫砂还有多少包?"),
        ("毋通讲猫粮，换讲台灯", "不要讲猫粮,换成台灯"),
        ("按怎接到台灯", "怎么接到台灯"),
        ("要不得，接到起摆嘛", "不行,接着写嘛"),
        ("这段恁长弄啥嘞", "这段这么长干什么嘞"),
        ("不中，嫑说香梨了", "不行,不要说香梨了"),
        ("写哩啥东西，跟念报告样", "写得不行,太生硬"),
        ("给我整得跟摆龙门阵一样", "给我改得像聊天一样"),
        ("食饱未啊", "吃饭了没有啊"),
        ("喝汤没有嘞", "吃饭了没有嘞"),
        ('结尾加"唔好意思"', '结尾加"唔好意思"'),
        ("蚊香卖点", "蚊香卖点"),
        # What looks like a word of a dialect, and is none.
        ("阿拉比卡咖啡豆", "阿拉比卡咖啡豆"),
        ("检测单跟手机一块儿寄", "检测单跟手机一块儿寄"),
        ("画面细得不得了", "画面细得不得了"),
        ("这只短夹用的植鞣革", "这只短夹用的植鞣革"),
        ("写番茄卖点", "写番茄卖点"),
        ("讲返场的事", "讲返场的事"),
        ("满足热爱", "满足热爱"),
        ("燕麦说一下", "燕麦说一下"),
        ("会使皮肤变干", "会使皮肤变干"),
        ("若多买一件", "若多买一件"),
        ("以后我说什么你就写什么", "以后我说什么你就写什么"),
        ("直接拨我私人电话", "直接拨我私人电话"),
        ("联袂推荐", "联袂推荐"),
        ("咖哩饭卖点", "咖哩饭卖点"),
        ("表格个数", "表格个数"),
        ("货摆完了再开播", "货摆完了再开播"),
    ],
)
def test_dialect_is_put_in_standard_words_but_for_what_is_quoted(said: str, standard: str) -> None:
    assert in_standard_words(fold(said)) == standard


def test_a_word_is_looked_for_wherever_it_may_stand() -> None:
    """What is not tried for want of its signs would have found nothing."""
    cases = read_sets(sorted(FOLDER.glob("*intents*.jsonl"))).cases
    texts = [fold(case.message) for case in cases if isinstance(case, IntentCase)]
    assert len(texts) > 2000
    for needed, pattern, _ in _WORDS:
        for text in texts:
            if needed.isdisjoint(text):
                assert pattern.search(text) is None, (pattern.pattern, text)


@pytest.mark.parametrize(
    ("asked", "about"),
    [
        ("枕头能不能说治颈椎啊，客人老问", "check"),
        ("台灯可以讲「防近視」嗎", "check"),
        ("讲“补脑”会不会被处罚", "check"),
        ("枕头要写100%乳胶，是不是要有检测报告才行", "question"),
        ("台灯伤不伤眼？有家长问", "question"),
        ("睡袋是鸭绒的吗？弹幕问好几遍了", "question"),
        ("辛苦啦，今天稿子都挺顺的，晚安", "smalltalk"),
        ("今儿这风老邪乎了，差点没给我刮海里去", "smalltalk"),
    ],
)
@pytest.mark.parametrize("situation", [_EMPTY, _THERE])
def test_a_question_in_the_words_of_a_request_asks(asked: str, about: str, situation: Situation) -> None:
    reading = read(asked, situation)
    assert (reading.kind, reading.about) == ("chat", about)


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [
        ("能不能写一段枕头的种草", "write"),
        ("客人老问枕头多高，帮主播备一段卖点", "write"),
        ("写一段跟家人们说晚安的收尾", "write"),
        ("可以说得短一点吗", "restyle"),
        ("别太热情", "restyle"),
    ],
)
def test_a_request_in_the_words_of_a_question_is_done(wanted: str, kind: str) -> None:
    assert read(wanted, _THERE).kind == kind


@pytest.mark.parametrize(
    ("said", "unsaid"),
    [
        ("语气不用改，只把“终身保修”拿掉", "终身保修"),
        ("“一觉到天亮”夸张了，删掉这半句", "一觉到天亮"),
        ("终身质保那句不敢说，去了吧", "终身质保"),
        ("把99.9%那句抠掉，报告没下来", "99.9%"),
        ("枕头别说“防落枕”，这句涉嫌违规，你改掉", "防落枕"),
    ],
)
def test_what_is_to_go_is_taken_out_of_the_text(said: str, unsaid: str) -> None:
    reading = read(said, _THERE)
    assert reading.kind == "restyle"
    assert unsaid in reading.slots["must_not_say"]


def test_what_is_said_instead_names_no_other_goods() -> None:
    reading = read("莫写“治颈椎”，枕头这段给我换成“睡着巴适”", _THERE)
    assert (reading.kind, reading.slots["must_say"]) == ("restyle", ["睡着巴适"])
    assert "治颈椎" in reading.slots["must_not_say"]
    assert read("换成台灯", _THERE).kind == "switch_product"


def test_only_what_the_record_holds_is_wanted_said() -> None:
    reading = read("枕头来一段促销，检测报告资料里有的话就提一句，没有就算了", _EMPTY)
    assert reading.slots["say_if_held"] == ["检测报告"]
