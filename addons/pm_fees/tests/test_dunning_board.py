"""The arrears at a glance: every figure is the sum of the records it opens, for those who may see it."""

from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests.common import tagged

from .dunning_common import DunningCase

DAY = "2026-07-10"


@tagged("post_install", "-at_install")
@freeze_time(f"{DAY} 04:00:00")
class TestDunningBoard(DunningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supervisor = cls.officer.copy({"login": "pm_board_supervisor", "email": "board@staff.example"})
        cls.supervisor.write(
            {
                "group_ids": [Command.link(cls.env.ref("pm_base.group_supervisor").id)],
                "pm_property_ids": [Command.set(cls.property.ids)],
            }
        )
        cls.units[0].user_id = False
        cls.units[1].user_id = cls.officer
        cls.charge(due="2026-01-10", amount=300)
        cls.charge(due="2026-06-20", amount=50)
        cls.charge(unit=cls.units[1], due="2026-06-10", amount=200)
        cls.run_day("2026-06-11")
        cls.board = cls.env["pm.dunning.board"].with_user(cls.supervisor)

    def opened(self, row):
        action = self.env["ir.actions.act_window"]._for_xml_id(row["drill"]["xmlid"])
        return self.env[action["res_model"]].with_user(self.supervisor).search(row["drill"]["domain"])

    def load(self):
        self.run_day(DAY, dispatch=False)
        return self.board.load(self.property.id)

    def test_every_row_is_the_sum_of_what_it_opens(self):
        page = self.load()
        blocks = {block["key"]: block["rows"] for block in page["blocks"]}
        for key, rows in blocks.items():
            self.assertAlmostEqual(sum(row["amount"] for row in rows), 550, 2, key)
            for row in rows:
                found = self.opened(row)
                self.assertEqual(len(found), row["count"], (key, row["label"]))
                amount = "overdue" if key == "age" else "amount_due"
                self.assertAlmostEqual(sum(found.mapped(amount)), row["amount"], 2, (key, row["label"]))
        self.assertEqual(len(blocks["age"]), 2, "each charge by its own age, not by the household's oldest")
        self.assertEqual([row["amount"] for row in blocks["stage"]], [200, 350])
        self.assertEqual(
            [(row["label"], row["amount"]) for row in blocks["butler"]], [("No butler", 350), (self.officer.name, 200)]
        )
        [overdue, held, promised, sued] = page["head"]
        self.assertEqual((overdue["count"], overdue["amount"]), (2, 550))
        self.assertEqual([row["count"] for row in (held, promised, sued)], [0, 0, 0])

    def test_promises_and_disputes_are_among_the_sums_above(self):
        self.load()
        self.call("promised", promise_date="2026-07-12", promise_amount=100)
        self.case()._refresh_amounts()
        promised = self.board.load(self.property.id)["head"][2]
        self.assertEqual((promised["count"], promised["amount"]), (1, 100))
        self.assertEqual(self.opened(promised).case_id, self.case())

    def test_today_says_what_the_run_makes_and_writes_nothing(self):
        before = self.case().read()
        today = self.board.load_today(self.property.id)
        self.assertFalse(today["made"])
        self.env.invalidate_all()
        self.assertEqual(self.case().read(), before)
        made = self.run_day(DAY, dispatch=False)
        self.assertTrue(made)
        self.assertEqual(sum(row["count"] for row in today["left"]), len(made))
        after = self.board.load_today(self.property.id)
        self.assertFalse(after["left"])
        self.assertEqual([row["count"] for row in after["made"]], [row["count"] for row in today["left"]])
        for row in after["made"]:
            self.assertEqual(len(self.opened(row)), row["count"])

    def test_today_names_why_households_are_left_out(self):
        self.load()
        self.call("promised", promise_date="2026-07-25", promise_amount=350)
        with freeze_time("2026-07-11 04:00:00"):
            self.charge(unit=self.units[2], due="2026-07-10", amount=0.5)
            self.general.min_amount = 1
            excluded = self.board.load_today(self.property.id)["excluded"]
        labels = dict(self.env["pm.dunning.preview.line"]._fields["excluded"]._description_selection(self.env))
        self.assertIn(labels["small"], [row["label"] for row in excluded])

    def test_an_undone_run_holds_today_back(self):
        self.run_day(DAY, dispatch=False).run_id.with_user(self.supervisor)._undo("wrong text", "2026-07-12")
        today = self.board.load_today(self.property.id)
        self.assertEqual((len(today["paused"]), today["left"], today["made"]), (1, [], []))

    def test_recovery_curve_counts_only_what_is_old_enough(self):
        paid = self.charge(unit=self.units[2], due="2026-05-01", amount=400)
        self.pay((paid, 100), date="2026-05-01")
        self.pay((paid, 100), date="2026-06-15")
        curve = self.board.load_curve(self.property.id)
        recent = dict(zip(curve["days"], curve["curves"][0]["points"]))
        # On the due date all 950 count, 100 of it received; after 60 days only the charges of January and May: 700.
        self.assertAlmostEqual(recent[0], 100 / 950 * 100, 1)
        self.assertAlmostEqual(recent[60], 200 / 700 * 100, 1)
        self.assertEqual(recent[180], 0, "January's charge alone is so old")
        self.assertIsNone(recent[210])
        self.assertEqual(set(curve["curves"][1]["points"]), {None})

    def test_only_for_those_who_answer_for_collection(self):
        for user in (self.officer, self.cashier, self.counsel):
            for method in ("load", "load_curve", "load_today"):
                with self.subTest(user=user.name, method=method), self.assertRaises(AccessError):
                    getattr(self.env["pm.dunning.board"].with_user(user), method)()
        with self.assertRaises(AccessError):
            self.board.load(self.second_property.id)
        self.assertEqual([prop["id"] for prop in self.board.load()["properties"]], self.property.ids)

    def test_more_debtors_cost_no_more_queries(self):
        def queries():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.load()
            self.board.load_curve(self.property.id)
            return self.env.cr.sql_log_count - before

        queries()
        few = queries()
        for unit in self.units[2:]:
            for month in ("02", "03", "04"):
                self.charge(unit=unit, due=f"2026-{month}-10", amount=10)
        queries()
        self.assertLessEqual(queries(), few + 2)
