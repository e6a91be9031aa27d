"""Random histories: whatever people do in whatever order, the books hold (hypothesis).

``PM_HISTORIES=500 ./pm test addons/pm_fees/tests/test_random_histories.py`` plays as many new ones; each failure is
printed as the steps that lead to it, shortest first.
"""

import os
from itertools import count

import psycopg2
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ..models.payment_reference import make_reference
from .common_settlement import SettlementCase
from .online_common import OnlinePayments

_MORE = int(os.environ.get("PM_HISTORIES", "0"))
_UNITS = st.integers(0, 3)  # the last one belongs to another company
_ANSWERS = ("pending", "done", "cancel", "error")
_AMOUNTS = st.integers(1, 60_000).map(lambda cents: cents / 100)
_MONTHS = st.integers(1, 12)
_INDEX = st.integers(0, 9)
_PERCENT = st.integers(1, 100)
_STEPS = st.one_of(
    st.tuples(st.just("bill"), _MONTHS),
    st.tuples(st.just("bill_north"), _MONTHS),
    st.tuples(st.just("extra"), _UNITS, _AMOUNTS, st.integers(0, 3)),
    st.tuples(st.just("change_tax"), st.integers(0, 3)),
    st.tuples(st.just("pay"), _UNITS, _AMOUNTS),
    st.tuples(st.just("prepay"), _UNITS, _AMOUNTS),
    st.tuples(st.just("bank"), _UNITS, _AMOUNTS),
    st.tuples(st.just("bank_exact"), _UNITS),
    st.tuples(st.just("bank_shows"), _UNITS, _AMOUNTS),
    st.tuples(st.just("bank_undo"), _INDEX, st.booleans()),
    st.tuples(st.just("online"), _UNITS, _PERCENT, st.lists(st.sampled_from(_ANSWERS), min_size=1, max_size=3)),
    st.tuples(st.just("use_credit"), _UNITS),
    st.tuples(st.just("keep_credit"), st.booleans()),
    st.tuples(st.just("void"), _INDEX),
    st.tuples(st.just("reverse"), _UNITS, _INDEX),
    st.tuples(st.just("correct"), _UNITS, _INDEX, st.integers(40, 200)),
    st.tuples(st.just("sell"), _UNITS, _MONTHS),
    st.tuples(st.just("take_over"), _UNITS, _INDEX, _PERCENT),
    st.tuples(st.just("take_credit"), _UNITS, _PERCENT),
    st.tuples(st.just("write_off"), _UNITS, _INDEX, _PERCENT),
    st.tuples(st.just("take_back"), _INDEX),
    st.tuples(st.just("refund"), _INDEX, _PERCENT),
    st.tuples(st.just("invoice"), _UNITS, _INDEX),
    st.tuples(st.just("invoice_back"), _INDEX),
)

# Histories that surely take every step, whatever the random ones come to.
_SURE = [
    [
        ("prepay", 0, 300.0),
        ("refund", 0, 50),
        ("pay", 1, 100.0),
        ("take_over", 1, 0, 50),
        ("pay", 2, 60.0),
        ("reverse", 2, 0),
        ("bill", 2),
        ("refund", 0, 100),
        ("void", 0),
    ],
    [
        ("pay", 0, 100.0),
        ("correct", 0, 0, 70),
        ("change_tax", 1),
        ("reverse", 0, 2),
        ("invoice", 1, 0),
        ("pay", 1, 33.33),
        ("invoice_back", 0),
        ("write_off", 1, 0, 40),
        ("take_back", 0),
        ("extra", 3, 77.77, 1),
        ("pay", 3, 500.0),
    ],
    [
        ("bank_exact", 0),
        ("bank_undo", 0, True),
        ("bank", 1, 99.99),
        ("bank_shows", 2, 42.42),
        ("bank_undo", 0, False),
        ("online", 2, 60, ["pending", "done", "done", "cancel"]),
        ("online", 2, 100, ["cancel"]),
        ("reverse", 2, 0),
        ("take_credit", 2, 50),
        ("void", 2),
        ("sell", 1, 3),
        ("bill", 3),
        ("keep_credit", True),
        ("bill_north", 3),
        ("prepay", 3, 20.0),
        ("use_credit", 3),
    ],
]


