from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date, format_datetime

from odoo.addons.pm_base.tools.labels import selection_labels

from .pm_kpi_relations import TO_VISIT, visited_domain
from .pm_ticket import OPEN_STATES
from .pm_visit import OPEN_STATES as VISIT_OPEN

ONE_DAY = timedelta(days=1)
# Rows of a block; what comes after is one row more, which opens all of them.
_SHOWN = 10
_PENDING = Domain("state", "in", ("running", "breached")) & Domain("met_at", "=", False)
# A clock that stands still asks nothing of anybody.
_TICKING = _PENDING & Domain("paused_since", "=", False)
_TICKET_OPEN = Domain("state", "in", (*OPEN_STATES, "handled", "followed_up"))


class PmDeskBoard(models.AbstractModel):
    """The supervisor's day: what is due, what is late and whose, which calls to make, what is about to go wrong.

    Every figure is a sum of the database and opens its records; their number does not change how often it is asked. What a
    property's "today" is, its own time zone says. Source: S0-26, S0-29, S0-70.
    """

    _name = "pm.desk.board"
    _description = "Supervisor's Day"
    _inherit = ["pm.board"]

    _viewers = ("pm_base.group_supervisor", "pm_base.group_leadership")
    _actions = {
        "pm.deadline": "pm_customer_service.pm_deadline_action",
        "pm.ticket": "pm_customer_service.pm_ticket_action_all",
        "pm.escalation": "pm_customer_service.pm_escalation_action",
        "pm.incident": "pm_customer_service.pm_incident_action",
        "pm.visit": "pm_customer_service.pm_visit_action",
        "pm.unit": "pm_base.pm_unit_action",
        "pm.contact.duty": "pm_customer_service.pm_contact_duty_action",
        "pm.survey.round": "pm_customer_service.pm_survey_round_action",
        "pm.improvement.action": "pm_customer_service.pm_improvement_action_action",
    }

    @api.model
    def _refusal(self):
        return self.env._(
            "To see the supervisor's day you must be a service supervisor, a project manager or in leadership."
        )

    # -- the page ------------------------------------------------------------------------------------------------------

    @api.model
    def load(self, property_id=False):
        """What the page shows.

        :param property_id: one property, or all that the user sees
        :return: {"properties", "head", "blocks"}; ``head`` has rows, and a block rows under a title (see ``pm.board``):
            ``count``, of which ``late``, and a ``note`` with the oldest
        """
        properties = self._properties(property_id)
        allowed = self._properties() if property_id else properties
        return {"properties": [{"id": prop.id, "name": prop.name} for prop in allowed], **self._page(properties)}

    def _page(self, properties):
        _ = self.env._
        own = Domain("property_id", "in", properties.ids)
        now = fields.Datetime.now()
        overdue, next_overdue = Domain("due", "<", now), Domain("next_due", "<", now)
        tonight = self._until_tonight(properties, "due")
        clocks = own & _TICKING & tonight
        tickets = own & _TICKET_OPEN & self._until_tonight(properties, "next_due")
        untaken = own & Domain("state", "=", "new")
        calls = own & self._calls_domain()
        promises = own & _TICKING & self._promise_domain(now)
        stalled = own & self.env["pm.ticket"]._stalled_domain()
        verify = own & Domain("state", "in", ("handled", "followed_up"))
        nobody, no_team = _("Nobody"), _("No team")

        blocks = [
            ("user", _("Due and late, by person"), "pm.deadline", clocks, overdue, "user_id", "due", nobody),
            ("clock", _("Due and late, by clock"), "pm.deadline", clocks, overdue, "rule_id", "due", ""),
            (
                "team",
                _("Tickets due and late, by team"),
                "pm.ticket",
                tickets,
                next_overdue,
                "team_id",
                "next_due",
                no_team,
            ),
            (
                "untaken",
                _("Nobody has taken, by team"),
                "pm.ticket",
                untaken,
                next_overdue,
                "team_id",
                "received_at",
                no_team,
            ),
            (
                "call",
                _("Calls to make, by person"),
                "pm.ticket",
                calls,
                next_overdue,
                "first_receiver_id",
                "handled_at",
                nobody,
            ),
            ("promise", _("Promises that lapse soon"), "pm.deadline", promises, overdue, "user_id", "due", nobody),
            (
                "stalled",
                _("Stalled tickets, by person"),
                "pm.ticket",
                stalled,
                next_overdue,
                "user_id",
                "progressed_at",
                nobody,
            ),
        ]
        if len(properties) > 1:
            blocks.insert(
                0,
                ("property", _("Due and late, by property"), "pm.deadline", clocks, overdue, "property_id", "due", ""),
            )
        return {
            "head": [
                self._total("today", _("Due today"), "pm.deadline", clocks & ~overdue),
                self._total("late", _("Late"), "pm.deadline", own & _TICKING & overdue, late=Domain.TRUE),
                self._total("untaken", _("Nobody has taken"), "pm.ticket", untaken, next_overdue),
                self._total("calls", _("Calls to make"), "pm.ticket", calls, next_overdue),
                self._total("promises", _("Promises that lapse soon"), "pm.deadline", promises),
                self._total("verify", _("To verify and close"), "pm.ticket", verify, next_overdue),
            ],
            "blocks": [
                *({"key": key, "title": title, "rows": self._tally(key, *rest)} for key, title, *rest in blocks),
                {"key": "escalation", "title": _("Escalations"), "rows": self._escalations(own)},
                {"key": "incident", "title": _("Running incidents"), "rows": self._incidents(own, now)},
                {"key": "visit", "title": _("Visits and contacts behind plan"), "rows": self._visits(properties, own)},
                {"key": "survey", "title": _("Surveys behind plan"), "rows": self._surveys(properties, own)},
            ],
        }

    def _row(self, key, label, count, drill, late=0, note=False):
        return {"key": key, "label": label, "count": count, "late": late, "note": note, "drill": drill}

    # -- what is counted -----------------------------------------------------------------------------------------------

    def _until_tonight(self, properties, field):
        """Return the condition that ``field`` lies before the end of the present day of the record's own property."""
        nights = {}
        for prop in properties:
            nights.setdefault(prop._local_midnight_utc(prop._today() + ONE_DAY), []).append(prop.id)
        return Domain.OR(Domain("property_id", "in", ids) & Domain(field, "<", night) for night, ids in nights.items())

    @api.model
    def _calls_domain(self):
        """Return the condition of the follow-up calls to make: complaints, and what the sample drew."""
        return (
            Domain("needs_followup", "=", True)
            & Domain("followed_up_at", "=", False)
            & Domain("state", "in", ("handled", "closed"))
        )

    @api.model
    def _promise_domain(self, now):
        """Return the condition of clocks that watch a promise to a customer and lapse within the hours of the settings."""
        soon = now + timedelta(hours=self.env["pm.ticket"]._get_limit("board_promise_hours"))
        return Domain("kind", "=", "promise") & Domain("due", ">=", now) & Domain("due", "<=", soon)

    def _total(self, key, label, model, domain, late=None):
        records = self.env[model]
        count = records.search_count(domain)
        if late is None or not count:
            late_count = 0
        else:
            late_count = count if late.is_true() else records.search_count(domain & late)
        return self._row(key, label, count, self._drill(model, domain, label), late_count)

    def _tally(self, key, model, domain, late, group, since, nothing):
        """Return the rows of ``domain`` by ``group``, where the oldest waits first.

        :param Domain late: which of them are late
        :param str since: the field that tells how long something waits
        :param str nothing: the label of those without a value
        """
        records = self.env[model]
        late_counts = dict(records._read_group(domain & late, [group], ["__count"]))
        groups = records._read_group(domain, [group], ["__count", f"{since}:min"], order=f"{since}:min")
        rows = []
        for value, count, oldest in groups[:_SHOWN]:
            # sudo: the name of a colleague, a team or a clock
            label = value.sudo().display_name if value else nothing
            drill = self._drill(model, domain & Domain(group, "=", value.id), label)
            rows.append(
                self._row(f"{key}-{value.id}", label, count, drill, late_counts.get(value, 0), self._since(oldest))
            )
        if rest := groups[_SHOWN:]:
            label = self.env._("%s more", len(rest))
            shown = [value.id for value, *__ in groups[:_SHOWN]]
            drill = self._drill(model, domain & Domain(group, "not in", shown), label)
            late_rest = sum(late_counts.get(value, 0) for value, *__ in rest)
            rows.append(self._row(f"{key}-more", label, sum(row[1] for row in rest), drill, late_rest))
        return rows

    def _since(self, moment):
        if not moment:
            return False
        return self.env._("Oldest: %s", format_datetime(self.env, moment, dt_format="short"))

    # -- blocks of their own -------------------------------------------------------------------------------------------

    def _escalations(self, own):
        """Reports that wait for an instruction, and clocks that are still open although somebody was told."""
        _ = self.env._
        escalations = self.env["pm.escalation"]
        labels = selection_labels(escalations, "role")
        reports = own & Domain("by_user_id", "!=", False) & Domain("instructed_at", "=", False)
        # What the ladder still waits for; who was reminded before the time was up was only reminded.
        told = own & Domain("rule_id.moment", "=", "after") & Domain("deadline_id", "any", _TICKING)
        rows = []

        def add(key, domain, measure, title):
            groups = escalations._read_group(domain, ["role"], [measure, "at:min"], order="at:min")
            for role, count, oldest in groups:
                label = title % labels.get(role, "")
                drill = self._drill("pm.escalation", domain & Domain("role", "=", role), label)
                late = count if key == "report" else 0
                rows.append(self._row(f"{key}-{role}", label, count, drill, late, self._since(oldest)))

        add("report", reports, "__count", title=_("Report without an instruction: %s"))
        add("told", told, "deadline_id:count_distinct", title=_("Told and still open: %s"))
        return rows

    def _incidents(self, own, now):
        running = own & Domain("state", "=", "running")
        incidents = self.env["pm.incident"].search(running, limit=_SHOWN, order="expected_at, started_at, id")
        rows = []
        for incident in incidents:
            until = incident.expected_at
            note = until and self.env._("Expected until %s", format_datetime(self.env, until, dt_format="short"))
            drill = self._drill("pm.incident", [("id", "=", incident.id)], incident.display_name, incident.id)
            late = int(bool(until and until < now))
            callers = incident.ticket_count
            rows.append(self._row(f"incident-{incident.id}", incident.display_name, callers, drill, late, note))
        if len(incidents) == _SHOWN and (more := self.env["pm.incident"].search_count(running) - _SHOWN):
            label = self.env._("%s more", more)
            drill = self._drill("pm.incident", running & Domain("id", "not in", incidents.ids), label)
            rows.append(self._row("incident-more", label, more, drill))
        return rows

    def _visits(self, properties, own):
        _ = self.env._
        planned = own & Domain("state", "in", VISIT_OPEN)
        planned &= self.env["pm.property"]._domain_of_today(lambda day: [("planned_on", "<", day)])
        rows = []
        for user, count, oldest in self.env["pm.visit"]._read_group(
            planned, ["user_id"], ["__count", "planned_on:min"], order="planned_on:min", limit=_SHOWN
        ):
            label = _("Planned visits not held: %s", user.sudo().display_name)  # sudo: the name of a colleague
            drill = self._drill("pm.visit", planned & Domain("user_id", "=", user.id), label)
            rows.append(
                self._row(
                    f"planned-{user.id}", label, count, drill, count, _("Oldest: %s", format_date(self.env, oldest))
                )
            )
        rows += self._visit_rates(properties)
        duties = own & Domain("state", "=", "open")
        late = self.env["pm.property"]._domain_of_today(lambda day: [("period_end", "<=", day + timedelta(days=7))])
        labels = selection_labels(self.env["pm.contact.duty"], "audience")
        for audience, count, until in self.env["pm.contact.duty"]._read_group(
            duties & late, ["audience"], ["__count", "period_end:min"]
        ):
            label = _("Contacts due within a week: %s", labels[audience])
            drill = self._drill("pm.contact.duty", duties & late & Domain("audience", "=", audience), label)
            note = _("Until %s", format_date(self.env, until))
            rows.append(self._row(f"contact-{audience}", label, count, drill, 0, note))
        return rows

    def _visit_rates(self, properties):
        """Butlers who have visited fewer units this month than their target asks for by today (S4-46).

        The target of the month is asked for in proportion to the days that have passed.
        """
        kpi = self.env.ref("pm_customer_service.kpi_visit_rate", raise_if_not_found=False)
        if not kpi:
            return []
        # sudo: the targets of the house
        targets = self.env["pm.kpi.target"].sudo().search([("kpi_id", "=", kpi.id)])
        months = {}
        for prop in properties:
            today = prop._today()
            start, end = today.replace(day=1), today + ONE_DAY
            key = (prop._local_midnight_utc(start), prop._local_midnight_utc(end), today)
            months.setdefault(key, []).append(prop.id)
        rows = []
        for (start, end, today), ids in months.items():
            units = Domain("property_id", "in", ids) & TO_VISIT
            visited = visited_domain(start, end)
            group = ["property_id", "user_id"]
            done = {
                (prop, user): count
                for prop, user, count in self.env["pm.unit"]._read_group(units & visited, group, ["__count"])
            }
            passed = today.day / fields.Date.end_of(today, "month").day
            for prop, user, total in self.env["pm.unit"]._read_group(units, group, ["__count"]):
                target = targets._choose(kpi.sudo(), prop, today.year, user=user).value
                count = done.get((prop, user), 0)
                if not target or count * 100 >= target * passed * total:
                    continue
                label = self.env._("Units not visited this month: %s", user.sudo().display_name)
                mine = units & ~visited & Domain("property_id", "=", prop.id) & Domain("user_id", "=", user.id)
                note = self.env._(
                    "%(done)s of %(total)s visited, %(rate)s %%; by today the target asks for %(target)s %%",
                    done=count,
                    total=total,
                    rate=round(100 * count / total),
                    target=round(target * passed),
                )
                if len(properties) > 1:
                    note = f"{prop.name}: {note}"
                drill = self._drill("pm.unit", mine, label)
                rows.append(self._row(f"rate-{prop.id}-{user.id}", label, total - count, drill, 0, note))
        return sorted(rows, key=lambda row: -row["count"])[:_SHOWN]

    def _surveys(self, properties, own):
        _ = self.env._
        rounds = self.env["pm.survey.round"]
        of_today = self.env["pm.property"]._domain_of_today
        rows = []
        for survey in rounds.search(own & Domain("state", "=", "open"), limit=_SHOWN, order="date_close, id"):
            if not survey.lacking_count:
                continue
            note = _(
                "%(returned)s of %(sent)s returned, %(lacking)s lacking for the target; answers until %(day)s",
                returned=survey.returned_count,
                sent=survey.distributed_count,
                lacking=survey.lacking_count,
                day=format_date(self.env, survey.date_close),
            )
            drill = self._drill("pm.survey.round", [("id", "=", survey.id)], survey.name, survey.id)
            rows.append(self._row(f"survey-{survey.id}", survey.name, survey.lacking_count, drill, 0, note))
        for key, label, model, domain in (
            (
                "draft",
                _("Surveys not distributed yet"),
                "pm.survey.round",
                own
                & Domain("state", "=", "draft")
                & of_today(lambda day: [("date_close", "<=", day + timedelta(days=14))]),
            ),
            (
                "evaluated",
                _("Surveys evaluated, not published"),
                "pm.survey.round",
                own & Domain("state", "=", "closed"),
            ),
            (
                "improve",
                _("Improvement actions past their day"),
                "pm.improvement.action",
                own & Domain("state", "=", "open") & of_today(lambda day: [("date_due", "<", day)]),
            ),
        ):
            if count := self.env[model].search_count(domain):
                late = count if key == "improve" else 0
                rows.append(self._row(key, label, count, self._drill(model, domain, label), late))
        return rows
