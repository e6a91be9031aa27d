from odoo import fields, models
from odoo.tools import SQL


class PmProperty(models.Model):
    _inherit = "pm.property"

    deadline_basis = fields.Selection(
        [("calendar", "Calendar days"), ("working", "Working days")],
        string="Deadlines Counted In",
        help="Empty: as set on the company. Working days follow the property's working calendar (CON-14).",
    )
    ticket_sequence_id = fields.Many2one("ir.sequence", readonly=True, copy=False, groups="base.group_system")

    def _next_ticket_numbers(self, count):
        """Return ``count`` new ticket numbers of this property: one register, one number sequence (S2-03)."""
        self.ensure_one()
        prop = self.sudo()  # the sequence belongs to the program, every employee may write a ticket (S2-04)
        if not prop.ticket_sequence_id:
            # Two first tickets at the same moment must not make two sequences.
            self.env.cr.execute(SQL("SELECT 1 FROM pm_property WHERE id = %s FOR NO KEY UPDATE", self.id))
            prop.invalidate_recordset(["ticket_sequence_id"])
            if not prop.ticket_sequence_id:
                # sudo: numbering is the program's
                prop.ticket_sequence_id = (
                    self.env["ir.sequence"]
                    .sudo()
                    .create(
                        {
                            "name": f"Tickets {prop.code}",
                            "code": "pm.ticket",
                            "prefix": f"{(prop.code or '').replace('%', '%%')}-%(y)s%(month)s-",
                            "padding": 5,
                            "company_id": prop.company_id.id,
                        }
                    )
                )
                self.env.flush_all()
        sequence = prop.ticket_sequence_id.with_context(ir_sequence_date=str(self._today()))
        if sequence.implementation != "standard" or sequence.use_date_range:
            return [sequence.next_by_id() for __ in range(count)]
        # One query for the whole batch instead of one per ticket.
        rows = self.env.execute_query(
            SQL("SELECT nextval(%s) FROM generate_series(1, %s)", f"ir_sequence_{sequence.id:03d}", count)
        )
        return [sequence.get_next_char(number) for (number,) in rows]
