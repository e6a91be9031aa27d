import base64

from freezegun import freeze_time
from odoo import fields

from odoo.addons.pm_base.tests.common import PmCase

# A one-pixel PNG: the smallest true picture.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class RenovationCase(PmCase):
    """A property that asks for a deposit of 3,000, and short cuts to any state of a case."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The texts asked for are English, whatever languages the database has.
        cls.env["res.lang"]._activate_lang("en_US")
        cls.env = cls.env(context={**cls.env.context, "lang": "en_US"})
        cls.property.write(
            {
                "renovation_deposit_method": "fixed",
                "renovation_deposit_amount": 3000.0,
                "renovation_permit_warning_days": 7,
            }
        )
        cls.property._ensure_accounts()
        cls.method = cls.env["pm.payment.method"].search(
            [("company_id", "=", cls.company.id), ("code", "!=", "cash")], limit=1
        ) or cls.env["pm.payment.method"].search([("company_id", "=", cls.company.id)], limit=1)
        cls.work = cls.env.ref("pm_renovation.work_decoration")
        cls.today = cls.property._today()

    @classmethod
    def as_user(cls, record, role):
        """The record as a role sees it."""
        return record.with_user(getattr(cls, role))

    @classmethod
    def make_case(cls, unit=None, **values):
        unit = unit or cls.units[0]
        start = cls.property._today()
        return cls.env["pm.renovation"].create(
            {
                "unit_id": unit.id,
                "applicant_id": unit.owner_ids[:1].id,
                "date_start": start,
                "date_end": fields.Date.add(start, days=30),
                "work_ids": [fields.Command.create({"type_id": cls.work.id})],
                **values,
            }
        )

    def bring_papers(self, case):
        case.paper_ids.on_paper = True

    def submit(self, case):
        self.bring_papers(case)
        self.as_user(case, "officer").action_submit()

    def review(self, case):
        self.as_user(case, "officer").paper_ids.action_accept()
        reviewers = {"butler": "officer", "engineering": "technician", "manager": "supervisor"}
        for review in case._current_reviews().sorted("sequence"):
            mine = self.as_user(review, reviewers[review.role])
            mine.action_all_ok()
            mine.action_pass()

    def sign(self, case):
        self.as_user(case, "officer").write(
            {
                "agreement_signature": base64.b64encode(PNG),
                "agreement_signed_by": case.applicant_id.name,
                "rules_read": True,
            }
        )
        self.as_user(case, "officer").action_sign_agreement()

    def pay(self, case):
        return self.as_user(case.deposit_id, "cashier")._receive(self.method)

    def accept(self, case, bad=None):
        """Hold the acceptance; ``bad`` is the remark of a first line that is not OK."""
        self.hold(case._acceptance_inspection(), bad)

    def hold(self, inspection, bad=None, role="technician"):
        """Fill in a visit with a photo and finish it; ``bad`` is the remark of a first line that is not OK."""
        inspection = self.as_user(inspection, role)
        if bad:
            inspection.check_ids[0].write({"result": "not_ok", "remark": bad})
        inspection.action_all_ok()
        inspection.attachment_ids = self.file(role)
        inspection.action_done()

    def file(self, role="officer", name="photo.png", content=PNG):
        """A file that a role has just uploaded into a form."""
        return self.env["ir.attachment"].with_user(getattr(self, role)).create({"name": name, "raw": content})

    def bring_to(self, state, case=None, **values):
        """A case in ``state``, walked there step by step by the roles that do it."""
        case = case or self.make_case(**values)
        officer = self.as_user(case, "officer")
        steps = [
            ("submitted", lambda: self.submit(case)),
            ("approved", lambda: (self.review(case), self.as_user(case, "supervisor").action_approve())),
            ("agreement_signed", lambda: self.sign(case)),
            ("deposit_paid", lambda: self.pay(case)),
            ("permit_issued", officer.action_issue_permit),
            ("in_progress", officer.action_start),
            ("completion_notified", officer.action_notify_completion),
            ("accepted", lambda: (self.accept(case), officer.action_accept())),
            ("refund_requested", officer.action_request_refund),
            ("refunded", lambda: self.as_user(case.deposit_id, "cashier")._refund(self.method)),
            ("closed", officer.action_close),
        ]
        names = [name for name, __ in steps]
        done = names.index(case.state) + 1 if case.state in names else 0
        for name, step in steps[done : names.index(state) + 1]:
            step()
            self.assertEqual(case.state, name)
        return case

    def assertLedger(self, prop=None):
        """The liability account holds exactly the deposits held."""
        prop = prop or self.property
        prop.invalidate_recordset()
        self.env.flush_all()
        self.assertTrue(
            prop.currency_id.is_zero(prop.deposit_difference), f"{prop.deposit_held} held, {prop.deposit_ledger} booked"
        )

    def clock(self, record, kind):
        return record.deadline_ids.filtered(lambda d: d.kind == kind).sorted("id")[-1:]


def at(moment):
    """Freeze time at a moment of Shanghai (UTC+8), given as 'YYYY-MM-DD HH:MM'."""
    local = fields.Datetime.to_datetime(f"{moment}:00")
    return freeze_time(fields.Datetime.subtract(local, hours=8))