# Items whose rest, flag or number is not what their matchings say, of whom the matching itself may be at odds.
_WRONG_ITEMS = SQL(
    """
    SELECT item.id, item.balance, item.amount_residual, item.reconciled, item.matching_number, part.amount, part.fulls
      FROM account_move_line item
      JOIN account_account account ON account.id = item.account_id AND account.reconcile
      CROSS JOIN LATERAL (
            SELECT count(*) AS count, count(DISTINCT COALESCE(full_reconcile_id, 0)) AS fulls,
                   COALESCE(sum(CASE WHEN debit_move_id = item.id THEN amount ELSE -amount END), 0) AS amount,
                   max(full_reconcile_id) AS full_id
              FROM account_partial_reconcile WHERE item.id IN (debit_move_id, credit_move_id)
      ) part
     WHERE item.parent_state = 'posted'
       AND (item.amount_residual <> item.balance - part.amount
            OR item.amount_residual_currency <> item.amount_residual
            OR item.reconciled <> (item.amount_residual = 0 AND part.count > 0 OR item.balance = 0)
            OR item.full_reconcile_id IS DISTINCT FROM part.full_id
            OR part.fulls > 1
            OR (item.matching_number IS NOT NULL) <> (part.count > 0)
            OR part.full_id IS NOT NULL AND (item.matching_number <> part.full_id::text OR item.amount_residual <> 0)
            OR part.full_id IS NULL AND left(item.matching_number, 1) <> 'P')
    """
)


class NothingThereError(UserError):
    """A step found nothing to do it with: it is passed over, as a refused one is."""

    def __init__(self):
        super().__init__("nothing there")


# Sums of what stands in the books under each tax, and of what the charges say.
_TAXES = SQL(
    """
    SELECT tax.id, COALESCE(books.amount, 0), COALESCE(said.amount, 0)
      FROM account_tax tax
      LEFT JOIN (SELECT line.tax_line_id AS tax_id, -sum(line.balance) AS amount
                   FROM account_move_line line WHERE line.parent_state = 'posted' GROUP BY 1) books ON books.tax_id = tax.id
      LEFT JOIN (SELECT tax_id, sum(amount_tax) AS amount
                   FROM pm_charge WHERE state = 'posted' GROUP BY 1) said ON said.tax_id = tax.id
     WHERE COALESCE(books.amount, 0) <> COALESCE(said.amount, 0)
    """
)
# Entries that do not balance, or hold items of another company than their own.
_WRONG_ENTRIES = SQL(
    """
    SELECT move.id FROM account_move move JOIN account_move_line line ON line.move_id = move.id
      JOIN account_account_res_company_rel rel ON rel.account_account_id = line.account_id
     WHERE move.state = 'posted'
     GROUP BY move.id HAVING sum(line.balance) <> 0 OR bool_or(line.company_id <> move.company_id OR rel.res_company_id <> move.company_id)
    """
)


