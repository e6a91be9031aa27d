"""A case printed whole: everything that was handed in, decided, found and paid, in the order in which it happened."""

from odoo import models

from odoo.addons.pm_base.tools.labels import selection_label


class ReportCaseFile(models.AbstractModel):
    """The whole case as one paper for the archive, a dispute or the authority. Source: S0-12, S4-76."""

    _name = "report.pm_renovation.case_file"
    _inherit = "pm.renovation.document"
    _description = "Renovation Case File"

    def _title(self, record):
        return self.env._("Renovation Case File")

    def _story(self, record, kit):
        _ = record.env._
        # sudo: whoever may read the case prints all of it; the parts have readers of their own
        case = record.sudo()
        story = [
            kit.pairs([(_("State"), selection_label(case, "state")), (_("Responsible"), case.user_id.name)]),
            self._unit_pairs(record, kit),
            self._course(case, kit),
            kit.h(_("Works")),
            self._work_table(record, kit),
        ]
        if case.description:
            story.append(kit.p(case.description))
        for part in (
            self._papers,
            self._reviews,
            self._permit,
            self._workers,
            self._inspections,
            self._violations,
            self._tickets,
            self._money,
            self._history,
        ):
            story += part(case, kit)
        return story

    def _course(self, case, kit):
        _ = case.env._
        labels = {
            "submitted_at": _("Submitted"),
            "decided_at": _("Decided"),
            "rules_read_at": _("House rules acknowledged"),
            "agreement_signed_at": _("Agreement signed"),
            "permit_issued_on": _("Permit issued"),
            "neighbours_told_at": _("Neighbours told"),
            "started_on": _("Works began"),
            "completion_notified_at": _("Completion notified"),
            "accepted_at": _("Accepted"),
            "final_accepted_at": _("Finally accepted"),
            "refund_requested_at": _("Refund requested"),
            "closed_at": _("Closed"),
        }
        pairs = []
        for name, label in labels.items():
            value = case[name]
            if value:
                text = (
                    kit.date(value)
                    if case._fields[name].type == "date"
                    else kit.datetime(value, tz=case.property_id.tz)
                )
                pairs.append((label, text))
        return kit.pairs(pairs) if pairs else kit.space(1)

    def _papers(self, case, kit):
        _ = case.env._
        if not case.paper_ids:
            return []
        return [
            kit.h(_("Papers")),
            kit.table(
                [_("Paper"), _("State"), _("Files"), _("Defect")],
                [
                    [
                        p.type_id.name,
                        selection_label(p, "state"),
                        "、".join(p.attachment_ids.mapped("name")),
                        p.defect or "",
                    ]
                    for p in case.paper_ids
                ],
                widths=[4, 2, 5, 4],
            ),
        ]

    def _reviews(self, case, kit):
        _ = case.env._
        story = []
        for review in case.review_ids.sorted(lambda r: (r.round, r.sequence, r.id)):
            story += [
                kit.h(_("Review %(round)s: %(role)s", round=review.round, role=selection_label(review, "role"))),
                kit.pairs(
                    [
                        (_("Result"), selection_label(review, "state")),
                        (_("Reviewer"), review.user_id.name if review.done_at else ""),
                        (_("Date"), kit.datetime(review.done_at, tz=case.property_id.tz)),
                        (_("Opinion"), review.opinion or ""),
                    ]
                ),
                self._checks(review.check_ids, kit),
            ]
        return story

    def _checks(self, checks, kit):
        _ = kit.env._
        return kit.table(
            [_("Point"), _("Result"), _("Remark")],
            [[c.name, selection_label(c, "result") if c.result else "", c.remark or ""] for c in checks],
            widths=[9, 2, 5],
        )

    def _permit(self, case, kit):
        _ = case.env._
        if not case.permit_number:
            return []
        return [
            kit.h(_("Permit")),
            kit.pairs(
                [
                    (_("Number"), case.permit_number),
                    (_("Issued"), kit.date(case.permit_issued_on)),
                    (_("Valid from"), kit.date(case.permit_valid_from)),
                    (_("Valid until"), kit.date(case.permit_valid_until)),
                ]
            ),
        ]

    def _workers(self, case, kit):
        _ = case.env._
        if not case.worker_ids:
            return []
        return [
            kit.h(_("Workers")),
            kit.table(
                [_("Worker"), _("Trade"), _("Pass Number"), _("Valid until"), _("Returned"), _("State")],
                [
                    [
                        w.name,
                        w.trade or "",
                        w.pass_number or "",
                        kit.date(w.valid_until),
                        kit.date(w.returned_on),
                        selection_label(w, "state"),
                    ]
                    for w in case.worker_ids
                ],
                widths=[3, 3, 3, 3, 3, 2],
            ),
        ]

    def _inspections(self, case, kit):
        """Patrols as a list; what was found and every other inspection with its points."""
        _ = case.env._
        patrols = case.inspection_ids.filtered(lambda i: i.kind == "patrol").sorted(lambda i: (i.date, i.slot))
        story = []
        if patrols:
            story += [
                kit.h(_("Patrols")),
                kit.table(
                    [_("Date"), _("State"), _("Inspector"), _("Spoke with"), _("Findings")],
                    [
                        [
                            kit.date(p.date),
                            selection_label(p, "state"),
                            (p.done_by_id or p.user_id).name,
                            p.person_on_site or "",
                            "; ".join(filter(None, [*p._not_ok_texts(), p.remark or ""]))
                            or selection_label(p, "result")
                            if p.result
                            else "",
                        ]
                        for p in patrols
                    ],
                    widths=[3, 2, 3, 3, 7],
                ),
            ]
        for visit in case.inspection_ids.filtered(lambda i: i.kind != "patrol").sorted("id"):
            story += [
                kit.h(f"{selection_label(visit, 'kind')} {kit.date(visit.date)}"),
                kit.pairs(
                    [
                        (_("State"), selection_label(visit, "state")),
                        (_("Result"), selection_label(visit, "result") if visit.result else ""),
                        (_("Inspector"), (visit.done_by_id or visit.user_id).name),
                        (_("Photos"), "、".join(visit.attachment_ids.mapped("name"))),
                        (_("Remark"), visit.remark or ""),
                    ]
                ),
                self._checks(visit.check_ids, kit),
            ]
        return story

    def _violations(self, case, kit):
        _ = case.env._
        story = []
        for violation in case.violation_ids.sorted("id"):
            tz = case.property_id.tz
            story += [
                kit.h(_("Violation %(number)s: %(type)s", number=violation.name, type=violation.type_id.name)),
                kit.pairs(
                    [
                        (_("State"), selection_label(violation, "state")),
                        (_("Found on"), kit.datetime(violation.found_at, tz=tz)),
                        (_("Found by"), violation.found_by_id.name),
                        (_("Times before"), str(violation.repeat_count)),
                        (_("Notice given"), kit.datetime(violation.notified_at, tz=tz)),
                        (_("Put right by"), kit.date(violation.rectify_by)),
                        (_("Reported"), kit.datetime(violation.reported_at, tz=tz)),
                        (_("Authority"), violation.authority if violation.reported_at else ""),
                        (_("Re-checked"), kit.datetime(violation.rechecked_at, tz=tz)),
                        (_("Re-check"), violation.recheck_note or ""),
                    ]
                ),
                kit.p(violation.description),
                *([kit.p(_("Their view: %(words)s", words=violation.answer))] if violation.answer else []),
            ]
        return story

    def _tickets(self, case, kit):
        _ = case.env._
        if not case.ticket_ids:
            return []
        return [
            kit.h(_("Complaints and requests for help")),
            kit.table(
                [_("Ticket"), _("Type"), _("Date"), _("Subject"), _("State")],
                [
                    [
                        t.number,
                        t.type_id.name,
                        kit.date(case.property_id._local_date(t.received_at)),
                        t.name,
                        selection_label(t, "state"),
                    ]
                    for t in case.ticket_ids.sorted("id")
                ],
                widths=[3, 2, 3, 6, 2],
            ),
        ]

    def _money(self, case, kit):
        _ = case.env._
        story = []
        for deposit in case.deposit_ids.sorted("id"):
            rows = [[_("Deposit"), "", kit.date(deposit.received_on), kit.money(deposit.amount)]]
            rows += [
                [
                    _("Deduction"),
                    f"{d.name} ({selection_label(d, 'state')})",
                    kit.date(d.agreed_at),
                    kit.money(-d.amount),
                ]
                for d in deposit.deduction_ids
            ]
            if deposit.refund_payment_id:
                rows.append(
                    [
                        _("Refund"),
                        deposit.refund_payment_id.receipt_name,
                        kit.date(deposit.refunded_on),
                        kit.money(-deposit.refund_payment_id.amount),
                    ]
                )
            story += [
                kit.h(_("Deposit %(number)s", number=deposit.name)),
                kit.pairs(
                    [
                        (_("Payer, to whom it is refunded"), deposit.partner_id.name),
                        (_("State"), selection_label(deposit, "state")),
                        (_("Receipt"), deposit.payment_id.receipt_name or ""),
                        (_("Why not asked for"), deposit.cancel_reason or ""),
                    ]
                ),
                kit.table(
                    [_("Item"), _("Detail"), _("Date"), _("Amount")],
                    rows,
                    widths=[3, 6, 3, 3],
                    align="lllr",
                    total=["", _("Held"), "", kit.money(deposit.amount_held)],
                ),
            ]
        return story

    def _history(self, case, kit):
        _ = case.env._
        rows = []
        for line in case.log_ids.sorted("id"):
            what = line.detail or ""
            if line.to_state:
                what = f"{selection_label(line, 'from_state') or '–'} → {selection_label(line, 'to_state')}"
            rows.append(
                [
                    kit.datetime(line.at, tz=case.property_id.tz),
                    " / ".join(filter(None, [line.actor, line.user_id.name])),
                    selection_label(line, "kind"),
                    what,
                    line.reason or "",
                ]
            )
        return [
            kit.h(_("History: who decided what, when and why")),
            kit.table([_("When"), _("Who"), _("Subject Matter"), _("What"), _("Why")], rows, widths=[4, 3, 2, 5, 5]),
        ]


