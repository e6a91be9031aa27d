#!/usr/bin/env python3
"""Write the sample property's files (``data/*.csv``).

Deterministic: the same program writes the same bytes. Nobody in the files exists: personal names are drawn
from lists, company names are made of three rare characters, phone numbers stand in a range that is not given
to people (172), e-mail addresses stand under example.com, example.org and example.net (RFC 2606).

All dates are relative to the month in ``AS_OF``; the loader in ``addons/pm_demo`` moves them by whole months so
that the property is always as fresh as on the day the files were written.

    python3 data/tools/generate.py            # writes into data/
"""

import csv
import io
import random
import sys
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

AS_OF = date(2026, 11, 1)  # also written to as_of.txt, from which the loader counts
PROPERTY = "HY"
HERE = Path(__file__).resolve().parent.parent
RNG = random.Random(6009)

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹"
GIVEN_1 = "伟敏静丽强磊洋艳勇杰娟涛超霞平刚桂芳燕玲红军波辉建晓思雨嘉文志海宇明子一佳俊雅欣梓若书诗景云舒安亦清"
GIVEN_2 = "华英兰玉萍民健宁琳琪轩涵怡妍辰宸睿昊博宏毅恒源泽洲航帆川岩峰岚岳岑菲菁蕾薇楠桐彤萱瑶琦琛瑾瑜璇"
RARE_1 = "澜砚屿蔚槿珩岫筠澈霁翊湉昀璟煦栎沅朔稷垚"
RARE_2 = "禾舟禹衡沐棠溯芃徽珞榆弈淳岱穗锦曜澄璞棣"
RARE_3 = "汀陌邈翎钧鹭嵘翙黎尧笙漪杉蘅奕瀚晏昕荟晟"
TRADES = [
    "科技",
    "信息技术",
    "供应链管理",
    "文化传播",
    "建筑设计",
    "电子商务",
    "投资咨询",
    "教育科技",
    "生物科技",
    "国际货运代理",
    "人力资源",
    "知识产权代理",
    "会计师事务所",
    "智能装备",
    "新能源",
    "软件",
]
SHOP_KINDS = [
    "茶饮",
    "咖啡",
    "便利店",
    "药房",
    "花店",
    "书店",
    "面馆",
    "烘焙",
    "眼镜",
    "打印社",
    "美发",
    "干洗",
    "健身",
    "火锅",
    "水果",
    "母婴",
    "数码",
    "宠物生活",
    "轻食",
    "足浴",
]

PROFILE = {
    "总建筑面积": "52360.00",
    "占地面积": "8620.00",
    "容积率": "4.87",
    "绿化率": "30%",
    "园林面积": "1850.00",
    "水景面积": "120.00",
    "会所面积": "460.00",
    "竣工日期": "2021-03-31",
    "入伙日期": "2021-06-01",
    "设计单位": "深圳示例建筑设计院",
    "销售代理": "深圳示例地产顾问有限公司",
    "出入口数": 5,
    "电梯数": 8,
    "地下车位": 134,
    "地面车位": 12,
    "水箱数": 4,
    "垃圾站数": 1,
    "化粪池数": 3,
    "中水": "是",
    "燃气": "市政",
    "供暖": "无",
}
FACILITIES = [
    ("供水总闸", "市政进水总阀", "B1水泵房北墙", "P", 2, "个"),
    ("供水总闸", "A座供水立管总阀", "A座B1管井", "A", 1, "个"),
    ("供水总闸", "B座供水立管总阀", "B座B1管井", "B", 1, "个"),
    ("供气总闸", "燃气调压箱总阀", "首层东侧绿化带", "", 1, "个"),
    ("供电总闸", "低压配电总柜", "B1配电房", "P", 2, "面"),
    ("供电总闸", "A座楼层配电箱", "A座各层强电井", "A", 24, "个"),
    ("水泵", "生活水泵", "B1水泵房", "P", 4, "台"),
    ("水泵", "消防水泵", "B2消防泵房", "P", 2, "台"),
    ("电梯", "A座客梯", "A座核心筒", "A", 4, "台"),
    ("电梯", "B座客梯", "B座核心筒", "B", 3, "台"),
    ("电梯", "货梯", "裙楼北侧", "", 1, "台"),
    ("消火栓", "室内消火栓", "各层走道", "", 186, "个"),
    ("消火栓", "室外消火栓", "大厦四周道路", "", 6, "个"),
    ("路灯", "庭院灯", "首层园林", "", 32, "盏"),
    ("检查井", "雨水井", "首层道路", "", 28, "个"),
    ("检查井", "污水井", "首层道路", "", 17, "个"),
    ("化粪池", "1号化粪池", "首层西侧", "", 1, "座"),
    ("化粪池", "2号、3号化粪池", "首层北侧", "", 2, "座"),
    ("管线", "给水主干管", "B1顶板", "P", 640, "米"),
    ("道路", "环楼消防车道", "首层", "", 420, "米"),
    ("绿地", "首层园林", "首层南侧", "", 1850, "平方米"),
]
EMERGENCY = [
    ("居委会", "示例社区居民委员会", "0755-00001001", "工作日8:30-18:00"),
    ("派出所", "示例派出所", "0755-00001002", ""),
    ("供水", "示例水务客户服务", "0755-00001003", "24小时"),
    ("供气", "示例燃气抢修", "0755-00001004", "24小时"),
    ("供电", "示例供电局", "0755-00001005", "24小时"),
    ("其他", "电梯困人救援（维保单位）", "0755-00001006", "24小时"),
]


