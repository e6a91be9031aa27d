from dateutil.relativedelta import relativedelta
from odoo import models
from odoo.fields import Domain

STOPPED = ("invalid", "cancelled")


class PmProperty(models.Model):
    """What the service desk did between two days, in figures. Source: S4-17 (information of the whole service process).

    Counted are the records that the reader may see; moments count by the day of the property.
    """

    _inherit = "pm.property"

    def _desk_statistics(self, date_from, date_to):
        """Return the figures of the days, both included.

        :return: dict of lists of rows; each row begins with a record, a value of a selection, or False:

            - ``types``: (type, received, handled, closed, void, reopened, open at the end); void are invalid and cancelled ones
            - ``clocks``: (rule, fallen due, kept, missed) of the clocks that fell due in these days
            - ``complaints``: (category, complaints, not justified)
            - ``causes``: (cause, complaints) of the justified ones
            - ``answers``: (answer, follow-ups)
        """
        self.ensure_one()
        start = self._local_midnight_utc(date_from)
        stop = self._local_midnight_utc(date_to + relativedelta(days=1))

        def within(name):
            return Domain(name, ">=", start) & Domain(name, "<", stop)

        own = Domain("property_id", "=", self.id)
        tickets = self.env["pm.ticket"].with_context(active_test=False)
        valid = Domain("state", "not in", STOPPED)
        open_then = Domain("received_at", "<", stop) & (
            Domain("closed_at", "=", False) | Domain("closed_at", ">=", stop)
        )
        complaints = own & valid & within("received_at") & Domain("type_code", "=", "complaint")
        clocks = self.env["pm.deadline"]
        due = own & within("due") & Domain("res_model", "=", "pm.ticket")
        return {
            "types": self._count_together(
                tickets,
                "type_id",
                own & within("received_at"),
                own & valid & within("handled_at"),
                own & valid & within("closed_at"),
                own & within("received_at") & Domain("state", "in", STOPPED),
                own & within("received_at") & Domain("reopen_count", ">", 0),
                own & valid & open_then,
            ),
            "clocks": self._count_together(
                clocks,
                "rule_id",
                due & Domain("state", "in", ("met", "breached")),
                due & Domain("state", "=", "met"),
                due & Domain("state", "=", "breached"),
            ),
            "complaints": self._count_together(
                tickets, "category_id", complaints, complaints & Domain("validity", "=", "unfounded")
            ),
            "causes": self._count_together(tickets, "root_cause", complaints & Domain("validity", "!=", "unfounded")),
            "answers": self._count_together(self.env["pm.followup"], "satisfied", own & within("date")),
        }

    @staticmethod
    def _count_together(model, field, *domains):
        """Return ``[(value of the field, records of each domain …)]``: one statement a domain, rows in the field's order."""
        columns = [dict(model._read_group(domain, [field], ["__count"])) for domain in domains]
        values = list(dict.fromkeys(value for column in columns for value in column))
        if model._fields[field].relational:
            values = [
                *model.env[model._fields[field].comodel_name].union(*(value for value in values if value)).sorted()
            ] + [value for value in values if not value]
        return [(value, *(column.get(value, 0) for column in columns)) for value in values]
