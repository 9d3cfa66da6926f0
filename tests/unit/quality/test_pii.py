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


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("person_name", "收货人写的是：郑晓棠，改成他妈妈"),
        ("person_name", "签收人叫陆一鸣"),
        ("person_name", "consignee: 王丽君, tel 021-6234 5678 转 12"),
        ("person_name", '{"recipient":"赵一凡","city":"杭州"}'),
        ("person_name", "contact=欧阳娜娜&x=1"),
        ("person_name", "机主姓名登记的是方大同，你查下"),
        ("email", "邮箱 lily.wang at outlook.com 别发错"),
        ("email", "mail: zhang san 艾特 qq 点 com"),
        ("email", "我的邮箱是zhangsan艾特qq点com"),
        ("email", "邮箱lisi_88小老鼠163.com"),
        ("email", "ceshi(at)126(dot)com"),
        ("cn_mobile", "电话前面是139，中间5521，尾号0087"),
        ("cn_mobile", "我手机开头158，然后是2234，最后四位是9981"),
        ("cn_landline", "电话0571，8765 4321"),
        ("cn_landline", "座机 (0755) 2683 9047"),
        ("address", "我在广州天河区体育西路，维多利广场A座，二十三楼2305室"),
        ("address", "家住金色花园12栋3单元502"),
        ("address", "住翡翠湾三号楼一单元一零一"),
        ("address", "阳光小区6号楼2单元301室"),
        ("address", "成都市武侯区人民南路四段，9号院，3栋2单元1203"),
        ("address", "杭州西湖区文三路 398号 东信大厦 5楼"),
        ("passport", "护照 G 1234 5678"),
        ("passport", "港澳通行证 C 1234 5678 9"),
        ("secret", "一次性密码：559201"),
        ("otp", "您的登录码是 8842 11"),
        ("otp", "login code: 118822"),
        ("secret", "postgres://admin:Hunter2x@10.1.2.3/db"),
        ("cn_mobile", "+852 9123 4567"),
        ("cn_mobile", "打+1 415-555-0123"),
        ("secret", "xoxb-123456789012-abcdefghij"),
        ("person_name", "真名张伟，别叫艺名"),
        ("cn_id_card", "证件号一一零一零五，一九四九一二三一，零零二X，我爸的"),
        ("cn_id_card", "身份证前六位110105，生日19491231，后四位002X"),
        ("bank_card", "卡号分两段发你，41111111，后半段11111111"),
        ("bank_card", "pan 4111.1111.1111.1111 declined by card issuer"),
        ("qq", "扣扣号幺零四六，二九五，三八七"),
        ("cn_mobile", "我报一下哈，幺三九，两七零六，五五幺四"),
        ("cn_landline", "我家电话区号零二八，号码八五三一六零四七"),
        ("cn_landline", '{"home_tel": "+86-755-26417083"}'),
        ("wechat_id", "vx同号不行，得搜 Chenmo_dd1126 才能找到我"),
        ("wechat_id", "威信 d x y - 8 8 4 1 0"),
        ("cn_plate", "车主：粤 B - 5X2Q9，白色轿车"),
        ("secret", "密码 Hx#9taoRou2026，进去先改掉"),
        ("secret", "开机密码我设的是：xiaoyu0311Kk"),
        ("email", "GET /unsubscribe?m=fangzhiwei%40sina.com&cid=77"),
        ("passport", "港澳通行证，号码CB6201839"),
        ("passport", "台胞证号码零四七二九一六三"),
        ("passport", "香港身份证 K582714(0)，清关用"),
        ("address", "成都市武侯区，棕树南街，二十九号院，五栋三单元，六零二"),
        ("address", '"detailAddress":"锦晖西二街57号锦绣苑4栋1单元903"'),
        ("address", "Room 1205, Building 8, Lane 366 Huashan Road, Shanghai"),
        ("person_name", "Consignee: Zhang Meiling / Item: pajamas"),
        ("person_name", "收件人姓苗，名字叫嘉懿，两个字"),
        ("person_name", "收货人,件数\n蒋文彬,2"),
    ],
)
def test_what_is_dictated_told_in_parts_or_logged_is_found(kind: str, text: str) -> None:
    """Each line holds one piece of it that nothing else gives away."""
    hit = find_pii(text)[0]
    assert hit.type == kind
    assert text[slice(*hit.span)] not in mask_pii(text)


