"""A household in arrears, and days that pass, for the tests of reminders and law."""

import base64
from datetime import date, timedelta

from freezegun import freeze_time
from odoo import Command

from .cashier_common import CashierCase

PIXEL = base64.b64encode(
    base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
)


class DunningCase(CashierCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Nobody is a large customer unless a test says so.
        cls.property.write({"chargeable_area": 1000000, "large_customer_permille": 1000, "counsel_id": cls.counsel.id})
        cls.general = cls.env.ref("pm_fees.dunning_policy_general")
        cls.large = cls.env.ref("pm_fees.dunning_policy_large")

    @classmethod
    def run_day(cls, day, dispatch=True, hour="02:00:00"):
        """The daily run and its hand-over at 10:00 local time of `day`; returns the actions made."""
        with freeze_time(f"{day} {hour}"):
            return cls._run(dispatch)

    @classmethod
    def _run(cls, dispatch=True):
        actions = cls.env["pm.dunning.case"]._run_property(cls.property)
        if dispatch:
            actions._dispatch()
        return actions

    def play(self, first, last, act=None):
        """Run every day from `first` to `last`; returns [(day, stage, kind, level name), …] of what was made.

        :param act: called with (day, new actions) under the frozen time of each day
        """
        seen, day, end = [], date.fromisoformat(first), date.fromisoformat(last)
        # One clock that is put forward: to freeze it anew each day costs more than the day.
        with freeze_time(f"{first} 02:00:00") as clock:
            while day <= end:
                clock.move_to(f"{day} 02:00:00")
                actions = self._run()
                seen += [(day.isoformat(), a.stage, a.kind, a.level_id.name) for a in actions.sorted("level_id")]
                if act:
                    clock.move_to(f"{day} 03:00:00")
                    act(day, actions)
                day += timedelta(days=1)
        return seen

    def complaint(self, **values):
        return (
            self.env["pm.ticket"]
            .with_user(self.officer)
            .create(
                {
                    "name": "The roof leaks",
                    "type_id": self.env["pm.ticket.type"].search([("code", "=", "complaint")], limit=1).id,
                    "unit_id": self.units[0].id,
                    "property_id": self.property.id,
                    "partner_id": self.owners[0].id,
                    **values,
                }
            )
        )

    def case(self, unit=None):
        return self.env["pm.dunning.case"].search(
            [("unit_id", "=", (unit or self.units[0]).id)], order="id desc", limit=1
        )

    def messages(self, actions):
        return self.env["pm.message"].search([("res_model", "=", "pm.dunning.action"), ("res_id", "in", actions.ids)])

    @classmethod
    def picture(cls, user, name="proof.png"):
        return cls.env["ir.attachment"].with_user(user).create({"name": name, "datas": PIXEL})

    def deliver(self, action, day, user=None, **values):
        """Record the delivery of a paper with a signature."""
        with freeze_time(f"{day} 03:00:00"):
            paper = action.with_user(user or self.officer)
            paper.write({"delivery_method": "hand", "signed": True, **values})
            paper.action_delivered()

    def decide(self, action, day, user=None, note="looked at", **values):
        with freeze_time(f"{day} 03:00:00"):
            wizard = (
                self.env["pm.dunning.decision"]
                .with_user(user or self.manager)
                .create(
                    {
                        **self.env["pm.dunning.decision"]
                        .with_user(user or self.manager)
                        .with_context(default_action_id=action.id)
                        .default_get(["action_id", "line_ids"]),
                        "service_checked": True,
                        "note": note,
                        **values,
                    }
                )
            )
            return wizard.action_approve()

    def send_letter(self, action, day, number="EMS1234567CN"):
        with freeze_time(f"{day} 03:00:00"):
            letter = action.with_user(self.counsel)
            letter.write(
                {
                    "tracking_no": number,
                    "carrier_id": self.env.ref("pm_fees.dunning_carrier_ems").id,
                    "letter_ids": [Command.link(self.picture(self.counsel, "letter.png").id)],
                }
            )
            letter.action_letter_sent()

    def call(self, result, day=None, user=None, case=None, **values):
        """Record a contact by hand."""
        case = case or self.case()
        with freeze_time(f"{day or case.property_id._today()} 03:00:00"):
            call = (
                self.env["pm.dunning.call"]
                .with_user(user or self.officer)
                .create({"case_id": case.id, "result": result, **values})
            )
            call.action_record()
        return call
