from odoo import models

from odoo.addons.pm_base.tools.labels import selection_label, selection_labels

from ..models.pm_visit import DONE_STATES


class ReportRegister(models.AbstractModel):
    """A register as a paper: visit register (业主登记记录表), follow-up register (业主回访表). Source: S4-100, App. (4)."""

    _name = "report.pm_customer_service.register"
    _inherit = "pm.document"
    _description = "Register"
    _landscape = True

    def _title(self, record):
        return selection_label(record, "kind")

    def _number(self, record):
        return f"{record.date_from} – {record.date_to}"

    def _partner(self, record):
        return None

    def _story(self, record, kit):
        table, count = getattr(self, f"_register_{record.kind}")(record, kit)
        if not count:
            return [kit.p(record.env._("Nothing was recorded in this period."))]
        tables = table if isinstance(table, list) else [table]
        return [*tables, kit.signatures([record.env._("Compiled by"), record.env._("Supervisor")])]

    def _register_complaint(self, record, kit):
        """Complaint record book (投诉记录簿). Source: S1-07, S4-45."""
        return self._ticket_table(record, kit)

    def _register_contact(self, record, kit):
        """Letters, visits and calls, whatever they were about (来信来访登记). Source: S1-11, S4-37, S4-45."""
        return self._ticket_table(record, kit)

    def _find_tickets(self, record):
        """Return the tickets of the register's days: complaints, or all that customers came with."""
        start, stop = record._bounds()
        kind = ("type_code", "=", "complaint") if record.kind == "complaint" else ("channel", "!=", "patrol")
        return record.env["pm.ticket"].search(
            [
                ("property_id", "=", record.property_id.id),
                ("received_at", ">=", start),
                ("received_at", "<", stop),
                kind,
            ],
            order="received_at, id",
        )

    def _ticket_table(self, record, kit):
        _ = record.env._
        tickets = self._find_tickets(record)
        channels = selection_labels(tickets, "channel")
        states = selection_labels(tickets, "state")
        tz = record.property_id.tz
        rows = [
            [
                kit.datetime(ticket.received_at, tz=tz),
                ticket.number,
                channels[ticket.channel],
                ticket.unit_id.name or ticket.location or "",
                ticket.contact_name or "",
                f"{ticket.name}\n{ticket.description or ''}".strip(),
                ticket.solution or ticket.explanation or ticket.stop_reason or "",
                ticket.user_id.sudo().name or "",  # names of colleagues stand on the house's papers
                kit.datetime(ticket.handled_at, tz=tz) if ticket.handled_at else "",
                states[ticket.state],
            ]
            for ticket in tickets
        ]
        header = [
            _("Received At"),
            _("Number"),
            _("Channel"),
            _("Unit"),
            _("Customer"),
            _("Request"),
            _("Result"),
            _("Handler"),
            _("Handled At"),
            _("State"),
        ]
        return kit.table(header, rows, widths=[26, 28, 18, 20, 26, 56, 50, 18, 26, 16]), len(rows)

    def _register_visit(self, record, kit):
        _ = record.env._
        start, stop = record._bounds()
        visits = record.env["pm.visit"].search(
            [
                ("property_id", "=", record.property_id.id),
                ("state", "in", DONE_STATES),
                ("visited_at", ">=", start),
                ("visited_at", "<", stop),
            ],
            order="visited_at, id",
        )
        methods = selection_labels(visits, "method")
        rows = [
            [
                kit.datetime(visit.visited_at, tz=record.property_id.tz),
                visit.unit_id.name or "",
                visit.partner_id.name or "",
                visit.partner_id.phone or "",
                methods[visit.method],
                "\n".join(filter(None, [visit.talk, *(f"· {topic.words}" for topic in visit.topic_ids)])),
                ", ".join(visit.topic_ids.ticket_id.mapped("number")),
                visit.user_id.sudo().name,  # names of colleagues stand on the house's papers
            ]
            for visit in visits
        ]
        header = [
            _("Held At"),
            _("Unit"),
            _("Customer"),
            _("Phone"),
            _("Method"),
            _("Talk Record"),
            _("Tickets"),
            _("Visited By"),
        ]
        return kit.table(header, rows, widths=[28, 22, 28, 28, 30, 84, 30, 22]), len(rows)

    def _register_followup(self, record, kit):
        _ = record.env._
        start, stop = record._bounds()
        followups = record.env["pm.followup"].search(
            [("property_id", "=", record.property_id.id), ("date", ">=", start), ("date", "<", stop)], order="date, id"
        )
        methods = selection_labels(followups, "method")
        answers = selection_labels(followups, "satisfied")
        # sudo: the name of a colleague is no secret to who may read the register
        rows = [
            [
                kit.datetime(followup.date, tz=record.property_id.tz),
                followup.ticket_id.number,
                followup.type_id.name,
                followup.unit_id.name or "",
                followup.partner_id.name or "",
                methods[followup.method],
                answers[followup.satisfied],
                followup.words or "",
                followup.user_id.sudo().name or "",
            ]
            for followup in followups
        ]
        header = [
            _("Date"),
            _("Ticket"),
            _("Kind"),
            _("Unit"),
            _("Customer"),
            _("Method"),
            _("Answer"),
            _("Customer's Words"),
            _("Asked By"),
        ]
        return kit.table(header, rows, widths=[28, 30, 18, 22, 28, 20, 20, 84, 22]), len(rows)

    def _register_service(self, record, kit):
        """The day's paid services and repairs (《特约服务/维修登记表》). Source: S1-79."""
        _ = record.env._
        orders, repairs = self._find_services(record)
        done = sorted([*self._order_rows(record, kit, orders), *self._repair_rows(record, kit, repairs)])
        header = [
            _("Done At"),
            _("Number"),
            _("Unit"),
            _("Customer"),
            _("Service or Repair"),
            _("Done By"),
            _("Amount"),
            _("Settlement"),
            _("Reconciled At"),
        ]
        total = [_("Total"), "", "", "", "", "", kit.money(sum(orders.mapped("amount_total"))), "", ""]
        rows = [row for _moment, _key, row in done]
        table = kit.table(header, rows, widths=[28, 28, 22, 34, 58, 22, 26, 22, 28], align="llllllrll", total=total)
        return table, len(rows)

    def _find_services(self, record):
        """Return what was done on the register's days: orders of paid services, and repairs that nobody pays for."""
        start, stop = record._bounds()
        orders = record.env["pm.service.order"].search(
            [("property_id", "=", record.property_id.id), ("done_at", ">=", start), ("done_at", "<", stop)]
        )
        repairs = record.env["pm.ticket"].search(
            [
                ("property_id", "=", record.property_id.id),
                ("type_code", "=", "repair"),
                ("handled_at", ">=", start),
                ("handled_at", "<", stop),
            ]
        )
        return orders, repairs

    def _order_rows(self, record, kit, orders):
        states = selection_labels(orders, "settlement_state")
        tz = record.property_id.tz
        # sudo: the name of a colleague is no secret to who may read the register
        for order in orders:
            row = [
                kit.datetime(order.done_at, tz=tz),
                order.name,
                order.unit_id.name or "",
                order.partner_id.name or "",
                ", ".join(order.line_ids.mapped("name")),
                order.user_id.sudo().name or "",
                kit.money(order.amount_total, order.currency_id),
                states[order.settlement_state],
                kit.datetime(order.reconciled_at, tz=tz) if order.reconciled_at else "",
            ]
            yield order.done_at, order.name, row

    def _repair_rows(self, record, kit, repairs):
        tz = record.property_id.tz
        # sudo: the name of a colleague is no secret to who may read the register
        for ticket in repairs:
            row = [
                kit.datetime(ticket.handled_at, tz=tz),
                ticket.number,
                ticket.unit_id.name or ticket.location or "",
                ticket.partner_id.name or "",
                ticket.name,
                ticket.handled_by_id.sudo().name or "",
                "",
                "",
                "",
            ]
            yield ticket.handled_at, ticket.number, row