@pytest.mark.parametrize(
    "text",
    [
        "look at taobao.com for more",
        "meet me at 163 dot",
        "我在看 jd.com 的价格",
        "点com是什么",
        "收货人写清楚",
        "收件人登记的是哪个城市",
        "签收人写的是本人吗",
        "联系人写的是同一个",
        "contact: 客服",
        "customer: 新客户",
        "customer=普通用户",
        "product_name=金典牛奶",
        "buyer: 全部",
        "前三位下单的，中间1000件，后面2000件",
        "电话前面排队的有139人，中间1200，尾货3400",
        "号码牌前面的139位，中间2026，最后2027",
        "满2000减200，满3000减300",
        "护照夹 E 系列 2026 8888 9999",
        "尺寸：0371,2234 5678毫米",
        "花园12栋别墅",
        "三号楼一楼有超市",
        "小区2号楼楼下自提",
        "阳光小区6号楼有100户",
        "幸福小区六号楼三百户都在用",
        "万科城3号楼卖出301套",
        "取件码 8-2-1103",
        "优惠码: 884211",
        "兑换码 482913 是福利",
        "code: SAVE20",
        "+10 积分 20 30 40 50 60",
        "+1 12345678件",
        "今天+2000000",
        "温度 +25 30 40",
        "http://user.example.com:8000/@handle",
        "https://a.com:443/x@y",
        "A座很好坐",
        "路边3号摊位",
        "朝阳区有一条路，3号门口集合",
        "合肥市的路，十个人里有九个走过",
        "我们在义乌市的小商品城，两个人卖了十万单",
        "苏州市园区里，一单元测验",
        "联系电话前先看说明书，先158元拍下，再补2000定金，最后3000尾款",
        "姓名叫什么都行，抬头写公司全称",
        "法人独资企业",
        "车主福利",
        "房东直租",
        "户主题活动",
        "机主板维修",
        "收款人工审核",
        "卡号位数不对，6222，0212，共8位",
        "电话前面排1526人，中间033，最后9174",
        "扣扣号的活动，满104，减29，再减5",
        "产品,件数\n金典牛奶,2",
        "商品,客户评价\n金典牛奶,高兴",
        "Consignee: to be confirmed",
        "room 5, floor 3 of the main building",
        "密码锁三代：支持指纹",
        "口令红包：发财2026",
        "区号三一二的县",
        "打电话来订的：138，再1234，后5678件",
    ],
)
def test_what_sounds_like_it_stays(text: str) -> None:
    assert mask_pii(text) == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("cn_mobile", "13❤️5🌸7712🌸0846 主播回我"),
        ("cn_mobile", "前面187，后面26540913，拼起来就是我"),
        ("cn_mobile", "尾号是6629，前面是1350571，麻烦查一下"),
        ("cn_mobile", "电话我说慢点，幺三六，嗯，七七八零，嗯，二一四五"),
        ("cn_mobile", "我133那个号，后八位20417765"),
        ("cn_mobile", "我的是13477O2l56O"),
        ("cn_mobile", "手机号是一百三十九 二零四五 六六一八"),
        ("cn_mobile", "找我老婆吧零八六幺五九二六六四三七零八"),
        ("cn_mobile", "直接call one three six 2204 8817"),
        ("cn_mobile", "135~4471~9026 预留的"),
        ("cn_mobile", "一七六。三三二零。九九四一"),
        ("cn_mobile", "𝟭𝟱𝟵𝟬𝟬𝟭𝟮𝟳𝟳𝟴𝟵"),
        ("cn_mobile", "要三八零五七幺二二九六，语音转的"),
        ("cn_mobile", "台湾的朋友帮收，0912-345-678"),
        ("cn_landline", "单位电话8832 1190，上班时间打"),
        ("bank_card", "存折账号605320021201457781，邮储的"),
        ("bank_card", "银行卡前四位6217，中间0013 4500，后面0772 619"),
        ("cn_id_card", "身份证尾号就是2013，前面33010619920815"),
        ("wechat_id", "薇芯ttjj8899"),
        ("wechat_id", "VX➡️lanlan-shop01"),
        ("wechat_id", "微.信.kk_7788_ll"),
        ("wechat_id", "w x love0824xy"),
        ("wechat_id", "绿色软件搜ningning0901"),
        ("wechat_id", "想要图的加我，mengmeng2233"),
        ("wechat_id", "微信我用拼音，chenxiaomei，后面1988"),
        ("qq", "扣2887134406，发文件用"),
        ("qq", "加Q1 0 8 8 2 3 6 7 1"),
        ("email", "发票发lihua#qq.com，把井号换成艾特"),
        ("email", "kefu 2024 @ shop.com.cn"),
        ("cn_plate", "车牌号川A，G8827"),
        ("cn_plate", "车牌念给你听，川A，后面是9、H、3、T、6"),
        ("cn_plate", "白色朗逸，苏A 9K·3T8"),
        ("address", "我住3栋2单元1502"),
        ("address", "送到师大南校区梅园4舍317，快递放楼下"),
        ("address", "放滨江国际A座2206前台"),
        ("address", "寄我老家贵州省毕节市大方县对江镇大山村岩脚组"),
        ("address", "地址万科城四期 12-3-1704"),
        ("address", "麻烦送人民医院住院部11楼38床"),
        ("address", "地址写光明小学家属院2排5号"),
        ("address", '{"addr":"体育东路112号6楼"}'),
        ("address", "门牌号1702"),
        ("person_name", "本人陆子昂同意退款"),
        ("person_name", "联系人：阿依古丽·买买提"),
        ("person_name", "我是方晓彤，昨天拍了两单"),
        ("person_name", "寄给我妈妈胡秀兰"),
        ("person_name", "我老公叫邱大伟，他去取"),
        ("person_name", "收货姓名改成尉迟敏"),
        ("person_name", "快递写郝梦洁收"),
        ("person_name", "name: Li Xiaoming, size L"),
        ("person_name", "我姓梁，单名一个栋"),
        ("person_name", "杜飞18233016475"),
        ("passport", "外国人居留证FRA110082345"),
        ("personal_no", "社保号1108223341，领补贴"),
        ("personal_no", "我的工号是HR20931，内购"),
        ("birth_date", "出生日期1993年11月2日，会员登记"),
        ("position", "定位30.274150,120.155151"),
        ("device_id", "手机串号861889943012157"),
        ("otp", "402917 是验证码"),
        ("secret", "支付密码778899，你帮我下单"),
        ("order_no", "订单4082 1177 3306 5521没动"),
        ("tracking_no", "极兔JT5123456789012签收了吗"),
        ("cn_mobile", "一定打150****2231这个！中间是6680"),
        ("bank_card", "转到 6228-4800-3812-2177-715 农业银行"),
        ("wechat_id", "可以V我nana_0518"),
        ("wechat_id", "加我vx详聊chuchu2046"),
        ("qq", "Q➕2776188390"),
        ("email", "发lee.kk(艾特)qq(点)com"),
        ("address", "新家融创壹号院 9-1-2602，旧的不要了"),
        ("address", "五里墩新村14幢乙单元403"),
        ("person_name", "寄陕西省渭南市临渭区双王办八里店村三组 刘军民"),
        ("person_name", "中国银行 6222021001123456780 谭咏梅"),
        ("person_name", "投诉人：范志毅，单子一直没处理"),
        ("person_name", "顾客胡一菲要求换货"),
        ("passport", "港澳证C12345678"),
        ("secret", "我家wifi密码lili2018"),
    ],
)
def test_what_is_typed_in_other_ways_is_found(kind: str, text: str) -> None:
    """Each line holds one piece of it in a way that hides it, or that nobody's form asks for."""
    hits = [hit for hit in find_pii(text) if hit.type == kind]
    assert hits
    assert all(text[slice(*hit.span)] not in mask_pii(text) for hit in hits)


