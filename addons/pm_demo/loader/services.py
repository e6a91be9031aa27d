"""Paid services of the sample: the handbook's own ones priced, approved and published, step by step by those who do it."""

PRICES = {"cleaning": 12, "repair": 80, "meeting": 200, "copies": 0.5}


def load_services(sample):
    for name, price in PRICES.items():
        item = sample.env.ref(f"pm_customer_service.service_item_{name}")
        manager, finance, leader = (
            item.with_user(sample.users[login]) for login in ("manager", "accountant", "leadership")
        )
        manager.discussion = "客户需求较多；工程、保洁班组人手可以安排，不影响本职工作。"
        manager.action_discuss()
        finance.write({"price": price, "tax_percent": 6, "cost_labour": price * 0.6, "cost_material": price * 0.2})
        finance.action_price()
        manager.action_submit()
        leader.action_approve()
        manager.announced = "大堂公告栏、门户"
        manager.action_publish()
