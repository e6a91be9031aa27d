from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests.common import tagged

from .common import PNG, RenovationCase


@tagged("post_install", "-at_install")
class TestSecurity(RenovationCase):
    """What a client may try over RPC: any value, any context key, any id."""

    def test_defaults_in_the_context_take_no_step(self):
        values = {
            "unit_id": self.units[0].id,
            "applicant_id": self.owners[0].id,
            "date_start": self.today,
            "date_end": self.today,
        }
        case = (
            self.env["pm.renovation"]
            .with_user(self.officer)
            .with_context(default_state="passed", default_permit_number="P-1", default_decided_by_id=self.manager.id)
            .create(values)
        )
        self.assertEqual((case.state, case.permit_number, case.decided_by_id.id), ("draft", False, False))

    def test_a_record_adopts_no_file_that_its_writer_may_not_see(self):
        case = self.make_case()
        pending = self.env["ir.attachment"].with_user(self.accountant).create({"name": "wages.pdf", "raw": b"x"})
        own = self.env["ir.attachment"].with_user(self.officer).create({"name": "plan.png", "raw": PNG})
        paper = case.paper_ids[:1].with_user(self.officer)
        with self.assertRaises(AccessError):
            paper.write({"attachment_ids": [Command.link(pending.id)]})
        self.assertFalse(pending.res_id)
        paper.write({"attachment_ids": [Command.link(own.id)]})
        self.assertEqual((own.res_model, own.res_id), (paper._name, paper.id))

    def test_whether_a_paper_is_in_order_is_judged_by_its_buttons(self):
        paper = self.make_case().paper_ids[:1].with_user(self.officer)
        for vals in ({"verdict": "accepted"}, {"checked_by_id": self.manager.id}, {"checked_at": "2026-01-01"}):
            with self.assertRaises(AccessError):
                paper.write(vals)
        paper.on_paper = True
        for user in (self.front_desk, self.technician, self.leadership):
            with self.assertRaises(AccessError):
                paper.with_user(user).action_accept()
        paper.action_accept()
        self.assertEqual((paper.state, paper.checked_by_id), ("accepted", self.officer))
        paper.action_take_back()
        self.assertEqual((paper.state, paper.checked_by_id.id), ("received", False))
