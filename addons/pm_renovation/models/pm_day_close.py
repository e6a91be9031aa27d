from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain

from odoo.addons.pm_base.tools.labels import selection_label

REGISTERS = [
    ("work_log", "Work log"),
    ("vacant", "Vacant units patrolled"),
    ("renovation", "Renovation patrols"),
    ("followup", "Follow-ups and visits"),
    ("ledger", "Changes of the fee ledger"),
]
# What only the butler knows is written by him, every day.
WRITTEN = ("work_log", "vacant")


class PmDayClose(models.Model):
    """A butler's day in its five registers, filled in before the evening meeting (管家日结). Source: S4-76.

    What the program knows it counts (patrols, follow-ups, visits, payments); what stays open must be explained, what only
    the butler knows must be written. A closed day is history.
    """

    _name = "pm.day.close"
    _description = "Butler's Day"
    _inherit = ["pm.program.fields", "mail.thread"]
    _order = "date desc, property_id, user_id"
    _program_fields = frozenset({"state", "closed_at", "closed_by_id"})

    _once = models.UniqueIndex("(property_id, user_id, date)", "This day of the butler is there already.")

    property_id = fields.Many2one(
        "pm.property",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.user.pm_property_ids[:1],
    )
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users", "Butler", required=True, index=True, ondelete="restrict", default=lambda self: self.env.user
    )
    date = fields.Date(required=True, default=fields.Date.context_today)
    line_ids = fields.One2many("pm.day.close.line", "close_id", "Registers")
    state = fields.Selection(
        [("open", "To fill in"), ("closed", "Closed")],
        required=True,
        default="open",
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    closed_at = fields.Datetime(readonly=True, copy=False)
    closed_by_id = fields.Many2one("res.users", readonly=True, copy=False)

    @api.depends("user_id.name", "date")
    def _compute_display_name(self):
        for day in self:
            day.display_name = f"{day.user_id.name or ''} {day.date or ''}".strip()

    @api.model_create_multi
    def create(self, vals_list):
        days = super().create(vals_list)
        for day in days:
            day._check_own()
            # sudo: the lines are the program's; the day was created with the user's own rights
            day.sudo().line_ids = [Command.clear()] + [
                Command.create({"register": register}) for register, _label in REGISTERS
            ]
        days.action_count()
        return days

    def write(self, vals):
        if not self.env.su:
            if any(day.state == "closed" for day in self):
                raise UserError(self.env._("A closed day is history and stays as it is."))
            if vals.keys() & {"user_id", "date", "property_id"}:
                raise UserError(self.env._("Whose day it is does not change: open another day."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Registers are kept: a day is not deleted."))

    def _check_own(self):
        """A butler keeps his own registers; a supervisor may fill in for one who is away."""
        if self.env.su or self.env.user.has_group("pm_base.group_supervisor"):
            return
        if any(day.user_id != self.env.user for day in self):
            raise AccessError(self.env._("These are the registers of another butler."))

    # -- counting ------------------------------------------------------------------------------------------------------

    def _register_domains(self, register):
        """Return ``(model, domain of what was done, domain of what is still open)``, or None if the program knows nothing.

        Other add-ons extend this for registers of their own.
        """
        self.ensure_one()
        begin = self.property_id._local_midnight_utc(self.date)
        end = self.property_id._local_midnight_utc(self.date + timedelta(days=1))
        place = Domain("property_id", "=", self.property_id.id)
        own = place & Domain("user_id", "=", self.user_id.id)
        if register == "work_log":
            handled = own & Domain("handled_at", ">=", begin) & Domain("handled_at", "<", end)
            return "pm.ticket", handled, None
        if register == "vacant":
            return "pm.unit", None, own & Domain("status", "=", "vacant")
        if register == "renovation":
            patrols = own & Domain("kind", "=", "patrol") & Domain("date", "=", self.date)
            return (
                "pm.renovation.inspection",
                patrols & Domain("state", "=", "done"),
                patrols & Domain("state", "!=", "done"),
            )
        if register == "followup":
            return (
                "pm.visit",
                own & Domain("recorded_at", ">=", begin) & Domain("recorded_at", "<", end),
                own & Domain("planned_on", "=", self.date) & Domain("state", "in", ("planned", "appointed")),
            )
        if register == "ledger":
            changed = own & Domain("date", "=", self.date) & Domain("kind", "!=", "charge")
            return "pm.charge.movement", changed, None
        return None

    def action_count(self):
        """Count anew what the program knows of the day."""
        for day in self.filtered(lambda day: day.state == "open"):
            for line in day.line_ids:
                # sudo: figures of the butler's own day, whatever module they come from
                line.sudo().write(line.sudo()._count())

    # -- closing -------------------------------------------------------------------------------------------------------

    def action_close(self):
        """Close the day: what is open is explained, what only the butler knows is written."""
        self.check_access("write")
        self._check_own()
        for day in self:
            if day.state != "open":
                continue
            if day.date > day.property_id._today():
                raise UserError(self.env._("%s: a day that has not begun cannot be closed.", day.display_name))
            day.action_count()
            for line in day.line_ids:
                label = selection_label(line, "register")
                if (line.note or "").strip():
                    continue
                if line.register in WRITTEN:
                    raise UserError(
                        self.env._(
                            "%(day)s: write what was done in “%(register)s”.", day=day.display_name, register=label
                        )
                    )
                if line.open:
                    raise UserError(
                        self.env._(
                            "%(day)s: “%(register)s” has %(count)s still open: explain why.",
                            day=day.display_name,
                            register=label,
                            count=line.open,
                        )
                    )
        # sudo: the guards above have agreed
        self.filtered(lambda day: day.state == "open").sudo().write(
            {"state": "closed", "closed_at": fields.Datetime.now(), "closed_by_id": self.env.uid}
        )

    # -- hourly job ----------------------------------------------------------------------------------------------------

    @api.model
    def _cron_open(self):
        """Open the day's registers of every butler from the hour of S4-76 on; safe to run twice."""
        self.env["ir.cron"]._each_property(self._open_for, "registers of the day")

    @api.model
    def _open_for(self, prop):
        now = prop._now_local()
        if (
            not prop.day_close_time
            or now.hour + now.minute / 60 < prop.day_close_time
            or not prop._works_on(now.date())
        ):
            return self.browse()
        butlers = self.env["pm.unit"]._read_group(
            [("property_id", "=", prop.id), ("user_id.active", "=", True)], ["user_id"]
        )
        there = self.search([("property_id", "=", prop.id), ("date", "=", now.date())]).user_id
        return self.create(
            [
                {"property_id": prop.id, "user_id": user.id, "date": now.date()}
                for (user,) in butlers
                if user not in there
            ]
        )


class PmDayCloseLine(models.Model):
    """One register of a butler's day. Source: S4-76."""

    _name = "pm.day.close.line"
    _description = "Register of a Butler's Day"
    _inherit = ["pm.program.fields"]
    _order = "close_id, id"
    _program_fields = frozenset({"register", "done", "open", "amount"})

    _once = models.UniqueIndex("(close_id, register)", "A day has each register once.")

    close_id = fields.Many2one("pm.day.close", required=True, index=True, ondelete="cascade")
    property_id = fields.Many2one(related="close_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="close_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    register = fields.Selection(REGISTERS, required=True, readonly=True)
    done = fields.Integer(readonly=True)
    open = fields.Integer("Still Open", readonly=True)
    amount = fields.Monetary(readonly=True, help="Received from customers of the butler's units on that day.")
    note = fields.Text("Record", help="What was done and found; why something is still open.")

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("The registers of a day are made by the program."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self.close_id._check_own()
            if any(line.close_id.state == "closed" for line in self):
                raise UserError(self.env._("A closed day is history and stays as it is."))
            if "close_id" in vals:
                raise UserError(self.env._("Whose day it is does not change: open another day."))
        return super().write(vals)

    def _count(self):
        """Return the figures of the register as values."""
        found = self.close_id._register_domains(self.register)
        if not found:
            return {}
        model, done, still_open = found
        values = {
            "done": self.env[model].search_count(done) if done else 0,
            "open": self.env[model].search_count(still_open) if still_open else 0,
        }
        if self.register == "ledger":
            [(received,)] = self.env[model]._read_group(done, [], ["settled:sum"])
            values["amount"] = received or 0.0
        if self.register == "followup":
            day = self.close_id
            begin = day.property_id._local_midnight_utc(day.date)
            values["done"] += self.env["pm.followup"].search_count(
                [
                    ("property_id", "=", day.property_id.id),
                    ("user_id", "=", day.user_id.id),
                    ("date", ">=", begin),
                    ("date", "<", begin + timedelta(days=1)),
                ]
            )
        return values

    def action_open_records(self):
        """Show what the register counts."""
        self.ensure_one()
        found = self.close_id._register_domains(self.register)
        if not found:
            return False
        model, done, still_open = found
        return {
            "type": "ir.actions.act_window",
            "name": selection_label(self, "register"),
            "res_model": model,
            "view_mode": "list,form",
            "domain": list(Domain.OR(part for part in (done, still_open) if part)),
        }


class PmProperty(models.Model):
    _inherit = "pm.property"

    _day_close_time = models.Constraint(
        "CHECK (day_close_time >= 0 AND day_close_time < 24)",
        "The hour of the day's close lies between 0:00 and 24:00.",
    )

    day_close_time = fields.Float(
        "Butlers Close the Day At",
        default=17 + 10 / 60,
        help="From this hour of a working day the butlers fill in their five registers (S4-76: 17:10); 0 = not asked for.",
    )
