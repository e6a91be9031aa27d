import base64

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests.common import tagged

from .common import PNG, RenovationCase


@tagged("post_install", "-at_install")
class TestDocuments(RenovationCase):
    def pdf(self, report, record, user=None):
        document = self.env["pm.document"].with_user(user) if user else self.env["pm.document"]
        content = document._pdf(f"pm_renovation.{report}", record)
        self.assertTrue(content.startswith(b"%PDF"))
        return content

    def test_every_paper_prints(self):
        case = self.bring_to("in_progress")
        violation = self.env["pm.renovation.violation"].create(
            {
                "renovation_id": case.id,
                "type_id": self.env.ref("pm_renovation.violation_illegal_structure").id,
                "description": "Glass house <b>on</b> the terrace & more",
                "authority": "District housing authority",
                "attachment_ids": [
                    fields.Command.create({"name": "photo.png", "datas": base64.b64encode(PNG)}),
                    fields.Command.create({"name": "broken.png", "raw": b"not a picture", "mimetype": "image/png"}),
                ],
            }
        )
        violation.action_notify()
        self.pdf("violation_report", violation)
        self.pdf("authority_report", violation)
        worker = self.env["pm.renovation.worker"].create(
            {"renovation_id": case.id, "name": "Worker One", "photo": base64.b64encode(PNG)}
        )
        with self.assertRaisesRegex(UserError, "issue it first"):
            self.pdf("worker_report", worker)
        worker.id_shown = True
        worker.action_issue_pass()
        self.pdf("worker_report", worker.with_user(self.officer), self.officer)
        patrol = self.env["pm.renovation"]._plan_patrols(self.property)
        self.pdf("inspection_report", patrol.with_user(self.technician), self.technician)
        violation.action_report()
        violation.action_close()
        worker.action_return_pass()
        self.env["pm.ticket"].create({"name": "Noise", "unit_id": case.unit_id.id, "renovation_id": case.id})
        self.bring_to("refund_requested", case)
        deduction = self.env["pm.deposit.deduction"].create(
            {
                "deposit_id": case.deposit_id.id,
                "name": "Lift panel dented",
                "amount": 10.0,
                "attachment_ids": self.file().ids,
            }
        )
        self.pdf("deduction_report", deduction.with_user(self.officer), self.officer)
        self.pdf("notice_report", self.property.with_user(self.front_desk), self.front_desk)
        self.pdf("deposit_ledger_report", self.property.with_user(self.accountant), self.accountant)
        for report in (
            "application_report",
            "agreement_report",
            "permit_report",
            "acceptance_report",
            "neighbour_report",
            "pass_register_report",
            "case_file_report",
        ):
            with self.subTest(report=report):
                self.pdf(report, case)
                self.pdf(report, case.with_user(self.officer), self.officer)
        self.pdf("deposit_refund_report", case.deposit_id.with_user(self.cashier), self.cashier)

    def test_paper_that_is_not_due_is_refused(self):
        case = self.bring_to("agreement_signed")
        with self.assertRaisesRegex(UserError, "issue it first"):
            self.pdf("permit_report", case)
        with self.assertRaisesRegex(UserError, "held its acceptance"):
            self.pdf("acceptance_report", case)
        with self.assertRaisesRegex(UserError, "must be requested"):
            self.pdf("deposit_refund_report", case.deposit_id)
