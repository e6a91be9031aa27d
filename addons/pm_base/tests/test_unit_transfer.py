from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests.common import Form, tagged

from .common import PmCase


@tagged("post_install", "-at_install")
class TestUnitTransfer(PmCase):
    def _transfer(self, day="2026-03-15", lines=((1, 100.0),), **values):
        return self.env["pm.unit.transfer"].create(
            {
                "unit_id": self.units[0].id,
                "date": day,
                "line_ids": [(0, 0, {"partner_id": self.owners[index].id, "share": share}) for index, share in lines],
                **values,
            }
        )

    def test_old_owner_ends_the_day_before_and_the_new_one_pays_from_then(self):
        transfer = self._transfer()
        transfer.with_user(self.assistant).action_confirm()
        old, new = self.parties[0], transfer.new_party_ids
        self.assertEqual(
            (old.date_to, new.date_from, new.partner_id), (date(2026, 3, 14), date(2026, 3, 15), self.owners[1])
        )
        self.assertEqual(self.units._payer_on(date(2026, 3, 14))[self.units[0].id], self.owners[0].id)
        self.assertEqual(self.units._payer_on(date(2026, 3, 15))[self.units[0].id], self.owners[1].id)
        self.assertTrue(old.exists(), "history is closed, not overwritten")

    def test_ownership_can_be_split(self):
        transfer = self._transfer(lines=((1, 60.0), (2, 40.0)))
        transfer.action_confirm()
        self.assertEqual(sorted(transfer.new_party_ids.mapped("share")), [40.0, 60.0])
        self.assertEqual(transfer.new_party_ids.filtered("is_payer").partner_id, self.owners[1])

    def test_the_present_owner_may_keep_a_share(self):
        transfer = self._transfer(lines=((0, 50.0), (1, 50.0)))
        transfer.action_confirm()
        self.assertEqual(transfer.new_party_ids.partner_id, self.owners[0] | self.owners[1])

    def test_a_tenant_who_pays_goes_on_paying(self):
        self.parties[0].is_payer = False
        self.env["pm.unit.party"].create(
            {
                "unit_id": self.units[0].id,
                "partner_id": self.owners[2].id,
                "role": "tenant",
                "is_payer": True,
                "date_from": "2025-01-01",
            }
        )
        self._transfer().action_confirm()
        self.assertEqual(self.units._payer_on(date(2026, 4, 1))[self.units[0].id], self.owners[2].id)

    def test_shares_above_100_or_no_new_owner_are_refused_before_anything_changes(self):
        for lines, error in (((1, 60.0), (2, 50.0)), ValidationError), ((), UserError):
            with self.subTest(lines=lines), self.assertRaises(error), self.cr.savepoint():
                self._transfer(lines=lines).action_confirm()
            self.assertFalse(self.parties[0].date_to)

    def test_a_transfer_before_the_present_ownership_is_refused(self):
        self._transfer(day="2026-03-15").action_confirm()
        with self.assertRaisesRegex(UserError, "already has an owner from 2026-03-15"):
            self._transfer(day="2026-03-10", lines=((2, 100.0),)).action_confirm()

    def test_twice_is_refused_and_done_stays(self):
        transfer = self._transfer()
        transfer.action_confirm()
        with self.assertRaisesRegex(UserError, "must be a draft"):
            transfer.action_confirm()
        with self.assertRaisesRegex(UserError, "history"):
            transfer.unlink()

    def test_warnings_of_upper_modules_are_shown_but_never_block(self):
        model = type(self.env["pm.unit.transfer"])
        with patch.object(model, "_get_transfer_warnings", lambda self: ["Arrears of more than 3 months"]):
            transfer = self._transfer()
            self.assertIn("Arrears", transfer.warning)
            transfer.action_confirm()
        self.assertEqual(transfer.state, "done")

    def test_form_as_assistant(self):
        with Form(self.env["pm.unit.transfer"].with_user(self.assistant)) as form:
            form.unit_id = self.units[1]
            with form.line_ids.new() as line:
                line.partner_id = self.owners[2]
        form.record.action_confirm()
        self.assertIn(self.owners[2], self.units[1].party_ids.partner_id)

    def test_butler_may_not_confirm(self):
        with self.assertRaises(AccessError):
            self._transfer().with_user(self.officer).action_confirm()