class ReportPassRegister(models.AbstractModel):
    """Register of worker passes given and taken back (出入证收发登记). Source: S4-33, L-09."""

    _name = "report.pm_renovation.pass_register"
    _inherit = "pm.renovation.document"
    _description = "Register of Worker Passes"

    def _title(self, record):
        return self.env._("Register of Worker Passes")

    def _partner(self, record):
        return None

    def _story(self, record, kit):
        _ = record.env._
        workers = record.sudo().worker_ids.filtered("pass_number").sorted("pass_number")  # sudo: as the case file
        return [
            kit.pairs(
                [(_("Unit"), record.sudo().unit_id.display_name), (_("Permit"), record.permit_number or "")],
            ),
            kit.table(
                [
                    _("Pass Number"),
                    _("Worker"),
                    _("Trade"),
                    _("Valid until"),
                    _("Returned"),
                    _("Taken back by"),
                    _("Lost"),
                ],
                [
                    [
                        w.pass_number,
                        w.name,
                        w.trade or "",
                        kit.date(w.valid_until),
                        kit.date(w.returned_on),
                        w.returned_to_id.name or "",
                        kit.date(w.lost_on),
                    ]
                    for w in workers
                ],
                widths=[3, 3, 3, 3, 3, 3, 3],
            ),
            kit.p(_("Identity cards were shown and handed back at once; none is kept."), "small"),
            kit.signatures([_("Butler"), _("Contractor")]),
        ]
