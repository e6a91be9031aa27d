from freezegun import freeze_time
from odoo import Command
from odoo.tests.common import tagged

from .cashier_common import CashierCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-20 02:00:00")
class TestBranch(CashierCase):
    def test_a_branch_takes_money_with_the_books_of_its_company(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.env.user.company_ids += branch
        env = self.env(context={**self.env.context, "allowed_company_ids": (branch | self.company).ids})
        prop = env["pm.property"].create(
            {"name": "Branch", "code": "B1", "company_id": branch.id, "tz": "Asia/Shanghai"}
        )
        prop._ensure_accounts()
        building = env["pm.building"].create({"property_id": prop.id, "name": "A", "code": "A"})
        unit = env["pm.unit"].create({"property_id": prop.id, "building_id": building.id, "code": "B-1", "name": "B-1"})
        item = self.item.with_env(env).copy({"code": "BR", "company_id": branch.id})
        self.cashier.write({"company_ids": [Command.link(branch.id)], "pm_property_ids": [Command.link(prop.id)]})
        for code in ("cash", "transfer", "wechat"):
            with self.subTest(method=code):
                charge = self.charge(
                    unit, amount=100, partner=self.owners[0], item=item, due=f"2026-0{len(code) % 4 + 1}-10"
                )
                method = env["pm.payment.method"]._get(branch, code)
                payment = self.pay(
                    (charge, 100), property_id=prop.id, partner_id=self.owners[0].id, method_id=method.id
                )
                self.assertEqual((charge.residual, payment.company_id, payment.move_id.company_id), (0, branch, branch))
                self.assertEqual(payment.move_id.journal_id, method.journal_id)
        self.assertEqual(
            env["pm.payment.method"]._get(branch, "cash").journal_id, self.method("cash").journal_id, "one cash book"
        )