def people_in(unit):
    """How many people are there: by area, none where nobody is."""
    if unit.get("vacant") or not unit["handover"] or unit["kind"] in ("parking", "storage"):
        return None
    return max(1, round(unit["built"] / {"apartment": 32, "hotel": 38, "shop": 26}.get(unit["kind"], 14)))


class People:
    """Hands out people and companies, each once, with an address of their own."""

    def __init__(self):
        self.used = set()
        self.count = 0

    def _contact(self, company):
        self.count += 1
        domain = ("example.com", "example.org", "example.net")[self.count % 3]
        return f"1720000{self.count:04d}", f"{'co' if company else 'p'}{self.count:04d}@{domain}"

    def person(self):
        while True:
            name = RNG.choice(SURNAMES) + RNG.choice(GIVEN_1) + (RNG.choice(GIVEN_2) if RNG.random() < 0.78 else "")
            if name not in self.used:
                break
        self.used.add(name)
        phone, email = self._contact(False)
        return {"name": name, "phone": phone, "email": email, "company": False, "vat": ""}

    def brand(self):
        while True:
            name = RNG.choice(RARE_1) + RNG.choice(RARE_2) + RNG.choice(RARE_3)
            if name not in self.used:
                self.used.add(name)
                return name

    def firm(self, trade=None):
        trade = trade or RNG.choice(TRADES)
        tail = "（普通合伙）" if trade.endswith("事务所") else "有限公司"
        return self._firm(f"深圳{self.brand()}{trade}{tail}")

    def shop(self):
        return self._firm(f"{self.brand()}{RNG.choice(SHOP_KINDS)}店")

    def _firm(self, name):
        phone, email = self._contact(True)
        return {"name": name, "phone": phone, "email": email, "company": True, "vat": credit_code(self.count)}


def credit_code(number):
    """A unified social credit code with right check digits and an organisation part nobody holds (MAXX…)."""
    org_chars = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    org = f"MAXX{number:04d}"
    total = sum(org_chars.index(c) * w for c, w in zip(org, (3, 7, 9, 10, 5, 8, 4, 2)))
    check = 11 - total % 11
    org += {10: "X", 11: "0"}.get(check, str(check))
    chars = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = "91440300" + org
    weights = [pow(3, i, 31) for i in range(17)]
    total = sum(chars.index(c) * w for c, w in zip(body, weights))
    return body + chars[(31 - total % 31) % 31]


