"""A small Q&A base and two cases, written by the desk and approved in a weekly meeting."""

QUESTIONS = (
    (
        "访客车辆怎么停车？",
        "parking",
        "访客 停车 车牌 外来车辆",
        "请提前把访客车牌告知前台或在门户提交求助，进场自动抬杆；未登记的车辆在岗亭现场登记。收费标准见停车场公示牌。",
    ),
    (
        "大件物品搬出需要办什么手续？",
        "other",
        "搬家 放行条 大件 搬运",
        "请业主提前一天到前台或在门户申请放行条，租户搬出由业主确认。搬运请使用货梯，时间为 9:00–18:00。",
    ),
    (
        "停水停电时怎么办？",
        "water",
        "没水 没电 停水 停电 断电",
        "先看楼层公告和门户消息确认是否计划停水停电；不是计划内的请拨打服务热线，工程人员会立即到场检查。",
    ),
    (
        "空调夜间加时怎么申请？",
        "aircon",
        "加时空调 冷气 加班",
        "请于当天 16:00 前在门户或前台提交加时申请，写明楼层和时段。费用按公示的加时空调标准计算。",
    ),
    (
        "物业费可以怎么交？",
        "fees",
        "缴费 交费 微信 支付宝 转账",
        "可在门户在线支付，也可到收费台用微信、支付宝、银行卡或现金缴纳，或按缴费通知单上的账号转账并注明付款码。",
    ),
    (
        "装修需要提前多久申请？",
        "renovation",
        "装修 施工 申请 押金",
        "请至少提前三天提交图纸、施工单位资质和施工人员名单，资料齐全后三天内审批完毕。详见门户“装修”页面的装修须知。",
    ),
)
CASES = (
    (
        "早高峰电梯等候投诉",
        "lift",
        "早高峰多名客户投诉等梯时间过长。经现场统计，B座客梯停靠策略不合理，调整为分层停靠后等候时间明显缩短。",
        "measure",
        "客流变化后一个月内重新测算电梯停靠方案，并在大堂提前公告。",
    ),
    (
        "保洁清运不及时引发重复投诉",
        "cleaning",
        "茶水间垃圾两天未清，客户第二次投诉后才处理。原因是换班交接时漏项。",
        "neglect",
        "交接班记录增加“茶水间清运”必查项，主管每日抽查。",
    ),
)


def load_answers(sample):
    env, users = sample.env, sample.users
    desk, butler = sample.as_user("frontdesk"), sample.as_user("butler")
    for name, category, keywords, answer in QUESTIONS:
        desk["pm.faq"].create(
            {
                "name": name,
                "category_id": _category(env, category),
                "keywords": keywords,
                "answer": f"<p>{answer}</p>",
                "portal_ok": True,
                "property_id": sample.property.id,
            }
        ).action_submit()
    for name, category, answer, cause, lesson in CASES:
        butler["pm.faq"].create(
            {
                "kind": "case",
                "name": name,
                "category_id": _category(env, category),
                "answer": f"<p>{answer}</p>",
                "root_cause": cause,
                "lesson": lesson,
                "property_id": sample.property.id,
            }
        ).action_submit()
    session = sample.as_user("supervisor")["pm.faq.session"].create(
        {
            "property_id": sample.property.id,
            "attendee_ids": [users[login].id for login in ("frontdesk", "butler", "butler2", "assistant")],
            "minutes": "<p>回顾上周投诉与报修；统一访客停车、加时空调的答复口径。</p>",
        }
    )
    session.action_close()
    desk["pm.faq"].create(
        {
            "name": "快递可以代收吗？",
            "keywords": "快递 包裹 代收",
            "answer": "<p>前台可代收小件快递，保留三天；贵重物品请本人签收。</p>",
            "portal_ok": True,
            "property_id": sample.property.id,
        }
    ).action_submit()


def _category(env, name):
    category = env.ref(f"pm_customer_service.ticket_category_{name}", raise_if_not_found=False)
    return category.id if category else False
