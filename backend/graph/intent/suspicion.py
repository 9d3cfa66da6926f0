"""Orders to the writer hidden in data, told by signs that add up instead of by sentences.

A record may speak of an AI (the goods are one), may say 忽略 (a manual does) and may ask for secrecy (a remark to the
warehouse). What no record does in earnest is two of these at once: to call on whoever writes, to want a rule dropped,
something shown or something done that is not the writer's, and to claim rank over our orders or silence about itself.
"""

from dataclasses import dataclass
from typing import Final

from backend.quality.heads import headed

_MACHINE: Final = (
    r"(?:(?<![a-z])(?:ai|a\.i\.|llms?|chatgpt|gpt|copilot|agents?|bots?|assistants?)(?![a-z])|(?:the\s|language\s)?models?(?![a-z])|人工智能|(?:大)?(?:语言)?模型|智能体|智能助[手理]|(?:写稿|写作|文案|话术|ai|智能|运营)?助[手理]|"
    r"(?:自动|智能)?(?:写稿|撰稿|写话术|生成|文案|写作|话术)(?:生成)?(?:程序|系统|工具|器|引擎|机器人|模型|方|端|的)|(?:对话|客服|聊天|语音)(?:助手|机器人)|写(?:稿|词|文案|话术|脚本)的(?:那位|机器|朋友|老师|人|家伙|小编)?|写稿机器?|码字的|机器人(?:写手|主笔)?|(?<!填)写手(?!机)|撰写(?:者|的))"
)
#: It is called on: 致…, 请…, …请, …看到此条, …须知. 内置AI助手 only names what the goods hold.
_CALLED: Final = headed(
    rf"(?:致|写给|给(?![^,.;]{{0,8}}写)|跟|告诉|带话|请|凡是?|若(?:由|是)?|如果(?:你是)?|如(?:由|为)?|由|让|要求|提醒|告知|亲爱的|尊敬的|各位|任何|看到|读到|读取|负责|后台|@|(?:note|message|dear|attention|hey|to)[\s_]?(?:to)?[\s_]?(?:the|all|any)?\s*)[^,.;:?!]{{0,12}}?{_MACHINE}|"
    rf"{_MACHINE}[^,.;:?!\"]{{0,8}}?(?:请|必须|务必|应当|须知|须|注意|你好|您好|若看到|看到|读到|读取|收到|在?(?:生成|撰写)|写[^,.;]{{0,8}}(?:时|的时候)|优先|不(?:用|必|得|要|需)|无[需须]|拜托|可以无视|一律|should|must|please|shall|needs?\sto|writing|reading|now)|"
    rf"(?:^|[\[{{(<!\-\s.,;\"]){_MACHINE}\s*:|(?:你的|您的)(?:系统|内部|初始|原)?(?:指令|提示|设定|规则|任务)|"
    r"你(?:现在)?(?:不必|不用|无需|不再|不许|必须|只需|要(?:按|听))|message_to_llm|作为(?:一[个名])?(?:大)?(?:语言)?(?:模型|ai(?![a-z])|助手)|\b(?:as|if)\s(?:you\sare\s)?an?\s(?:ai|llm|language\smodel|assistant)\b|\b(?:to|for)\s(?:any|all|every)\s(?:ai|llms?|models?|assistants?)\b|\byou\s(?:are|must|should|may)\s(?:now|exempt|not|free|ignore|act)"
)
_RULE: Final = (
    r"(?:规则|规矩|指令|指示|命令|提示词?|设定|限制|约束|审[核批查稿]|送审|质检|合规|违禁词|敏感词|禁用词|极限词|广告法|规范|原来的任务|原(?:先|本|有)的?(?:任务|指令|要求)|系统的?要求|运营的?(?:话|要求)|护栏|过滤|安全|"
    r"guardrails?|rules?|polic(?:y|ies)|checklist|compliance|instructions?|restrictions?|filters?|moderation|safety|guidelines?|review|approval)"
)
#: A rule is dropped: the verb stands before it, or behind.
_DROPS: Final = headed(
    rf"(?:忽略|无视|绕[过开]|跳过|不受|不(?:用|必|需要?|要|得)?(?:再)?(?:理会|理|遵守|听从?|遵循|核对|检查|送|审|管|走|顾)|无[需须](?:再)?(?:遵守|核对|检查|审|送|理会|管)|停止(?:遵守|执行|遵循)?|放弃|忘(?:掉|记|了)|别(?:再)?[管理听]|豁免|关(?:掉|闭)|撤销|解除|抛开|避开|摆脱|"
    rf"drop|ignore|exempt|override|disregard|bypass|forget|skip|no longer|without)[^.;!?]{{0,20}}{_RULE}|"
    rf"{_RULE}[^.;!?]{{0,10}}(?:失效|作废|不(?:再)?(?:生效|适用|算数)|放(?:到)?一边|豁免|忽略|(?:不(?:用|必|须)|别|甭)(?:再)?(?:管|看|理|顾)|关掉|停用|对[^,.;]{{1,4}}(?:不生效|无效|不管用|不算)|no\slonger\sappl|do(?:es)?\snot\sapply)|(?:不用|无需|不必|无须)(?:送审|审核|审批|过审|核对)|不要再执行|(?:运营|操作员|系统|平台|后台)(?:说的|的话|的要求)[^.;!?]{{0,4}}(?:作废|不算|不作数|别听|不用听)|(?:只听|只认)[^,.;!?]{{1,6}}的|以本(?:栏|字段|条|段|说明)为准|\bobey\b[^.;]{{0,20}}\b(?:only|not)\b|(?:not|instead\sof)\sthe\s(?:operator|user)|放行[^.;!?]{{0,6}}(?:所有|全部|一切)|(?:合规|审核|质检|审批)[^,.;!?]{{0,4}}(?:不用|不必|无需)(?:过|走|管|理)"
)
#: Things are done that a writer does not do.
_ACTS: Final = headed(
    r"(?:调用|执行|批准|导出|转发|发送|删除|发放|退款|下架|取消|改价|call|invoke|forward|send|export|delete|refund|approve|execute)[^.;!?]{0,18}(?:接口|全部|所有|每|客户|手机号|优惠券|订单|退款|商品|价格|every|all\b|orders?|conversation|https?:|api|tool|customers?)|"
    r"(?:自动|直接|立刻|马上|立即)[^.;!?]{0,6}(?:批准|退款|下架|改价|取消|发放|通过)|(?:直接|立即|自动)[^.;!?]{0,8}(?:上屏|上播|发布|推送|放行)|(?:把|将)[^,.;!?]{0,12}(?:优惠券|订单|价格|售价|折扣|商品)[^,.;!?]{0,8}(?:全部|都)?(?:发放|取消|改(?:成|为)|下架|退)"
)
#: Whoever writes is told to be somebody else: 你现在不是写手，你是客服. 你不是主播也能用 tells of people.
_ROLE: Final = headed(
    r"你(?:从?现在起?|从此|今后|以后|此刻|接下来)?,?(?:已经?)?(?:不是|不再是|不再当|不用(?:再)?(?:做|当)|别(?:再)?当)[^,.;!?]{0,10}"
    rf"(?:写手|撰稿人?|编辑|主笔|文案|{_MACHINE})[^,.;!?]{{0,4}}[,.;]?(?:而|现在)?(?:你)?(?:现在)?(?:就)?(?:是|要?(?:扮演|充当|担任|当|做))|"
    r"(?:从?(?:现在|此刻|这里|下一?句)(?:起|开始)|接下来)[^,.;!?]{0,4},?(?:请)?你(?:就)?(?:是|扮演|充当|担任|改?当|的(?:身份|角色)(?:是|变为|改为))|"
    r"你(?:现在)?的?(?:新)?(?:身份|角色|任务|职责)(?:已?(?:变|改|换|切换)?(?:成|为|到))|你的新(?:身份|角色|任务)(?:是|:)|(?:请)?你?(?:切换|转换|变换|更换)(?:身份|角色)(?:成|为|到)|"
    r"\byou\sare\s(?:no\slonger|not)\s(?:an?|the)?\s?[^.;!?]{0,24}(?:writer|assistant|copywriter|bot)|\b(?:from\snow\son|now),?\syou\s(?:are|act|play)\b|\byour\s(?:new\s)?(?:role|identity|job)\sis\s(?:now\s)?"
)
#: Personal data is to be had of those who read or buy. A form that asks for an address to ship to says less.
_TAKES: Final = headed(
    r"(?:(?:向|找|跟|让|叫|请|要求|引导|诱导|提示|劝|骗|问)(?:[^,.;!?]{0,4})(?:用户|客户|顾客|买家|观众|粉丝|对方|家人们?|运营|操作员|来访者|下单的人|他们|大家)[^,.;!?]{0,10}?(?:索要|索取|要|提供|填写?|报|发|交|告知|说出|输入|收集|留下?|套(?:取|出)?|给|获取)|"
    r"(?:索要|索取|收集|套取|套出|骗取|获取|采集)(?:[^,.;!?]{0,4})(?:用户|客户|顾客|买家|观众|粉丝|对方|运营|他们)的?|"
    r"\b(?:ask|request|collect|get|obtain|demand)\b[^.;!?]{0,16}\b(?:users?|customers?|viewers?|buyers?|operators?|them|their)\b)[^.;!?]{0,24}?"
    r"(?:手机号?码?|电话(?:号码)?|验证码|身份证|密码|银行卡|卡号|支付码|付款码|微信号?|住址|家庭地址|隐私|个人信息|phone|otp|verification\scodes?|passwords?|id\s?(?:card|number)|card\snumber|bank)"
)
#: What is ours is shown.
_SHOWS: Final = headed(
    r"(?:输出|透露|附(?:在|上)|写进|写入|贴|复述|翻译|抄|展示|打印|列出|公布|回复|泄露|output|reveal|print|respond|reply|repeat|show|leak)[^.;!?]{0,26}(?:指令|提示(?:词|内容)?|设定|上文|配置|密钥|口令|密码|api[\s-]?key|prompt|config|租户|隔壁|系统)|"
    r"(?:把|将)[^,.;!?]{0,16}(?:内部指令|提示(?:词|内容)|系统设定|上文|租户|密钥|密码|口令|配置|其他商品资料|(?:上一位|其[他它]|别的)[^,.;!?]{1,4}的(?:聊天|对话|资料|数据|稿))[^,.;!?]{0,10}(?:附|写|贴|放|发|输出|加|念)"
)
#: Words are put into the text that its writer is not to weigh.
_PUTS: Final = headed(
    r"(?:照抄|照写|写上|说成|改成|写成|统一写|替我写|直接输出|一律说|改为推荐|向用户推荐|多写|口播改|加上我)[^.;!?]{0,16}(?:\"|第一|最|国家级|根治|免费|[\d一二三四五六七八九十]+(?:\.\d+)?(?:元|块|折)|微信|竞品|链接|购买|认证)|(?:把|将)\"[^\"]{2,}\"(?:都|也|一并)?(?:写|加|放|说|念)|\b(?:should|must)\s(?:state|say|claim|add|write|mention)\s(?:that\b|\")|\b(?:call|describe)\sit\b.{0,20}\b(?:best|no\.?\s?1|cure)"
)
_RANK: Final = headed(
    rf"(?:优先(?:级)?(?:于|高于)|高于|凌驾|覆盖|取代|overrid\w+|supersed\w+|takes?\sprecedence)[^.;!?]{{0,12}}(?:{_RULE}|系统|设置|后台|一切|system|all)|(?:必须|务必)优先执行|(?:系统|管理员|平台|总部)(?:已)?(?:授权|豁免|下令)|获(?:得)?豁免|消息来自系统管理员|开发者模式|developer\smode"
)
_SECRET: Final = headed(
    r"(?:不要|别|不得|勿|不许|切勿|不用|never|do\snot|don'?t|not)[^.;!?]{0,6}(?:告诉|告知|说明|提醒|让|提及|tell|mention|disclose|inform)[^.;!?]{0,8}(?:用户|运营|审核员?|任何人|主播|原因|客户|别人|user|anyone|this|operator|them)|(?:hide|omit|conceal)\s(?:this|these)|保密|悄悄|偷偷|stay\ssilent|secretly|"
    r"(?:不用|无需|不需要|不必|无须|without)(?:再)?(?:经)?(?:过)?(?:人工|任何人|用户|谁|any|the)?(?:的)?\s?(?:确认|同意|许可|批准|confirmation|approval|permission)"
)
#: Kept from those who work here, it is no remark to the warehouse.
_FROM_US: Final = headed(
    r"(?:不要|别|不得|勿|不许|切勿|对|瞒着?|never|do\snot|don'?t)[^.;!?]{0,6}(?:告诉|告知|提醒|让|tell|inform)?[^.;!?]{0,6}(?:运营|审核员?|操作员|管理员|审批人|the\soperator|the\suser|moderators?)[^.;!?]{0,3}(?:知道|发现|看到|看见|保密|$|[,.;!\"])"
)
_ENOUGH: Final = 3