def month(offset):
    """First day of the month `offset` months from AS_OF."""
    index = AS_OF.year * 12 + AS_OF.month - 1 + offset
    return date(index // 12, index % 12 + 1, 1)


def month_end(offset):
    return month(offset + 1) - timedelta(days=1)


def build_units():
    """400 units, chargeable area about 39,000 m²; parking spaces pay by the space and have no chargeable area."""
    units = []

    def add(building, zone, code, floor, kind, chargeable, built=None):
        built = built or round(chargeable, 2)
        units.append(
            {
                "building": building,
                "zone": zone,
                "code": code,
                "floor": floor,
                "kind": kind,
                "built": built,
                "inner": round(
                    built * {"office": 0.68, "shop": 0.72, "hotel": 0.74, "apartment": 0.76}.get(kind, 1), 2
                ),
                "chargeable": round(chargeable, 2),
            }
        )

    for level, rooms in ((1, 18), (2, 16), (3, 14)):
        for room in range(1, rooms + 1):
            building = "A" if room <= rooms // 2 else "B"
            add(
                building,
                "RET",
                f"{building}-L{level}{room:02d}",
                f"{level}F",
                "shop",
                RNG.choice((46.8, 58.5, 72.3, 88.6, 102.4, 118.2, 146.0, 188.5)) + level * 6.4,
            )
    for floor in range(5, 25):
        for room in range(1, 7):
            area = (212.36, 148.52, 136.80, 136.80, 148.52, 206.44)[room - 1] + (floor % 3) * 0.72
            add("A", "OFF", f"A-{floor:02d}{room:02d}", f"{floor}F", "office", area)
    for floor in range(5, 13):
        add("B", "HOT", f"B-{floor:02d}00", f"{floor}F", "hotel", 1092.60 + floor * 0.5)
    for floor in range(13, 21):
        for room in range(8, 18):
            add(
                "B",
                "APT",
                f"B-{floor:02d}{room - 7:02d}",
                f"{floor}F",
                "apartment",
                (48.2, 62.5, 56.4, 71.8, 58.6)[room % 5],
            )
    for number in range(1, 11):
        add("P", "COM", f"P-S{number:02d}", "B1", "storage", 12.0 + number % 4 * 3)
    for level, first, count in (("B1", 1, 34), ("B2", 1, 50), ("B3", 1, 50)):
        for number in range(first, first + count):
            add("P", "CAR", f"P-{level}{number:02d}", level, "parking", 0, 12.5)
    return units


KIND = {
    "office": "写字楼",
    "shop": "商铺",
    "hotel": "酒店",
    "apartment": "公寓",
    "parking": "车位",
    "storage": "储藏室",
}


def build_parties(units, people):
    """Who owns, rents, lives in and pays for each unit, with some history; returns rows and the payers."""
    rows, payers = [], {}
    developer = {
        "name": "深圳禾悦穗置业有限公司（示例）",
        "phone": "17200009999",
        "email": "developer@example.com",
        "company": True,
        "vat": credit_code(9999),
    }
    hotel_owner = people.firm("酒店投资")
    hotel_operator = people.firm("酒店管理")

    def add(unit, partner, role, start, end=None, share="", payer=False):
        rows.append(
            {"unit": unit, "partner": partner, "role": role, "start": start, "end": end, "share": share, "payer": payer}
        )
        if payer and not end:
            payers[unit["code"]] = partner

    office_owners, pool = [], []
    for unit in units:
        kind = unit["kind"]
        handover = month(-RNG.randint(40, 66))
        unit["handover"] = handover
        if kind == "hotel":
            add(unit, hotel_owner, "业主", handover, share=100)
            add(unit, hotel_operator, "租户", month(-36), payer=True)
            continue
        if kind == "office":
            # Offices are bought in neighbouring pairs and threes; the developer still holds a few.
            last_two_floors = unit["code"][2:4] in ("23", "24") and unit["code"][4:] in ("05", "06")
            if last_two_floors:
                unit["handover"] = None
                add(unit, developer, "业主", month(-60), share=100, payer=True)
                continue
            if not office_owners or RNG.random() < 0.62:
                office_owners.append(people.firm() if RNG.random() < 0.55 else people.person())
            owner = office_owners[-1]
            draw = RNG.random()
            if draw < 0.06 and not owner["company"]:
                add(unit, owner, "业主", handover, share=50, payer=draw < 0.03)
                add(unit, people.person(), "业主", handover, share=50, payer=draw >= 0.03)
            elif draw < 0.12:
                sold = month(-RNG.randint(5, 14))
                add(unit, people.person(), "业主", handover, sold - timedelta(days=1), share=100, payer=True)
                add(unit, owner, "业主", sold, share=100, payer=True)
            elif draw < 0.66:
                tenant = people.firm()
                # Most leases began before the year of billing; a few changed hands within it.
                start = month(-RNG.randint(14, 30)) if RNG.random() < 0.85 else month(-RNG.randint(3, 9))
                add(unit, owner, "业主", handover, share=100)
                if start > month(-13):
                    add(unit, people.firm(), "租户", handover, start - timedelta(days=1), payer=True)
                add(unit, tenant, "租户", start, payer=True)
                pool.append(tenant)
            elif draw < 0.74:
                add(unit, owner, "业主", handover, share=100, payer=True)  # vacant: the owner pays
                unit["vacant"] = True
            else:
                add(unit, owner, "业主", handover, share=100, payer=True)
                add(unit, people.person(), "联系人", handover)
        elif kind == "shop":
            owner = people.person() if RNG.random() < 0.8 else people.firm("商业管理")
            if RNG.random() < 0.82:
                add(unit, owner, "业主", handover, share=100)
                add(unit, people.shop(), "商户", month(-RNG.randint(14, 34)), payer=True)
            else:
                add(unit, owner, "业主", handover, share=100, payer=True)
        elif kind == "apartment":
            first, owner = len(rows), people.person()
            if RNG.random() < 0.12:
                add(unit, owner, "业主", handover, share=60, payer=True)
                add(unit, people.person(), "业主", handover, share=40)
            else:
                add(unit, owner, "业主", handover, share=100, payer=True)
            draw = RNG.random()
            if draw < 0.45:
                add(unit, people.person(), "租户", month(-RNG.randint(2, 22)))
            elif draw < 0.8:
                for _i in range(RNG.randint(1, 2)):
                    add(unit, people.person(), "家庭成员", handover)
                rows[first]["lives"] = True
            pool.append(owner)
        elif kind == "storage":
            add(unit, RNG.choice(pool), "业主", month(-24), share=100, payer=True)
        else:
            if RNG.random() < 0.1:
                add(unit, developer, "业主", month(-60), share=100, payer=True)
                unit["vacant"] = True
            else:
                add(unit, RNG.choice(pool), "业主", month(-RNG.randint(14, 40)), share=100, payer=True)
    return rows, payers, developer


FEES = [
    # code, name, category, {unit type: price}, method, collected on behalf, tax %, legal basis, contract clause
    (
        "WY",
        "物业服务费",
        "物业服务",
        {"office": 18.80, "shop": 22.00, "hotel": 12.50, "apartment": 6.80, "storage": 4.00},
        "per_m2",
        False,
        6,
        "《深圳经济特区物业管理条例》；市场调节价",
        "前期物业服务合同 第十二条",
    ),
    (
        "CW",
        "车位管理服务费",
        "停车",
        {"parking": 120.00},
        "fixed",
        False,
        6,
        "《深圳市机动车停放服务收费管理办法》；市场调节价",
        "车位管理服务协议 第三条",
    ),
    (
        "LJ",
        "垃圾清运费",
        "其他",
        {"shop": 180.00},
        "fixed",
        True,
        0,
        "代收代付；清运单位合同单价",
        "前期物业服务合同 第十六条",
    ),
    (
        "WX",
        "日常专项维修资金",
        "其他",
        {"office": 0.25, "shop": 0.25, "hotel": 0.25, "apartment": 0.25},
        "per_m2",
        True,
        0,
        "《深圳市物业专项维修资金管理规定》；代收",
        "业主大会决议 2021-03",
    ),
    (
        "DF",
        "电费（代收）",
        "电费",
        {"office": 0.8635, "shop": 0.8635},
        "metered",
        True,
        0,
        "供电部门公布的到户电价；代收不加价（《物业管理条例》第四十四条）",
        "前期物业服务合同 第十七条",
    ),
    (
        "SF",
        "水费（代收）",
        "水费",
        {"shop": 5.24, "apartment": 5.24},
        "metered",
        True,
        0,
        "供水部门公布的水价；代收不加价（《物业管理条例》第四十四条）",
        "前期物业服务合同 第十七条",
    ),
    (
        "GT",
        "公共照明电费公摊",
        "电费",
        {"apartment": 0},
        "pooled",
        True,
        0,
        "无约定时按专有部分面积比例分摊（《民法典》第二百八十三条）；供电部门公布的电价，代收不加价",
        "前期物业服务合同 第十八条",
    ),
]
# What each fee pays for, as published with its price.
SERVICE = {
    "WY": "公共部位与设施设备的运行维护、秩序维护、保洁、绿化（标准见合同附件二）",
    "CW": "车位照明、道闸、标线、保洁与巡查",
    "LJ": "经营及生活垃圾每日清运两次",
    "WX": "共用部位、共用设施设备的日常维修",
    "DF": "按户表读数代收，转交供电部门",
    "SF": "按户表读数代收，转交供水部门",
    "GT": "公寓层走道、电梯厅照明",
}
OLD_POWER_PRICE = 0.8418
POWER_PRICE = 0.8635
# What the corridors of the apartments used: {month: ((meter of the common parts, first reading, last reading), …)}. They are
# shared since a quarter ago; what was used before came with the service fee.
SHARED_SINCE = -2
POOLS = {
    -2: (("GZ-B1", 48210, 49873), ("GZ-B2", 15066, 15518)),
    -1: (("GZ-B1", 49873, 51594), ("GZ-B2", 15518, 15987)),
    0: (("GZ-B1", 51594, 53388), ("GZ-B2", 15987, 16475)),
}
POOL_NAME = "B座公寓层公共照明电费"


def write(name, header, rows, encoding="utf-8-sig"):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([["" if value is None else value for value in row] for row in rows])
    (HERE / name).write_bytes(text.getvalue().encode(encoding))
    sys.stderr.write(f"{name}: {len(rows)} rows\n")


def yes(flag):
    return "是" if flag else "否"


def money(value):
    """Half up to the cent, as the ledger rounds."""
    return Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def times(quantity, price):
    return money(Decimal(str(quantity)) * Decimal(str(price)))


def build_readings(units):
    """A reading of every meter on the first of each month; returns meters, readings and the use billed per unit, item and month.

    Two meters were not read this month, and one has used three times as much as usual: a run shows both.
    """
    meters, readings, use = [], [], {}
    for code, _name, _category, prices, method, *_rest in FEES:
        if method != "metered":
            continue
        for unit in units:
            if unit["kind"] not in prices:
                continue
            meter = f"{code}-{unit['code']}"
            low, high = {
                ("DF", "office"): (7, 14),
                ("DF", "shop"): (15, 42),
                ("SF", "shop"): (0.1, 0.7),
                ("SF", "apartment"): (0.06, 0.22),
            }[code, unit["kind"]]
            usual = unit["chargeable"] * RNG.uniform(low, high)
            value = RNG.randint(800, 9000)
            meters.append((meter, unit["code"], code, month(-13), value))
            for offset in range(-12, 1):
                season = 1.25 if month(offset).month in (7, 8, 9, 10) else 1.0
                used = max(1, round(usual * RNG.uniform(0.85, 1.15) * season))
                if offset == 0 and meter in ("SF-B-1404", "DF-A-0603"):
                    continue
                if offset == 0 and meter == "DF-A-L204":
                    used *= 3
                value += used
                use[unit["code"], code, offset] = used
                readings.append((meter, month(offset), value))
    return meters, readings, use


def pool_cost(offset):
    return sum((times(last - first, POWER_PRICE) for _meter, first, last in POOLS[offset]), Decimal(0))


def pool_shares(units, offset):
    """{unit code: share} of the pooled cost by chargeable area; the cents left over go to the largest remainders."""
    weights = {u["code"]: Decimal(f"{u['chargeable']:.2f}") for u in units if u["kind"] == "apartment"}
    cents, total = int(pool_cost(offset) * 100), sum(weights.values())
    exact = {code: cents * weight / total for code, weight in weights.items()}
    shares = {code: int(value) for code, value in exact.items()}
    order = sorted(exact, key=lambda code: (shares[code] - exact[code], -weights[code], code))
    for code in order[: cents - sum(shares.values())]:
        shares[code] += 1
    return {code: Decimal(share) / 100 for code, share in shares.items()}


def charges_of(unit, offset, use, shared):
    """What a unit owes for one month, item by item, at the tariff in force: [(item, amount)].

    :param shared: {unit code: share of the pooled cost} of the month
    """
    found = []
    for code, _name, _category, prices, method, *_rest in FEES:
        if unit["kind"] not in prices:
            continue
        if method == "pooled":
            if unit["code"] in shared:
                found.append((code, shared[unit["code"]]))
            continue
        price = OLD_POWER_PRICE if code == "DF" and offset < -6 else prices[unit["kind"]]
        quantity = {"per_m2": unit["chargeable"], "fixed": 1, "metered": use.get((unit["code"], code, offset), 0)}[
            method
        ]
        found.append((code, times(quantity, price)))
    return found


PORTAL_UNITS = ("B-1305", "A-1502")
# How many units are in arrears, by full months since the due date of their oldest unpaid bill.
ARREARS = {
    0: 6,
    1: 5,
    2: 4,
    3: 4,
    4: 3,
    5: 3,
    6: 3,
    7: 2,
    8: 2,
    9: 1,
    10: 1,
    11: 2,
    12: 2,
    13: 1,
    14: 1,
    15: 1,
    16: 1,
    17: 1,
    18: 2,
    19: 1,
}


def build_arrears(units, payers, use):
    """Units that stopped paying and when; those older than the year of billing also as opening arrears."""
    candidates = [
        unit
        for unit in units
        if unit["kind"] in ("office", "shop", "apartment") and unit["handover"] and not unit.get("moved")
    ]
    RNG.shuffle(candidates)
    # The two units with a portal login owe last month's bills, so that their portal has something to pay.
    candidates.sort(key=lambda unit: unit["code"] in PORTAL_UNITS)
    stopped, opening = [], []
    chosen = {}
    for age, count in ARREARS.items():
        for _i in range(count):
            unit = candidates.pop()
            first = -1 - age
            chosen[unit["code"]] = age
            part = RNG.random() < 0.2
            stopped.append((unit["code"], payers[unit["code"]]["name"], month(first), yes(part)))
            for offset in range(first, -12):
                for code, amount in charges_of(unit, offset, use, {}):
                    if code == "WY":
                        opening.append(
                            (
                                PROPERTY,
                                unit["code"],
                                payers[unit["code"]]["name"],
                                code,
                                month(offset),
                                month_end(offset),
                                month_end(offset),
                                amount,
                            )
                        )
    # Not a debtor but a month behind because the transfer is still on the bank's list.
    by_bank = candidates[:26]
    return sorted(stopped), sorted(opening), by_bank, chosen


def build_bank(by_bank, payers, use, people, shared):
    """A month of the bank's lines: each kind of line a cashier meets."""
    lines = []

    def total(unit):
        return sum(amount for _code, amount in charges_of(unit, -1, use, shared))

    def add(day, payer, amount, remark):
        number = f"BK{month(-1):%Y%m}{len(lines) + 1:04d}"
        account = f"99990000{abs(hash_of(payer)) % 10**10:010d}"
        lines.append((number, month(-1).replace(day=day), payer, account, money(amount), remark))

    units = list(by_bank)
    for index in range(11):  # the reference is in the remark
        unit = units.pop()
        add(4 + index, payers[unit["code"]]["name"], total(unit), f"物业费 缴费码<{unit['code']}>")
    for index in range(8):  # no reference: amount and payer must do
        unit = units.pop()
        add(6 + index, payers[unit["code"]]["name"], total(unit), RNG.choice(("物业费", "往来款", "管理费", "")))
    for index, share in enumerate((Decimal("0.5"), Decimal("0.3"), Decimal("0.8"))):  # less than owed
        unit = units.pop()
        add(15 + index, payers[unit["code"]]["name"], total(unit) * share, f"部分物业费 缴费码<{unit['code']}>")
    for index, more in enumerate((Decimal("1000"), Decimal("68.5"))):  # more than owed
        unit = units.pop()
        add(18 + index, payers[unit["code"]]["name"], total(unit) + more, f"物业费及预存 缴费码<{unit['code']}>")
    add(20, people.person()["name"], Decimal("1500"), "转账")  # nobody knows
    add(21, people.firm()["name"], Decimal("8866.2"), "货款")
    add(22, people.person()["name"], Decimal("388"), "停车")
    unit = units.pop()  # a wrong digit in the reference
    add(23, payers[unit["code"]]["name"], total(unit), "物业费 缴费码100000123499")
    add(24, "银行", Decimal("-35"), "账户管理费")  # out
    lines.append(lines[3])  # the bank's file repeats a line: same number
    return sorted(lines, key=lambda line: (line[1], line[0]))


def hash_of(text):
    """Stable over runs, unlike hash()."""
    value = 0
    for char in text:
        value = (value * 131 + ord(char)) % (1 << 61)
    return value


def main():
    people = People()
    units = build_units()
    parties, payers, developer = build_parties(units, people)
    for unit in units:  # who owns and pays uses the unit, unless it stands empty or is let
        rows = [row for row in parties if row["unit"] is unit and not row["end"]]
        if unit["kind"] in ("office", "shop", "parking", "storage") and not unit.get("vacant") and unit["handover"]:
            if not any(row["role"] in ("租户", "商户") for row in rows):
                next(row for row in rows if row["payer"])["lives"] = True
    for unit in units:
        unit["moved"] = any(row["end"] for row in parties if row["unit"] is unit)
    meters, readings, use = build_readings(units)
    stopped, opening, by_bank, chosen = build_arrears(units, payers, use)
    bank = build_bank(by_bank, payers, use, people, pool_shares(units, -1))
    area = sum(unit["chargeable"] for unit in units)

    profile = {
        "项目编码": PROPERTY,
        "项目名称": "禾悦丰收大厦",
        "地址": "深圳市龙岗区示例大道6009号",
        "服务热线": "0755-00006009",
        "总管理面积": f"{area:.2f}",
        **PROFILE,
    }
    write("01_properties.csv", list(profile), [tuple(profile.values())])
    write(
        "02_zones.csv",
        ["项目编码", "区域编码", "区域名称", "区域类型"],
        [
            (PROPERTY, "LOB", "首层大堂", "大堂"),
            (PROPERTY, "RET", "裙楼商业", "裙楼商业"),
            (PROPERTY, "OFF", "写字楼层", "写字楼层"),
            (PROPERTY, "HOT", "酒店层", "酒店层"),
            (PROPERTY, "APT", "公寓层", "住宅"),
            (PROPERTY, "CAR", "B1–B3停车场", "停车场"),
            (PROPERTY, "COM", "公共部位", "公共部位"),
        ],
    )
    write(
        "03_buildings.csv",
        ["项目编码", "楼栋编码", "楼栋名称", "楼层数"],
        [(PROPERTY, "A", "A座", 24), (PROPERTY, "B", "B座", 20), (PROPERTY, "P", "地下车库", 3)],
    )
    write(
        "04_units.csv",
        [
            "项目编码",
            "楼栋编码",
            "区域编码",
            "房号",
            "楼层",
            "房产类型",
            "建筑面积",
            "套内面积",
            "计费面积",
            "交付日期",
            "房屋结构",
            "测绘状态",
            "居住人数",
        ],
        [
            (
                PROPERTY,
                u["building"],
                u["zone"],
                u["code"],
                u["floor"],
                KIND[u["kind"]],
                f"{u['built']:.2f}",
                f"{u['inner']:.2f}",
                f"{u['chargeable']:.2f}",
                u["handover"],
                "框架剪力墙",
                "实测绘" if u["handover"] else "预测绘",
                people_in(u),
            )
            for u in units
        ],
    )
    write(
        "05_parties.csv",
        [
            "项目编码",
            "房号",
            "姓名",
            "角色",
            "电话",
            "邮箱",
            "开始日期",
            "结束日期",
            "份额",
            "缴费人",
            "自住",
            "是否企业",
            "税号",
        ],
        [
            (
                PROPERTY,
                r["unit"]["code"],
                r["partner"]["name"],
                r["role"],
                r["partner"]["phone"],
                r["partner"]["email"],
                r["start"],
                r["end"],
                r["share"],
                yes(r["payer"]),
                yes(r.get("lives")),
                yes(r["partner"]["company"]),
                r["partner"]["vat"],
            )
            for r in parties
        ],
    )
    methods = {"per_m2": "按面积", "fixed": "固定金额", "metered": "按表计量", "pooled": "公摊"}
    write(
        "06_fee_items.csv",
        ["收费项目编码", "收费项目名称", "类别", "代收代付", "税率", "收费依据", "合同依据", "服务标准"],
        [(f[0], f[1], f[2], yes(f[5]), f[6], f[7], f[8], SERVICE[f[0]]) for f in FEES],
    )
    tariffs = []
    for code, _name, _category, prices, method, *_rest in FEES:
        if method == "pooled":
            tariffs.append(
                (PROPERTY, code, f"{month(SHARED_SINCE):%Y}-A", "", methods[method], None, month(SHARED_SINCE), None)
                + ("按面积", "计费面积")
            )
            continue
        if method == "metered":
            versions = [(next(iter(prices.values())), "")]
        else:
            versions = [(price, KIND[kind]) for kind, price in prices.items()]
        for price, kind in versions:
            if code == "DF":
                tariffs.append(
                    (
                        PROPERTY,
                        code,
                        f"{month(-26):%Y}-A",
                        kind,
                        methods[method],
                        OLD_POWER_PRICE,
                        month(-26),
                        month_end(-7),
                    )
                )
                tariffs.append((PROPERTY, code, f"{month(-6):%Y}-B", kind, methods[method], price, month(-6), None))
            else:
                tariffs.append((PROPERTY, code, f"{month(-26):%Y}-A", kind, methods[method], price, month(-26), None))
    write(
        "07_tariffs.csv",
        [
            "项目编码",
            "收费项目编码",
            "版本",
            "房产类型",
            "计费方式",
            "单价",
            "生效日期",
            "失效日期",
            "分摊方式",
            "面积口径",
        ],
        [row + ("",) * (10 - len(row)) for row in tariffs],
    )
    write(
        "08_assignments.csv",
        ["项目编码", "房号", "收费项目编码", "开始日期", "结束日期"],
        [
            (PROPERTY, u["code"], f[0], month(SHARED_SINCE if f[4] == "pooled" else -12), None)
            for f in FEES
            for u in units
            if u["kind"] in f[3]
        ],
    )
    write(
        "09_meters.csv",
        ["项目编码", "表号", "房号", "收费项目编码", "启用日期", "起始读数"],
        [(PROPERTY, *m) for m in meters],
    )
    write("10_readings.csv", ["项目编码", "表号", "抄表日期", "读数"], [(PROPERTY, *r) for r in readings])
    write(
        "11_opening_arrears.csv",
        ["项目编码", "房号", "缴费人", "收费项目编码", "账期开始", "账期结束", "应缴日期", "金额"],
        opening,
    )
    # The bank's own encoding, as its counter programme exports it.
    write(
        "12_bank_lines.csv",
        ["交易流水号", "交易日期", "对方户名", "对方账号", "金额", "摘要"],
        bank,
        encoding="gb18030",
    )
    write(
        "13_facilities.csv",
        ["项目编码", "设施类型", "设施名称", "位置", "楼栋编码", "数量", "单位"],
        [(PROPERTY, *row) for row in FACILITIES],
    )
    write(
        "14_emergency_numbers.csv",
        ["项目编码", "类别", "名称", "电话", "备注"],
        [(PROPERTY, *row) for row in EMERGENCY],
    )
    (HERE / "as_of.txt").write_text(f"{AS_OF:%Y-%m}\n")
    write(
        "demo_pooled_costs.csv",
        ["月份", "收费项目编码", "公摊名称", "费用说明", "数量", "单价"],
        [
            (month(offset), "GT", POOL_NAME, f"{meter} {first} → {last} 度", last - first, POWER_PRICE)
            for offset, meters_read in sorted(POOLS.items())
            for meter, first, last in meters_read
        ],
    )
    write("demo_arrears.csv", ["房号", "缴费人", "欠费起始月", "部分支付"], stopped)
    sys.stderr.write(f"{len(units)} units, {area:.2f} m² chargeable, {len(payers)} payers of units\n")


if __name__ == "__main__":
    main()