@tagged("post_install", "-at_install")
class TestRandomHistories(OnlinePayments, SettlementCase):
    """After every history: entries balance, the control account is what is owed less credit, nothing is negative, receipts have no holes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.taxes = cls.tax_included | cls.tax.copy({"name": "6% on top", "price_include_override": "tax_excluded"})
        cls.taxes |= cls.tax_included.copy({"name": "9% incl", "amount": 9, "price_include_override": "tax_included"})
        cls.item_top = cls.make_item("LI", "Lift fee", tax=cls.taxes[1])
        cls.make_tariff(cls.item_top, "L", "area", 0.37)
        cls.assign(cls.item_top, cls.units)
        cls.make_north()
        cls.properties = cls.property | cls.north
        cls.references = count(1)

    @classmethod
    def make_north(cls):
        """A property of another company, which books reversals in red and adds its tax to the price."""
        north = cls.env["res.company"].create(
            {
                "name": "North",
                "country_id": cls.env.ref("base.cn").id,
                "account_storno": True,
                "vat": "91440300MAXX99983B",
            }
        )
        north.currency_id = cls.company.currency_id
        (cls.env.user | cls.property.user_ids).company_ids = [Command.link(north.id)]
        env = cls.env["account.account"].with_company(north).env

        def account(code, account_type):
            values = {"code": code, "name": code, "account_type": account_type, "company_ids": [Command.set(north.ids)]}
            return env["account.account"].create({**values, "reconcile": account_type == "asset_receivable"})

        journals = env["account.journal"].create(
            [
                {"name": "Fees", "code": "FEES", "type": "general", "company_id": north.id},
                {"name": "Wallet", "code": "WALL", "type": "bank", "company_id": north.id},
            ]
        )
        group = env["account.tax.group"].create({"name": "VAT", "company_id": north.id})
        tax = env["account.tax"].create(
            {"name": "5%", "amount": 5, "type_tax_use": "sale", "company_id": north.id, "tax_group_id": group.id}
        )
        env["pm.payment.method"].create(
            {
                "code": "wechat",
                "company_id": north.id,
                "journal_id": journals[1].id,
                "account_id": (journals[1].default_account_id or account("1012", "asset_cash")).id,
            }
        )
        cls.north = env["pm.property"].create(
            {
                "name": "North",
                "code": "N1",
                "company_id": north.id,
                "user_ids": [Command.set(cls.property.user_ids.ids)],
                "billing_journal_id": journals[0].id,
                "receivable_account_id": account("1122", "asset_receivable").id,
                "bad_debt_account_id": account("5711", "expense").id,
            }
        )
        item = cls.make_item("NF", "Property fee", tax=tax, company_id=north.id)
        item.product_id.with_company(north).property_account_income_id = account("6001", "income")
        building = env["pm.building"].create({"name": "N", "code": "N", "property_id": cls.north.id})
        unit = env["pm.unit"].create(
            {"code": "N-1", "property_id": cls.north.id, "building_id": building.id, "area_chargeable": 91.7}
        )
        env["pm.unit.party"].create(
            {
                "unit_id": unit.id,
                "partner_id": cls.owners[0].id,
                "role": "owner",
                "is_payer": True,
                "date_from": "2024-01-01",
            }
        )
        cls.units |= unit.with_env(cls.env)
        cls.make_tariff(item, "N", "area", 1.99, property_id=cls.north.id)
        cls.assign(item, unit)

    def test_the_books_hold_after_any_history(self):
        @settings(
            max_examples=_MORE or 3,
            deadline=None,
            database=None,
            derandomize=not _MORE,  # the same histories in every run: a failure can be repeated
            phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if _MORE else [])],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        )
        @given(st.lists(_STEPS, min_size=4, max_size=14))
        @example(_SURE[0])
        @example(_SURE[1])
        @example(_SURE[2])
        def play(steps):
            with self.cr.savepoint() as point:
                for step in [("bill", 1), ("bill_north", 1), *steps]:
                    self.play_step(*step)
                self.assertHistoryHolds()
                point.rollback()
            self.env.invalidate_all(flush=False)

        self.taken = set()
        play()
        steps = {name.removeprefix("step_") for name in dir(self) if name.startswith("step_")}
        self.assertEqual(steps - self.taken, set(), "never happened")

    def play_step(self, name, *arguments):
        """A step that the rules refuse is none; it must not leave anything behind."""
        try:
            with mute_logger("odoo.sql_db"), self.cr.savepoint():
                getattr(self, f"step_{name}")(*arguments)
                self.env.flush_all()
            self.taken.add(name)
        except (UserError, psycopg2.IntegrityError):
            self.env.invalidate_all(flush=False)

    def posted(self, unit, owing=False):
        domain = [("unit_id", "=", self.units[unit].id), ("state", "=", "posted")]
        return self.Charge.search(domain + ([("residual", ">", 0)] if owing else []), order="id")

    def one(self, records, index):
        if not records:
            raise NothingThereError
        return records[index % len(records)]

    def approver(self, record):
        """Whoever the amount asks for."""
        people = (self.supervisor, self.manager, self.leadership)
        return next(user for user in people if record.level_id.group_id in user.all_group_ids)

    def step_bill(self, month, prop=None):
        run = self.Run.with_user(self.accountant).create(
            {"property_id": (prop or self.property).id, "date_from": f"2026-{month:02d}-01"}
        )
        run.action_compute()
        run.with_user(self.supervisor).action_approve()
        run.action_post()

    def step_bill_north(self, month):
        self.step_bill(month, self.north)

    def step_extra(self, unit, amount, item):
        """A charge that no run makes."""
        unit = self.units[unit]
        items = self.env["pm.fee.item"].search([("company_id", "=", unit.property_id.company_id.id)], order="id")
        charge = self.Charge.with_user(self.accountant)._create_charges(
            [
                {
                    "property_id": unit.property_id.id,
                    "unit_id": unit.id,
                    "partner_id": unit.payer_id.id,
                    "item_id": self.one(items, item).id,
                    "kind": "adjustment",
                    "origin": f"extra{next(self.references)}",
                    "period_start": "2026-06-01",
                    "period_end": "2026-06-30",
                    "due_date": "2026-06-30",
                    "amount": amount,
                }
            ]
        )
        charge._approve()
        charge._post()

    def step_change_tax(self, index):
        self.item_area.product_id.taxes_id = [Command.set(self.taxes[index : index + 1].ids)]

    def money(self, unit, amount, charges=None, partner=None, method="wechat"):
        prop = self.units[unit].property_id
        self.receive(
            self.units[unit],
            amount,
            charges,
            partner=partner,
            property_id=prop.id,
            method_id=self.env["pm.payment.method"]._get(prop.company_id, method).id,
        )

    def step_pay(self, unit, amount, method="wechat"):
        charges = self.posted(unit, owing=True)
        payer = self.one(charges, 0).partner_id
        mine = charges.filtered(lambda charge: charge.partner_id == payer)
        self.money(unit, amount, mine, payer, method)

    def step_prepay(self, unit, amount):
        self.money(unit, amount)

    def bank_line(self, amount, **values):
        return self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.env["pm.payment.method"]._get(self.company, "transfer").journal_id.id,
                "date": "2026-11-20",
                "amount": amount,
                "payment_ref": "fees",
                **values,
            }
        )

    def step_bank(self, unit, amount):
        """A transfer that names the household; what is no certain match, the accountant accepts."""
        line = self.bank_line(amount, payment_ref=make_reference("unit", self.units[unit].id))
        line._pm_match()
        if line.pm_match_state == "proposed":
            line.pm_proposal_ids[0].with_user(self.accountant).action_accept()

    def step_bank_exact(self, unit):
        self.step_bank(unit, sum(self.one(self.posted(unit, owing=True), 0).mapped("residual")))

    def step_bank_shows(self, unit, amount):
        """The counter's receipt over a transfer, then the line of the bank for it."""
        payer = self.one(self.posted(unit, owing=True), 0).partner_id
        self.step_pay(unit, amount, "transfer")
        self.bank_line(amount, partner_name=payer.name)._pm_match()

    def step_bank_undo(self, index, again):
        lines = self.env["account.bank.statement.line"].search(
            [("is_reconciled", "=", True), ("company_id", "=", self.company.id)], order="id"
        )
        line = self.one(lines, index)
        line.with_user(self.accountant).action_pm_undo()
        # What only showed the money of a receipt has none of its own.
        for payment in line.pm_payment_ids.filtered(lambda payment: payment.state == "posted"):
            payment.with_user(self.accountant)._reverse("no")
        if again:
            line.action_pm_match()

    def step_online(self, unit, percent, answers):
        """Some charges ordered in the portal, whatever the provider then says, in whatever order and how often."""
        charges = self.posted(unit, owing=True)
        amount = max(round(sum(charges.mapped("residual")) * percent / 100, 2), 0.01)
        prop = self.one(charges, 0).property_id
        if prop != self.property:
            raise NothingThereError
        transaction = self.online_transaction(
            f"H{next(self.references)}",
            amount=amount,
            partner_id=charges[0].partner_id.id,
            pm_charge_ids=[Command.set(charges.ids)],
            state="draft",
        )
        with mute_logger("odoo.addons.payment.models.payment_transaction"):
            for answer in answers:
                self.confirm(transaction, answer)

    def step_use_credit(self, unit):
        charges = self.posted(unit, owing=True)
        self.env["pm.payment"].with_user(self.cashier).counter_use_credit(
            self.units[unit].id, self.one(charges, 0).partner_id.id, charges.ids
        )

    def step_keep_credit(self, keep):
        self.properties.use_credit = not keep

    def step_void(self, index):
        payments = self.env["pm.payment"].search(
            [("property_id", "in", self.properties.ids), ("state", "=", "posted")], order="id"
        )
        self.one(payments, index).with_user(self.accountant)._reverse("bounced")

    def step_reverse(self, unit, index):
        self.one(self.posted(unit), index).with_user(self.accountant)._reverse("other")

    def step_correct(self, unit, index, area):
        charge = self.one(self.posted(unit).filtered(lambda charge: charge.kind == "regular"), index)
        self.units[unit].area_chargeable = area
        record = self.env["pm.charge.correction"].browse(charge.with_user(self.accountant).action_correct()["res_id"])
        record.with_user(self.accountant).action_compare()
        record.with_user(self.supervisor).action_approve()

    def step_sell(self, unit, month):
        unit = self.units[unit]
        buyer = self.owners.filtered(lambda owner: owner != unit.payer_id)[0]
        self.env["pm.unit.transfer"].create(
            {
                "unit_id": unit.id,
                "date": f"2026-{month:02d}-15",
                "line_ids": [Command.create({"partner_id": buyer.id, "share": 100})],
            }
        ).action_confirm()

    def pass_on(self, unit, partner, **values):
        record = (
            self.env["pm.balance.transfer"]
            .with_user(self.assistant)
            .create(
                {
                    "unit_id": unit.id,
                    "from_partner_id": partner.id,
                    "to_partner_id": self.owners.filtered(lambda owner: owner != partner)[0].id,
                    "agreement": "A",
                    "evidence_ids": [Command.create({"name": "agreement.pdf", "raw": b"%PDF-1.4"})],
                    **values,
                }
            )
        )
        record.with_user(self.supervisor).action_approve()

    def step_take_over(self, unit, index, percent):
        charge = self.one(self.posted(unit, owing=True), index)
        amount = max(round(charge.residual * percent / 100, 2), 0.01)
        lines = [Command.create({"charge_id": charge.id, "amount": amount})]
        self.pass_on(charge.unit_id, charge.partner_id, line_ids=lines)

    def step_take_credit(self, unit, percent):
        unit = self.units[unit]
        for partner in self.owners:
            credit = self.credit_of(unit, partner)
            if credit:
                self.pass_on(unit, partner, credit_amount=max(round(credit * percent / 100, 2), 0.01))
                return
        raise NothingThereError

    def step_write_off(self, unit, index, percent):
        charge = self.one(self.posted(unit, owing=True), index)
        record = self.env["pm.write.off"].browse(charge.with_user(self.accountant).action_write_off()["res_id"])
        record = record.with_user(self.accountant)
        record.line_ids.amount = max(round(charge.residual * percent / 100, 2), 0.01)
        record.note = "gone"
        record.action_submit()
        record.with_user(self.approver(record)).action_approve()

    def step_take_back(self, index):
        lines = self.env["pm.write.off.line"].search([("write_off_id.state", "=", "booked")], order="id")
        lines = lines.filtered(lambda line: not line.taken_back)
        self.one(lines, index).with_user(self.accountant).action_take_back()

    def step_refund(self, index, percent):
        payments = self.env["pm.payment"].search([("direction", "=", "in"), ("state", "=", "posted")], order="id")
        payment = self.one(payments.filtered("refundable"), index)
        refund = self.env["pm.refund"].with_user(self.front_desk)
        refund = refund.create({"payment_id": payment.id, "amount": 1, "reason": "r", "receipt_returned": True})
        refund.amount = max(round(refund.available * percent / 100, 2), 0.01)
        refund.action_submit()
        refund.with_user(self.approver(refund)).action_approve()
        refund.with_user(self.cashier).action_pay()

    def step_invoice(self, unit, index):
        request = self.env["pm.invoice.request"]._ask(self.one(self.posted(unit), index), "Bright", "91440300MA5XXXX")
        request.with_user(self.accountant).action_issue()

    def step_invoice_back(self, index):
        issued = self.env["pm.invoice.request"].search([("state", "=", "issued")], order="id")
        self.one(issued, index).with_user(self.accountant).action_take_back()

    def assertHistoryHolds(self):
        self.env.invalidate_all()
        for prop in self.properties:
            self.property = prop
            self.assertPropertyHolds()
        del self.property
        self.assertEqual(self.env.execute_query(_WRONG_ITEMS), [])
        self.assertEqual(self.env.execute_query(_WRONG_ENTRIES), [])
        self.assertEqual(self.env.execute_query(_TAXES), [])

    def assertPropertyHolds(self):
        self.assertLedgerMatches()
        # what a charge says is what its line in the ledger has left
        for charge in self.Charge.search([("property_id", "=", self.property.id), ("state", "=", "posted")]):
            self.assertAlmostEqual(charge.residual, charge.move_line_id.amount_residual, 2)
            self.assertAlmostEqual(
                charge.amount_total, charge.amount_paid + charge.amount_written_off + charge.residual, 2
            )
        # receipts have no holes, and no number is used twice
        for direction in ("in", "out"):
            numbers = (
                self.env["pm.payment"]
                .search([("property_id", "=", self.property.id), ("direction", "=", direction)], order="receipt_number")
                .mapped("receipt_number")
            )
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        # the ledger of each unit runs to what is owed on it less its credit
        for unit in self.units.filtered(lambda unit: unit.property_id == self.property):
            rows = self.env["pm.unit.ledger"].search([("unit_id", "=", unit.id)])
            owed = sum(self.Charge.search([("unit_id", "=", unit.id), ("state", "=", "posted")]).mapped("residual"))
            credit = sum(
                -sum(items.mapped("amount_residual"))
                for (unit_id, _partner), items in self.Charge._open_credit(self.property, self.owners.ids).items()
                if unit_id == unit.id
            )
            self.assertAlmostEqual(rows[-1:].balance, owed - credit, 2)
