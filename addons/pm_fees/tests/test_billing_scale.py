from freezegun import freeze_time
from odoo import fields
from odoo.tests import tagged

from ..models.payment_reference import make_reference
from .common_settlement import SettlementCase

FEW, MANY = 3, 15


@tagged("post_install", "-at_install")
class TestBillingScale(SettlementCase):
    """Four more records may not ask four more questions: what the work of a month asks does not grow with the property."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.many = cls.more_units(FEW + MANY)
        cls.make_tariff(cls.item_water, "2026-W", "metered", 4)
        cls.assign(cls.item_water, cls.many)
        cls.meters = cls.env["pm.meter"].create(
            [{"code": f"W-{unit.code}", "unit_id": unit.id, "item_id": cls.item_water.id} for unit in cls.many]
        )
        for day, value in (("2026-08-31", 100), ("2026-09-30", 130), ("2026-10-31", 161)):
            cls.env["pm.meter.reading"].create(
                [
                    {"meter_id": meter.id, "date": day, "value": value, "is_initial": value == 100}
                    for meter in cls.meters
                ]
            )

    def assertSteady(self, work, records, each=0):
        """`work` on many records asks as often as on a few, but for `each` question a record at most."""
        self.assertEqual(len(records), FEW + MANY)
        counts = []
        # The first is done twice, so that what is asked once a process is known.
        for part in (records[:1], records[1:FEW], records[FEW:]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            work(part)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        _first, few, many = counts
        self.assertLessEqual(many - few, each * (MANY - FEW + 1) + 6, f"{few} for {FEW - 1}, {many} for {MANY}")

    @freeze_time("2026-11-20 04:00:00")
    def test_readings_are_entered_corrected_and_estimated(self):
        readings = self.env["pm.meter.reading"].with_user(self.accountant)
        day = fields.Date.to_date("2026-11-19")
        self.assertSteady(
            lambda meters: readings.create(
                [{"meter_id": meter.id, "date": "2026-11-18", "value": 180} for meter in meters]
            ),
            self.meters,
        )
        self.assertEqual(set(self.meters.reading_ids.filtered(lambda r: r.value == 180).mapped("usual")), {18})
        readings.search([("value", "=", 180)]).unlink()
        missing = self.env["pm.meter.missing"].with_user(self.accountant)
        rows = missing.search([("month", "=", "2026-11-01"), ("meter_id", "in", self.meters.ids)])
        self.assertSteady(lambda part: part.mapped("expected_value"), rows)
        self.assertSteady(lambda meters: readings._estimate(meters, day, "nobody at home"), self.meters)
        self.assertEqual(set(self.meters.mapped("last_value")), {180})

    def test_charges_are_reversed_and_written_off(self):
        charges = self.bill("2026-10-01", self.item_area).charge_ids.filtered(lambda c: c.unit_id in self.many)

        def write_off(part):
            action = part.with_user(self.accountant).action_write_off()
            record = self.env["pm.write.off"].browse(action["res_id"]).with_user(self.accountant)
            record.write({"reason": "gone", "note": "Company dissolved."})
            record.action_submit()
            record.with_user(self.manager).action_approve()

        self.assertSteady(write_off, charges, each=1)  # Odoo asks for the analytic distribution of each line
        again = self.bill("2026-11-01", self.item_area).charge_ids.filtered(lambda c: c.unit_id in self.many)
        self.assertSteady(lambda part: part.with_user(self.accountant)._reverse("data"), again, each=1)
        self.assertEqual(set(again.mapped("state")), {"reversed"})
        self.assertLedgerMatches()

    @freeze_time("2026-11-20 04:00:00")
    def test_proposals_are_accepted_many_at_a_time(self):
        self.bill("2026-10-01", self.item_area)
        lines = self.env["account.bank.statement.line"].create(
            [
                {
                    "journal_id": self.env["pm.payment.method"]._get(self.company, "transfer").journal_id.id,
                    "date": "2026-11-19",
                    "amount": 9999,  # more than is owed: left to a person
                    "payment_ref": make_reference("unit", unit.id),
                }
                for unit in self.many
            ]
        )
        lines.with_user(self.accountant)._pm_match()
        proposals = lines.pm_proposal_ids.filtered(lambda p: p.state == "proposed")
        self.assertSteady(lambda part: part.with_user(self.accountant).action_accept(), proposals, each=11)
        self.assertEqual(set(lines.mapped("pm_match_state")), {"matched"})
        self.assertEqual(set(lines.mapped("pm_match_reason")), {f"Accepted by {self.accountant.name}"})
        self.assertEqual(set(proposals.mapped("state")), {"accepted"})
        self.assertLedgerMatches()
