from uuid import uuid4

from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.pm_customer_service.tests.test_service_order import OrderCase


@tagged("post_install", "-at_install")
class TestServiceSettlement(OrderCase):
    """Paid services are charged at once or with the month's run; the order is settled when the ledger says paid (S1-78, S1-90)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.property._ensure_accounts()
        cls.env["pm.payment.method"]._ensure_methods(cls.company)
        cls.fee_item = cls.env["pm.fee.item"].create(
            {
                "code": "SVC",
                "name": "Paid services",
                "category": "service",
                "legal_basis": "Published price list",
                "contract_reference": "§ 12",
                "company_id": cls.company.id,
            }
        )

    def pay(self, charge, amount=None):
        return (
            self.env["pm.payment"]
            .with_user(self.cashier)
            ._register_payment(
                {
                    "request_key": uuid4().hex,
                    "property_id": self.property.id,
                    "partner_id": charge.partner_id.id,
                    "unit_id": charge.unit_id.id,
                    "method_id": self.env["pm.payment.method"]._get(self.company, "wechat").id,
                    "amount": amount or charge.residual,
                    "lines": [{"charge_id": charge.id, "amount": amount or charge.residual}],
                }
            )
        )

    def bill(self, month):
        run = self.env["pm.billing.run"].create({"property_id": self.property.id, "date_from": month})
        run.with_user(self.accountant).action_compute()
        return run

    def post(self, run):
        run.with_user(self.supervisor).action_approve()
        run.with_user(self.accountant).action_post()

    def test_at_once_is_owed_when_signed_and_settled_when_paid(self):
        order = self.order("done")
        charge = order.charge_ids
        self.assertEqual(
            (charge.state, charge.kind, charge.amount_total, charge.partner_id, charge.due_date),
            ("posted", "service", 160, self.owners[0], self.property._today()),
        )
        self.assertIn("Window cleaning", charge.explanation)
        household = self.env["pm.payment"].with_user(self.cashier).counter_household(self.units[0].id)
        self.assertIn(charge.id, [row["id"] for row in household["charges"]])
        self.pay(charge, 60)
        self.assertEqual(order.settlement_state, "due", "a part is not all")
        receipt = self.pay(charge)
        self.assertEqual(order.settlement_state, "settled")
        self.assertIn(receipt.receipt_name, order.settlement_ref)

    def test_without_a_unit_no_price_is_told_because_nothing_could_be_charged(self):
        order = self.order(unit_id=False, property_id=self.property.id, partner_id=self.owners[0].id)
        with self.assertRaisesRegex(UserError, "choose the unit"):
            order.action_quote()
        order.unit_id = self.units[0]
        order.action_quote()
        self.assertEqual(order.state, "quoted")

    def test_voided_receipt_and_reversed_charge_make_it_due_again(self):
        order = self.order("done")
        self.pay(order.charge_ids).with_user(self.accountant)._reverse("wrong household")
        self.assertEqual((order.settlement_state, order.settlement_ref), ("due", False))
        self.pay(order.charge_ids)
        first = order.charge_ids
        first.with_user(self.accountant)._reverse("our_error")
        self.assertEqual(order.settlement_state, "due")
        order.with_user(self.accountant).action_charge()
        self.assertEqual(len(order.charge_ids - first), 1, "it can be charged anew")
        with self.assertRaises(UserError):
            order.with_user(self.accountant).action_charge()

    def test_prepayment_settles_it_by_itself(self):
        self.property.use_credit = True
        self.env["pm.payment"].with_user(self.cashier)._register_payment(
            {
                "request_key": uuid4().hex,
                "property_id": self.property.id,
                "partner_id": self.owners[0].id,
                "unit_id": self.units[0].id,
                "method_id": self.env["pm.payment.method"]._get(self.company, "wechat").id,
                "amount": 500,
                "allow_credit": True,
            }
        )
        self.assertEqual(self.order("done").settlement_state, "settled")

    def test_monthly_orders_come_in_one_notice_per_customer(self):
        with freeze_time("2029-03-10 04:00:00"):
            orders = self.order("done", settlement="monthly") | self.order("done", settlement="monthly", quantity=1)
            self.assertFalse(orders.charge_ids, "not before the head of the department reconciled it")
            orders.with_user(self.supervisor).action_reconcile()
            late = self.order("done", settlement="monthly")
        with freeze_time("2029-03-31 04:00:00"):
            run = self.bill("2029-03-01")
            self.assertEqual(run.charge_ids.service_order_id, orders)
            self.assertEqual(set(orders.charge_ids.mapped("state")), {"draft"})
            run.with_user(self.accountant).action_compute()
            self.assertEqual(len(run.charge_ids), 2, "computed again, nothing is doubled")
            self.post(run)
            notices = self.env["pm.fee.notice"]._create_for_runs(run)
            self.assertEqual([(n.partner_id, n.amount_total) for n in notices], [(self.owners[0], 240)])
            self.assertFalse(self.bill("2029-03-01").charge_ids, "charged once")
        for charge in orders.charge_ids:
            self.pay(charge)
        self.assertEqual(set(orders.mapped("settlement_state")), {"settled"})
        self.assertEqual(late.settlement_state, "none")

    def test_services_done_after_the_month_wait_for_the_next_run(self):
        with freeze_time("2029-04-01 04:00:00"):
            order = self.order("done", settlement="monthly")
            order.with_user(self.supervisor).action_reconcile()
            self.assertFalse(self.bill("2029-03-01").charge_ids)
            self.assertEqual(self.bill("2029-04-01").charge_ids.service_order_id, order)

    def test_without_a_fee_item_the_work_is_signed_all_the_same(self):
        self.fee_item.active = False
        order = self.order("done")
        self.assertEqual((order.state, order.settlement_state), ("done", "due"))
        self.assertFalse(order.charge_ids)
        self.assertIn("fee item", order.message_ids[0].body)
        with self.assertRaisesRegex(UserError, "fee item"):
            order.with_user(self.accountant).action_charge()
        self.fee_item.active = True
        with self.assertRaises(AccessError):
            order.with_user(self.front_desk).action_charge()
        order.with_user(self.accountant).action_charge()
        self.assertEqual(order.charge_ids.amount_total, 160)

    def test_reconciling_charges_what_could_not_be_charged_when_signed(self):
        self.fee_item.active = False
        order = self.order("done")
        self.fee_item.active = True
        order.with_user(self.supervisor).action_reconcile()
        household = self.env["pm.payment"].with_user(self.cashier).counter_household(self.units[0].id)
        self.assertIn(order.charge_ids.id, [row["id"] for row in household["charges"]], "the cashier needs nobody")
        self.pay(order.charge_ids)
        self.assertEqual(order.settlement_state, "settled")

    def test_a_reversed_charge_is_not_made_anew_by_reconciling(self):
        order = self.order("done")
        order.charge_ids.with_user(self.accountant)._reverse("our_error")
        order.with_user(self.supervisor).action_reconcile()
        self.assertEqual((order.charge_ids.state, order.settlement_state), ("reversed", "due"))

    def test_the_price_includes_the_tax(self):
        tax = self.env["account.tax"].create(
            {"name": "6 %", "amount": 6, "type_tax_use": "sale", "company_id": self.company.id}
        )
        self.fee_item.product_id.taxes_id = tax
        self.assertEqual(self.order("done").charge_ids.amount_total, 160)

    def test_own_fee_item_of_a_service_goes_before_the_first(self):
        own = self.fee_item.copy({"code": "SV2", "sequence": 99})
        self.cleaning.sudo().fee_item_id = own
        self.assertEqual(self.order("done").charge_ids.item_id, own)
