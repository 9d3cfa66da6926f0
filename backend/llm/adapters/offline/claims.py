"""Words that a record may hold but that the writer does not take over on its own.

This is the writer's own restraint, not the judgement: the quality room checks every script against the full rules.
"""

import re
from typing import Final

_RISKY: Final = re.compile(
    r"最(?!近|后|初|终|晚|早|多|少|大|小|长|高|低)|最(?:高级|高端|大牌|低价)|第一(?!次|步|时间|批|天|口|眼)|唯一|独一无二|绝无仅有|独家|首创|首款"
    r"|顶级|顶尖|极品|极致|至尊|完美|无敌|天花板|国家级|世界级|全球级|领先|殿堂|史诗|王者|之王|冠军|销冠|百分之百|百分百|100\s*[%％]"
    r"|绝对|永久|永不|万能|彻底|保证|包治|根治|治疗|治愈|疗效|药效|药用|医用|消炎|抗炎|杀菌|抗菌|抗敏|过敏|止痒|止痛|排毒|祛湿|祛斑|祛痘|淡斑"
    r"|减肥|瘦身|燃脂|丰胸|增高|免疫力|抵抗力|血糖|血压|血脂|养胃|护肝|补肾|美容养颜|抗衰|逆龄|冻龄|立竿见影|见效|速效|无效退|零风险|无副作用"
    r"|纯天然|零添加|0添加|无添加|无甲醛|零甲醛|全网|史上|地板价|底价|白菜价|跳楼|清仓|亏本|秒杀|疯抢|抢疯|手慢无|断货|爆卖|卖爆|特供|军工|航天"
    r"|国家免检|驰名商标|专利|明星同款|医生推荐|专家推荐|零差评|好评率|复购率|销量|已售|热销|月销|万人|加微信|微信|二维码|原价|专柜价|吊牌价|市场价"
    r"|比[^，。]{0,4}药|招财|辟邪|开光|转运|保值|升值|稳赚|不退不换|假一赔|终身"
)


def risky(text: str) -> bool:
    """Say whether a host should not take this over from a record unasked."""
    return bool(_RISKY.search(text))
