"""Which lines may be said for a sheet, filled in and in an order of preference."""

import random
import re
from collections.abc import Mapping
from typing import Final

from backend.llm.adapters.offline.phrases import Line, script_lines
from backend.llm.adapters.offline.sheet import LOUD, MOURNING, Point, Sheet, said_money
from backend.llm.adapters.offline.speech import breathe, sentences, spoken_length

_VALUE: Final = re.compile(r"\{(\w+)\}")
#: Words by which a line shows that it speaks of a topic that the reviewer wants left out.
_TOPIC_WORDS: Final = {
    "price": re.compile("价|元|钱|账|预算|划算|值不值|\\{price\\}"),
    "gift": re.compile("随单|一起发|一起到家"),
    "stock": re.compile("库存|后台"),
    "ask": re.compile("公屏|打出来|扣个|打个|告诉我|跟我说说"),
    "brand": re.compile("牌子|品牌"),
    "greet": re.compile("我是|欢迎"),
    "thanks": re.compile("谢谢"),
    "fit": re.compile("适合谁|哪些朋友"),
    "pain": re.compile("踩坑|买错"),
}
#: What is said of a thing that comes in a box, and is nonsense for a treatment, a course or a policy.
_OF_THINGS: Final = re.compile(
    "东西|小时候，家里|带回家|带它回家|新家|搬家|抽屉|屋里|家里的?还有|手底下|摆近|发货|色差|压着|一样东西|用完|试一样|要拿什么|快递|推销|拿到手|收到|包装|规格|放在哪|放在那|快递|实物|镜头|拆|包裹|详情图|到手|用料|做工|多囤|囤|拿近|手上|随单|送人|"
    "容量|尺寸|洗起来|换得勤|数量|用得完|送礼|给家里人买|手边|地址|正好缺|用到它|放着|一个都不落下"
)
_SERVICE: Final = re.compile(
    "医美|美容项目|针$|手术|植发|种植牙|矫正|课|培训|考研|保险|重疾险|车险|理财|基金|贷款|门票|套餐券|团购券|代金券|会员|旅游|旅行团|酒店|民宿|机票|体检|服务|咨询|"
    "家教|训练营|陪跑|家政|保洁|维修|安装费|清洗服务|搬家|写真|跟拍|婚礼|婚庆|月嫂|护理项目|按摩|推拿|理疗|美发|理发|染发服务|洗车|保养服务|[年月季次]卡|"
    "软件|账号|订阅|演出|电影票|剧场|签证|装修|代驾|托管|寄养|上门|体验券|兑换券|门店券|健身房|私教|演唱会|展览"
)
#: Where the trade is a service, whatever the thing is called.
_OF_SERVICE: Final = re.compile("服务|课程|教育|培训|旅游|出行|票务|本地生活|保险|金融|医疗美容|摄影|家政|演出|会员")
#: What has no place where somebody is mourned: jokes, wishes, games, gifts.
_LIGHT: Final = re.compile(
    "！|开心|心动|逛|捧场|相声|热闹|惊喜|期待|送人|送礼|囤|带回家|新家|家人们|宝子|抢|打卡|下班|猜|赌|懒人|抽屉|钱包|网购|拆|想要|喜欢|举个手|扣个|打个|晚饭|"
    "吃饭|吃过|周末|快递|试一样|耳朵|歇|口味|图个|图的|几口人|缺|急性子|退货|新来的|考你|做个小|给自己|逗|好玩|划走|合适再|听个|家里添|用得上|顺手|同感|听懂的|捡|搬家|"
    "划算|值不值|买东西|选东西|挑东西|怕买错|单手|将就|留一样|钱花|三个字|讲究|不爱听|好不好|主播|"
    "{gain}|纠结|换的|点头|就买吗|看花|花了眼|合算|换个东西|日子里|用起来|做到|逛逛|捧"
)


#: 孩子闹情绪也有时间缓一缓, 回家慢慢挑: what happens then; nobody says 想要…的 of it.
_NO_GAIN: Final = re.compile(
    "，|也|就|^(?:孩子|宝宝|老人|回家|到家|到手|路上|半夜|平时|以后|收到|早上|晚上|周末|出门|玩完|用完|洗完|脏了|坏了|没电)"
)


