"""Papers that tell in advance: the renovation notice of a property, the notice to neighbours."""

from odoo import models

from odoo.addons.pm_base.tools.labels import selection_labels


class ReportNotice(models.AbstractModel):
    """《客户装修须知》: procedure, papers, review points and prohibitions, told before anybody applies. Source: S0-106."""

    _name = "report.pm_renovation.notice"
    _inherit = "pm.document"
    _description = "Renovation Notice"

    def _title(self, record):
        return self.env._("Renovation Notice")

    def _number(self, record):
        return record.code

    def _partner(self, record):
        return None

    def _story(self, record, kit):
        _ = record.env._
        env = record.env
        # sudo: what every resident is told; the one who prints it for the move-in pack may see less of the set-up
        works = env["pm.renovation.work.type"].sudo().search([])
        papers = env["pm.renovation.paper.type"].sudo().search([])
        schemes = (
            env["pm.renovation.scheme"].sudo().search([("property_id", "=", record.id), ("state", "=", "approved")])
        )
        points = (
            env["pm.renovation.control.point"]
            .sudo()
            .search(
                [
                    ("stage", "in", ("butler", "engineering", "manager")),
                    ("property_id", "in", [False, record.id]),
                ]
            )
        )
        requirement = selection_labels(papers, "requirement")
        clauses = env["pm.renovation.clause"].sudo()._texts("notice", record)
        story = [
            kit.h(_("What you should know")),
            *[kit.p(f"{number}. {text}") for number, text in enumerate(clauses, 1)],
            kit.space(2),
            kit.pairs(
                [(_("Working hours"), record._hours_text("work")), (_("Noisy hours"), record._hours_text("noise"))]
            ),
            kit.h(_("How it goes")),
            kit.table([_("Step"), _("Time allowed")], self._steps(record), widths=[9, 5]),
            kit.h(_("Papers to bring")),
            kit.table(
                [_("Paper"), _("When"), _("What to bring")],
                [[p.name, requirement[p.requirement], p.description or ""] for p in papers],
                widths=[4, 3, 8],
            ),
            kit.h(_("Works and what is not allowed")),
            kit.table(
                [_("Work"), _("Further papers"), _("Not allowed")],
                [[w.name, "、".join(w.paper_type_ids.mapped("name")), w.prohibition or ""] for w in works],
                widths=[3, 4, 7],
            ),
        ]
        if schemes:
            story += [
                kit.h(_("Standard schemes: fewer papers, quicker approval")),
                kit.table(
                    [_("Scheme"), _("Work"), _("Measures and material")],
                    [[s.name, s.work_type_id.name, s.description] for s in schemes],
                    widths=[4, 3, 8],
                ),
            ]
        return [
            *story,
            kit.h(_("What is checked at the review")),
            *[kit.p(f"• {point.name}") for point in points],
        ]

    def _steps(self, prop):
        """The steps with the times that the deadline rules of this property set."""
        _ = prop.env._
        rules = prop.env["pm.deadline.rule"].sudo()  # sudo: a number of the set-up, told to everybody
        units = selection_labels(rules, "unit")

        def allowed(model, kind):
            rule = rules.search(
                [("model", "=", model), ("kind", "=", kind), ("property_id", "in", [False, prop.id])],
                order="property_id, sequence, id",
                limit=1,
            )
            if not rule:
                return ""
            if rule.unit in ("end_of_day", "agreed"):
                return units[rule.unit]
            amount = f"{rule.amount:g}"
            return f"{amount} {units[rule.unit]}"

        case = "pm.renovation"
        steps = [
            (_("Application with its papers, in the portal or at the counter"), ""),
            (_("Defects of the application are told"), allowed(case, "defects")),
            (_("Application reviewed and decided"), allowed(case, "review")),
            (_("Agreement signed, house rules acknowledged, deposit paid where one is asked for"), ""),
            (_("Permit and worker passes; neighbours are told"), ""),
            (_("Works, visited daily; concealed works inspected before they are covered"), allowed(case, "concealed")),
            (_("You notify completion; acceptance is held"), allowed(case, "acceptance")),
        ]
        if prop.renovation_reinspect_days:
            steps.append(
                (_("Re-inspection"), _("after %(days)s days", days=prop.renovation_reinspect_days)),
            )
        steps.append((_("Refund of the deposit is arranged"), allowed(case, "refund")))
        return [[f"{number}. {text}", time] for number, (text, time) in enumerate(steps, 1)]


class ReportNeighbour(models.AbstractModel):
    """Notice to hang up or hand in next door: dates and noisy hours, no name. Source: L-08."""

    _name = "report.pm_renovation.neighbour"
    _inherit = "pm.document"
    _description = "Notice to Neighbours"

    def _title(self, record):
        return self.env._("Notice to the Neighbours")

    def _number(self, record):
        return record.permit_number or record.name

    def _partner(self, record):
        return None

    def _story(self, record, kit):
        _ = record.env._
        prop = record.property_id.sudo()
        case = record.sudo()  # sudo: unit and works of the case, printed by whoever hangs it up
        noisy = case.work_ids.type_id.filtered("is_noisy")
        return [
            kit.p(_("Dear neighbours,")),
            kit.p(
                _(
                    "%(unit)s is being renovated. The works are permitted and watched by us; we ask for your patience and"
                    " your word if anything disturbs you.",
                    unit=case.unit_id.name,
                )
            ),
            kit.pairs(
                [
                    (_("Start"), kit.date(case.date_start)),
                    (_("End"), kit.date(case.date_end)),
                    (_("Working hours"), prop._hours_text("work")),
                    (_("Noisy works only"), prop._hours_text("noise")),
                    (_("Noisy works"), "、".join(noisy.mapped("name")) or _("None")),
                    (_("Service hotline"), prop.hotline or ""),
                ]
            ),
            kit.p(
                _(
                    "Please tell us of noise outside these hours, of water that comes through, and of waste in common parts."
                ),
            ),
            kit.space(6),
            kit.signatures([_("Management (seal)")]),
        ]
