from datetime import datetime, timedelta

from odoo.addons.pm_base.tests.common import PmCase


def local(text):
    """Return the naive UTC moment of a local time in Shanghai, such as '2026-11-02 10:00'."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M") - timedelta(hours=8)


class DeskCase(PmCase):
    """The test property with a service desk. Monday 2 November 2026 is the usual start."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.types = {kind.code: kind for kind in cls.env["pm.ticket.type"].search([])}
        cls.team = cls.env["pm.team"].create(
            {
                "name": "Engineering",
                "property_id": cls.property.id,
                "user_id": cls.supervisor.id,
                "member_ids": [(6, 0, cls.technician.ids)],
                "category_ids": [(6, 0, cls.env.ref("pm_customer_service.ticket_category_water").ids)],
            }
        )
        cls.env["ir.config_parameter"].sudo().set_param("pm_customer_service.sample_seed", "test")

    @classmethod
    def new_ticket(cls, code="complaint", user=None, **values):
        return (
            cls.env["pm.ticket"]
            .with_user(user or cls.front_desk)
            .create(
                {
                    "name": f"A {code}",
                    "type_id": cls.types[code].id,
                    "unit_id": cls.units[0].id,
                    "property_id": cls.property.id,
                    "partner_id": cls.owners[0].id,
                    **values,
                }
            )
        )

    def clock(self, ticket, kind):
        return self.env["pm.deadline"].search(
            [("res_model", "=", ticket._name), ("res_id", "=", ticket.id), ("kind", "=", kind)]
        )

    def handle(self, ticket, user=None, **values):
        """Assign to ``user`` (default: the butler) and finish, as he would."""
        user = user or self.officer
        if ticket.state == "new":
            ticket.user_id = user
        ticket = ticket.with_user(user)
        ticket.write({"outcome": "solved_now", "solution": "Done.", **values})
        ticket.action_handle()
        return ticket

    def run_job(self):
        """One pass of the deadline job, without its commits."""
        total = 0
        while count := self.env["pm.deadline"]._process_due(50):
            total += count
        return total