def is_gain(benefit: str) -> bool:
    """Tell whether a benefit can be what somebody wants (想要不卡手的), and is no sentence about what happens then."""
    return bool(benefit) and _NO_GAIN.search(benefit) is None


class Lines:
    """The lines of one script. A line that was taken is not offered again."""

    def __init__(self, sheet: Sheet, rng: random.Random) -> None:
        self._sheet = sheet
        self._service = bool(_SERVICE.search(sheet.name) or _OF_SERVICE.search(sheet.category))
        self._mourning = sheet.kind is not None and sheet.kind.noun == MOURNING
        self._rng = rng
        self._taken: set[str] = set()
        self._template: dict[str, str] = {}
        self._used: set[str] = set()
        self._stale: set[str] = set()
        self._in_style: set[str] = set()
        self._address = next(iter(self._rng.sample(sheet.address, len(sheet.address))), "大家")
        if any(term in self._address for term in sheet.unsay):
            self._address = "大家"
        self._values: dict[str, str] = {
            key: value
            for key, value in {
                "name": sheet.name, "call": sheet.call, "short": sheet.short, "brand": sheet.brand,
                "host": sheet.host, "addr": self._address, "unit": sheet.unit,
                "who": "、".join(sheet.audience[:_CALLED]),
            }.items()
            if value
        }  # fmt: skip
        if sheet.price is not None:
            self._values["price"] = said_money(sheet.price)
            if sheet.list_price is not None:
                self._values |= {
                    "list": said_money(sheet.list_price),
                    "save": said_money(sheet.list_price - sheet.price),
                }
            if sheet.unit:
                self._values["double"] = said_money(dict(sheet.ladder).get(2, sheet.price * 2))
        if sheet.each is not None:
            self._values |= {"counter": sheet.each[0], "each": sheet.each[1]}
        # What bothers people and where they use such a thing: common knowledge of the category, different each time.
        for key, known in (("pain", sheet.pains), ("scene", sheet.scenes)) if not self._mourning else ():
            fresh = [one for one in known if one not in sheet.heard] or list(known)
            for place, one in enumerate(rng.sample(fresh, len(fresh))[:2]):
                self._values[f"{key}{place + 1 if place else ''}"] = one
        if sheet.stock is not None:
            self._values["stock"] = str(sheet.stock)
            self._values.setdefault("unit", "件")

    def of(self, slot: str, more: Mapping[str, str] | None = None) -> list[str]:
        """Return the filled lines of a slot, the preferred first: by style, fitting the kind, new to the listener."""
        sheet = self._sheet
        own = sheet.kind.lines.get(slot, []) if sheet.kind and slot in _OF_THE_KIND else []
        known = script_lines()
        special = known.get(f"{slot}.{sheet.scenario}")
        if sheet.scenario == "promotion" and sheet.price is None and slot in {"hook", "intro"}:
            special = None  # They promise a price that nobody knows.
        general = special or known.get(slot, [])
        if slot == "use" and sheet.kind:
            general = known["use.scene"]  # Scenes that suit anything suit nothing in particular.
        if slot == "hook" and special:
            own = []
        ranked: list[tuple[float, str]] = []
        for line, bonus in [*((one, 0.2) for one in own), *((one, 1.0) for one in general)]:
            said, heard = self._unheard(line, more)
            if said is None:
                continue
            # Where a manner is asked for its own lines come first: of thirty others one would always be before them.
            weight = self._rng.random() * bonus * (_OWN_MANNER if line.styles else 1.0)
            if line.styles:
                self._in_style.add(said)
            self._template[said] = line.text
            if heard:
                self._stale.add(said)
            ranked.append((weight + (5.0 if heard else 0.0), said))
        ranked.sort()
        return [said for _, said in ranked]

    def _unheard(self, line: Line, more: Mapping[str, str] | None) -> tuple[str | None, bool]:
        """Return a form of the line, if possible not heard yet, and whether it was."""
        said, heard = None, True
        for _ in range(_TRIES if "<" in line.text else 1):
            form = line.form(self._rng)
            filled = self._fill(line, form, more)
            if filled is not None:
                said, heard = filled, self._heard(form, filled)
                if not heard:
                    break
        return said, heard

    def take(self, said: str) -> None:
        self._taken.add(said)
        self._used.add(self._template.get(said, said))

    def in_style(self, said: str) -> bool:
        """Tell whether a line is one of the manner that was asked for."""
        return any(said.endswith(one) for one in self._in_style)

    def fresh(self, options: list[str]) -> list[str]:
        """Return what the listeners have not heard, or all of it when they have heard everything."""
        return [said for said in options if said not in self._stale] or options

    def untaken(self, options: list[str]) -> list[str]:
        """Return what was not said yet; turns of phrase that were used already come last."""
        fresh = [said for said in options if said not in self._taken]
        return sorted(fresh, key=lambda said: self._template.get(said, said) in self._used)

    def point(self, point: Point, *, place: int, assumed: bool) -> list[str]:
        """Return ways to say a point, the preferred first."""
        values = {"feature": point.feature, "benefit": point.benefit}
        # Turns of phrase that a whole sentence does not fit into.
        if point.feature and "，" not in point.feature and spoken_length(point.feature) <= _TRAIT:
            values["trait"] = point.feature
        if is_gain(point.benefit) and spoken_length(point.benefit) <= _GAIN:
            values["gain"] = point.benefit
        if assumed:
            slot = "assumed" if point.feature and point.benefit else "assumed.bare"
        elif point.feature and point.benefit:
            slot = "point"
        else:
            slot = "point.bare" if point.feature else "point.only_benefit"
        known = {key: value for key, value in values.items() if value}
        said = self.of(slot, known)
        if self._sheet.target < _TERSE and slot == "point":
            said += self.of("point.bare", known)
        unfit = _FOR_LATER if place == 0 else _FOR_THE_FIRST
        return [one for one in said if not one.startswith(unfit)] or said

    def plain(self, text: str) -> str:
        """Return given words as a sentence of their own, unchanged."""
        return text if text[-1] in "。！？!?" else f"{text}。"

    def allowed(self, text: str) -> bool:
        return not any(term in text for term in self._sheet.unsay) and not any(
            topic in self._sheet.drop and words.search(text) for topic, words in _TOPIC_WORDS.items()
        )

    def _fill(self, line: Line, form: str, more: Mapping[str, str] | None) -> str | None:
        styles = self._sheet.styles
        terse = self._sheet.target < _TERSE and "简洁" in line.styles
        if line.styles and not line.styles.intersection(styles) and not terse:
            return None
        if self._service and _OF_THINGS.search(form):
            return None
        if self._mourning and (_LIGHT.search(form) or line.styles & LOUD):
            return None
        values = {**self._values, **more} if more else self._values
        keys = _VALUE.findall(form)
        if any(key not in values for key in keys):
            return None
        # The record's own words are judged too: 别提价格 also drops a point that speaks of the price.
        said = _VALUE.sub(lambda hit: values[hit[1]], form)
        if not self.allowed(_VALUE.sub(lambda hit: (more or {}).get(hit[1], ""), form)) or (
            self._sheet.unsay and any(term in said for term in self._sheet.unsay)
        ):
            return None
        return self._finish(said)

    def _finish(self, said: str) -> str:
        sheet = self._sheet
        keep = (sheet.name, *sheet.say, *sheet.required)
        spoken = "".join(breathe(one, keep) for one in sentences(said))
        calm = {"专业", "温柔"}.intersection(sheet.styles)
        return spoken.replace("！", "。") if calm and "活泼" not in sheet.styles else spoken

    def _heard(self, form: str, said: str) -> bool:
        heard = self._sheet.heard
        if not heard:
            return False
        fixed = max(_VALUE.split(form), key=len)
        return said in heard or (len(fixed) >= 5 and fixed.strip("，。！？") in heard)


#: Spoken characters below which the short lines fit every style.
_TERSE: Final = 80
#: Spoken characters up to which a feature or a benefit goes into the middle of a sentence.
_TRAIT: Final = 12
_GAIN: Final = 13
_TRIES: Final = 4
#: So many kinds of people one sentence calls.
_CALLED: Final = 2
_OWN_MANNER: Final = 0.12
_FOR_THE_FIRST: Final = ("先", "看这里看这里")
_FOR_LATER: Final = ("再", "还", "接着", "另外", "补充")
_OF_THE_KIND: Final = frozenset({"hook", "pain", "use", "choose", "ask", "fit", "trust", "fill", "greet", "cta"})