@pytest.mark.parametrize(
    "text",
    [
        "我一床一床换给你们看",
        "想在冰箱里放几罐的朋友，二号链接",
        "寄来一条棉里的纱布浴巾，六层",
        "门店在金色家园3栋2楼，欢迎来逛",
        "线下店在南京东路99号2楼",
        "产地是云南勐海县布朗山乡老班章村三组",
        "我是黄黑皮，昨天拍了",
        "我是方圆脸，能退货吗",
        "我是老师，快递到了",
        "公屏扣666666",
        "扣1234567的宝宝看到了",
        "加微波炉两分钟就好",
        "尺寸 w x height x depth",
        "客服电话88321190",
        "生日当月下单送小礼物",
        "工号牌挂绳2块一根",
        "密码锁6位，初始000000",
        "取件码8-2-1103在驿站",
        "专柜地址：步行街88号",
        "品牌生日2016-03-12那天",
        "name: Golden Milk, size L",
        "给大家老师一样的价",
        "色号138、139、150、151都补了",
        "今天13点50分、17点20分各一场",
        "13:00-14:00、15:00-16:00两场",
        "授课的是陈砚老师，教龄十一年",
        "商场B座3楼301号铺",
        "顾客高兴地要求再来一个",
        "V我50，疯狂星期四",
        "可以vx支付吗，iphone15也行",
        "改成顺丰发行不行",
        "我妈叫我少买点，忍不住",
        "3-2-1上车，123走你",
    ],
)
def test_what_looks_like_it_in_a_shop_stays(text: str) -> None:
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
    [
        "1",
        "a",
        "a.",
        "13800138000",
        "eyJ",
        "eyJa-",
        "token",
        "王小明，13800138000 ",
        "a@b.com ",
        "市区路",
        "微信 ",
        "12 ",
        "0571-",
        "1❤️",
        "3栋2单元",
        "one ",
        "村组",
        "地址1-",
    ],
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


@pytest.mark.parametrize(
    ("line", "leaks"),
    [
        ("收貨地址：廈門市思明區湖濱南路211號之三401，麻煩週末再送", "211號之三401"),
        ("收件人：劉建國 新北市板橋區文化路一段188號5樓", "劉建國"),
        ("沈阳铁西区兴工南街五十六号2-7-1，奖品是500克那袋", "2-7-1"),
        ("天津河西区大沽南路776号澜庭6门1803，拍的是2件89那个", "6门1803"),
    ],
)
def test_parts_of_houses_and_traditional_characters_are_addresses_too(line: str, leaks: str) -> None:
    assert leaks not in mask_pii(line)


@pytest.mark.parametrize(
    "line",
    ["直播間見，現貨1200件，拍兩件減10塊", "杭州市西湖区的朋友，3-5天发货", "3门2-1，今天这场球", "之三：第401页"],
)
def test_what_only_looks_like_part_of_a_house_stays(line: str) -> None:
    assert mask_pii(line) == line