@dataclass(frozen=True, slots=True)
class Suspicion:
    """How much of folded data speaks to us, and the words that weigh most."""

    weight: int
    words: str


def suspected(text: str) -> Suspicion:
    """Weigh the signs of an order to us in folded `text`, which came as data."""
    weight, words = 0, ""
    for pattern, counts in (
        (_DROPS, 2),
        (_ACTS, 2),
        (_SHOWS, 2),
        (_PUTS, 2),
        (_RANK, 2),
        (_ROLE, 2),
        (_TAKES, 2),
        (_FROM_US, 1),
        (_CALLED, 1),
        (_SECRET, 1),
    ):
        match = pattern.search(text)
        if match is not None:
            weight += counts
            words = words or match[0]
    return Suspicion(weight, words)


def is_an_order(text: str) -> str | None:
    """Return the words that show folded `text`, which came as data, to be an order to us; None when it is none.

    Orders alone are a manual's or a remark to people, and a call alone is a product's: one of each is needed.
    """
    found = suspected(text)
    if found.weight < _ENOUGH:
        return None
    called = _CALLED.search(text) is not None or _ROLE.search(text) is not None
    if not called and not (_SECRET.search(text) and (_DROPS.search(text) or _SHOWS.search(text) or _ACTS.search(text))):
        return found.words if _RANK.search(text) and _DROPS.search(text) else None
    return found.words
