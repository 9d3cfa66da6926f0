"""Matters: what is counted like goods and is none (一件事, 一份心意, 两个步骤), so that nobody can give it along."""

import re
from typing import Final

from backend.quality.heads import headed

_MATTER: Final = (
    "(?<!本)事[儿情项]?|[大小]事|细节|情况|状况|原因|理由|道理|缘故|区别|差别|差异|不同|变化|好处|坏处|[优缺特亮卖要重难痛]点|"
    "关键|条件|要求|前提|规则|规矩|选择|选项|方案|计划|打算|目标|方向|标准|概念|数[据字]|结[果论]|答案|疑[问点]|疑惑|顾虑|误[区会]|"
    "窍门|诀窍|技巧|方[法式]|法子|[小妙一绝]招|门道|讲究|学问|知识|常识|秘密|坎儿?|经验|教训|现象|毛病|麻烦|困难|[问难]题|风险|隐患|坑|"
    "需[求要]|场[景合]|画面|部分|方面|角度|层面|层意思|意思|内容|话题|主题|重头戏|惯例|习惯|用[法途处]|功[能用]|作用|设计|巧思|"
    "保障|底线|原则|责任|颜色|花色|色号|尺码|尺寸|型号|规格|版本|口味|档位|模式|位置|角落|款式|玩法|吃法|搭法|穿法|喝法"
)
_SPEECH: Final = (
    "(?<!电)话|[词句]|通知|公告|故事|声明|说明|解释|回[答复]|评[价论]|留言|弹幕|提[问示议醒]|祝[福愿]|感谢|谢意|歉意|敬意|"
    "嘱咐|叮嘱|约定|口号|段子|玩笑|悬念|预告|宣布|总结|彩蛋"
)
_FEELING: Final = (
    "心[意思愿得情声血里]|[诚好创]意|主意|(?:诚|真|爱|信|决|热|私|用|初|良|耐|细|孝)心|感[受情动慨激恩]|体[会面贴]|热情|实情|人情|"
    "行情|情[分怀谊]|期待|期盼|希望|愿望|念[头想]|想法|看法|遗憾|喜悦|温[暖情度]|.式感|安全感|底气|信任|[放安]心|劲儿?|踏实|快乐|开心|幸福|"
    "牵挂|挂念|担心|担忧|执念|热爱|坚持|缘分|面子|气氛|氛围|态度|担当|理解|尊重|陪伴|关[心怀爱]|惦记|在乎|委屈|后悔"
)
_TIME: Final = (
    "时[间候段辰刻]|钟头?|[上下中]午|[早晚]上|[白半]天|[今明后昨]天|周末?|季[节度]?|假期|节日|日子|工夫|功夫|阵子|会儿|"
    "年头|轮回|回合|场次|瞬间|空档|期限|倒计时"
)
_WORK: Final = (
    "工[序作夫程]|步[骤]?|环节|流程|程序|手续|任务|作业|功课|检[查测]|测[试评]|[试实]验|操作|动作|差事|活儿?|[早晚夜]班|[大小]?会|"
    "直播|准备|安排|考[验核]|[审抽]查|把关|服务|努力|付出|项目|关(?=$)"
)
#: Who is spoken of, not what is given.
_PEOPLE: Final = "姐妹|宝[宝子妈]|同[学事]|家人|粉丝|观众|[客用]户|顾客|师傅|老师|孩子|小朋友"
#: What is said behind the noun in the same clause: 事要讲, 问题没说.
_GOES_ON: Final = (
    r"(?:来|叫|就是|这|那|要|想|得|需|没|还|也|都|我|咱|你|您|大家|跟|和|给|请|值得|必须|忘|很|特别|比较|不|是|在|先|再|等|最|就|可以|能|顺便|提前|"
    r"一定|单独|说|讲|问|放|留|藏|写|看|听|值|供|可|任|随|到|才|快|马上|多|待|做|搞|办|交|解决|呢|吧|啊|哦|呀|啦|噢)[\u4e00-\u9fa5]*"
)
#: How goods end: 故事听书机 goes on behind 故事, and is a thing all the same.
_THING: Final = (
    "[杯勺碗盘碟锅壶铲筷叉刀袋包盒箱罐瓶架刷笔帽伞扇毯垫巾灯镜夹钩桶盆凳贴墨机器仪板卡纸册本书液膏霜膜皂乳露油粉片粒丸服衣裤裙鞋"
    "袜套环链绳带线头芯柜椅桌车球枕被席帘罩塞盖扣钉针表钟尺剪钳锁棒棍杆圈轮托座胶布棉镯坠珠饰券票具泵管炉窝粮砂梳簪茶酒米饼糕糖果"
    "筒砚墨印盂匣搁座肉菜花豆盐酱醋汤水奶蛋鱼虾枣菇丝浆蜜网囊]|点心|背心|小样|样品|玩偶|公仔|积木|饮料|咖啡|香薰|蜡烛|电池|挂件|配件|[一-龥]件套|"
    "手办|零食|钥匙|手链|精华|玉米|[徽勋]章|盆栽|赠品|同款|正装|旅行装|体验装|试用装"
)
_GOODS: Final = re.compile(f"(?:{_THING})$")
_NOUNS: Final = f"(?:{_MATTER}|{_SPEECH}|{_FEELING}|{_TIME}|{_WORK}|{_PEOPLE})"
_BARE: Final = headed(f"{_NOUNS}(?:[叫是][\u4e00-\u9fa5]*)?$")
_GOING_ON: Final = headed(f"{_NOUNS}{_GOES_ON}$")


def is_matter(thing: str) -> bool:
    """Tell whether what was counted is a matter, words, a feeling, a time or work: 事要讲, 心意, 步骤.

    The noun at the end decides, or the one before the clause goes on: 故事书 and 心意杯 are goods.
    """
    return _BARE.search(thing) is not None or (_GOING_ON.search(thing) is not None and not is_thing(thing))


def is_thing(thing: str) -> bool:
    """Tell whether a word ends as goods do: 帆布袋, 护手霜, 点心."""
    return _GOODS.search(thing) is not None
