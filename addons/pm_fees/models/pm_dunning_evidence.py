import csv
import hashlib
import io
import re
import zipfile

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date, format_datetime, html2plaintext

from odoo.addons.pm_base.tools.labels import selection_labels

from .pm_dunning_level import LEGAL_KINDS

_UNSAFE = re.compile(r"[^\w.\-]+")
# ZIP stores the time of each file; a fixed one makes the same evidence the same bytes.
_MOMENT = (2000, 1, 1, 0, 0, 0)


class PmDunningCase(models.Model):
    """The evidence of a case: a timeline, and one ZIP with everything and its hashes (S0-133, S0-135, L-07, L-14)."""

    _inherit = "pm.dunning.case"

    timeline = fields.Html(compute="_compute_timeline", sanitize=False)

    def _compute_timeline(self):
        for case in self:
            case.timeline = self.env["ir.qweb"]._render(
                "pm_fees.dunning_timeline",
                {"events": case._timeline(), "format_date": lambda day: format_date(self.env, day)},
            )

    def _timeline(self):
        """Everything that happened in the case, in order.

        :return: list of dicts: date, what, detail
        """
        self.ensure_one()
        # sudo: whoever may see the case may see what happened in it
        case = self.sudo()
        _ = self.env._
        events = [(case.oldest_due_date or case.opened_on, _("Oldest debt fell due"), "")]
        events.append((case.opened_on, _("Case opened"), case.policy_id.name))
        for step in case.action_ids:
            events += self._step_events(step)
        for message in self._case_messages():
            events.append(
                (
                    message._tz_date(message.sent_at),
                    _("%(channel)s sent", channel=message._channel_name()),
                    " ".join(filter(None, [message.address, message.subject, f"SHA-256 {message.content_hash}"])),
                )
            )
            if message.delivered_at:
                events.append((message._tz_date(message.delivered_at), _("SMS delivered"), message.address or ""))
        labels = selection_labels(self.env["pm.dunning.call"], "result")
        for call in case.call_ids.filtered(lambda call: call.state == "done"):
            detail = ", ".join(
                filter(None, [labels[call.result], call.reason_id.name, call.note, call.called_by_id.name])
            )
            events.append((call.date, _("Contact"), detail))
        events += self._agreement_events(case)
        for movement in self._case_payments():
            events.append((movement.date, _("Paid"), case.currency_id.format(movement.settled)))
        for suit in case.legal_case_ids:
            events += self._suit_events(suit)
        if case.closed_on:
            events.append((case.closed_on, _("Case closed"), ""))
        events = [event for event in events if event[0]]
        return [
            {"date": day, "what": what, "detail": detail or ""}
            for day, what, detail in sorted(events, key=lambda event: event[0])
        ]

    def _step_events(self, step):
        _ = self.env._
        name = step.level_id.name
        events = [(step.date, name, _("Overdue %s", step.currency_id.format(step.amount_due)))]
        if step.frozen_on and step.kind not in LEGAL_KINDS:  # of those the counsel prints the paper
            events.append((step.frozen_on, _("%s printed", name), step.currency_id.format(step.demanded)))
        if step.approved_on:
            events.append((step.approved_on, _("%s approved", name), step.approved_by_id.name))
        if step.sent_on:
            events.append(
                (step.sent_on, _("%s sent", name), " ".join(filter(None, [step.carrier_id.name, step.tracking_no])))
            )
        if step.delivered_on:
            methods = selection_labels(step, "delivery_method")
            proof = _("signed") if step.signed else _("with proof") if step.proof_ids else ""
            detail = ", ".join(filter(None, [methods.get(step.delivery_method), proof, step.delivered_by_id.name]))
            events.append((step.delivered_on, _("%s delivered", name), detail))
        if step.state == "cancelled":
            events.append((step.property_id._local_date(step.write_date), _("%s cancelled", name), step.cancel_reason))
        return events

    def _agreement_events(self, case):
        _ = self.env._
        events = []
        # sudo: the evidence is whole, whoever puts it together; the right on the case was checked
        for promise in self.env["pm.dunning.promise"].sudo().search([("case_id", "=", case.id)]):
            states = selection_labels(promise, "state")
            detail = _(
                "%(amount)s until %(day)s: %(state)s",
                amount=case.currency_id.format(promise.amount),
                day=format_date(self.env, promise.date),
                state=states[promise.state],
            )
            events.append((promise.promised_on, _("Promise to pay"), detail))
        for plan in self.env["pm.dunning.instalment"].sudo().search([("case_id", "=", case.id)]):
            if plan.agreed_on:
                detail = _(
                    "%(count)s instalments, %(amount)s",
                    count=len(plan.line_ids),
                    amount=case.currency_id.format(plan.amount),
                )
                events.append((plan.agreed_on, _("Instalment plan"), detail))
            if plan.settled_on and plan.state == "broken":
                events.append((plan.settled_on, _("Instalment plan broken"), ""))
        for hold in self.env["pm.dunning.hold"].sudo().search([("case_id", "=", case.id)]):
            day = hold.property_id._local_date(hold.create_date)
            events.append((day, hold.display_name, " ".join(filter(None, [hold.ticket_id.number, hold.reason]))))
            if hold.reviewed_on:
                events.append((hold.reviewed_on, _("Our service examined"), hold.review))
            if hold.lifted_on:
                events.append((hold.lifted_on, _("Hold lifted"), hold.lift_reason))
        return events

    def _suit_events(self, suit):
        events = [(suit.approved_on, self.env._("Suit %s approved", suit.name), suit.counsel_id.name)]
        for name in (
            "mandated_on",
            "filed_on",
            "judgment_date",
            "effective_date",
            "enforcement_applied_on",
            "closed_on",
        ):
            label = suit._fields[name]._description_string(self.env)
            events.append((suit[name], f"{suit.name}: {label}", suit.court or "" if name == "filed_on" else ""))
        events += [(row.date, f"{suit.name}: {row.name}", row.place or "") for row in suit.date_ids if row.done_on]
        return events

    def _case_messages(self):
        """Messages of this case that left the house."""
        # sudo: proof of what was sent
        return (
            self.env["pm.message"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "pm.dunning.action"),
                    ("res_id", "in", self.sudo().action_ids.ids),
                    ("state", "=", "sent"),
                ],
                order="id",
            )
        )

    def _case_payments(self):
        """Payments on this household's charges since its oldest debt."""
        # sudo: the evidence is whole, whoever puts it together
        return (
            self.env["pm.charge.movement"]
            .sudo()
            .search(
                [
                    ("partner_id", "=", self.partner_id.id),
                    ("unit_id", "=", self.unit_id.id),
                    ("kind", "=", "payment"),
                    ("date", ">=", self.oldest_due_date or self.opened_on),
                ],
                order="date, id",
            )
        )

    # -- bundle --------------------------------------------------------------------------------------------------------

    def action_evidence(self):
        """Make the ZIP of this case, keep it with the case and download it.

        :raise AccessError: the user neither collects nor sues: personal data leaves the house with it (L-08)
        """
        self.ensure_one()
        self.check_access("read")
        user = self.env.user
        allowed = ("supervisor", "accountant", "counsel")
        if not any(user.has_group(f"pm_base.group_{role}") for role in allowed):
            raise AccessError(self.env._("Evidence is given out by supervisors, accountants and counsel."))
        content = self._evidence_zip()
        digest = hashlib.sha256(content).hexdigest()
        # sudo: the file belongs to the case; who may read the case may read it
        attachment = (
            self.env["ir.attachment"]
            .sudo()
            .create(
                {
                    "name": f"{self.property_id.code}-{_UNSAFE.sub('_', self.unit_id.name)}-{self.id}.zip",
                    "raw": content,
                    "res_model": self._name,
                    "res_id": self.id,
                    "mimetype": "application/zip",
                }
            )
        )
        self.sudo().message_post(
            body=self.env._("Evidence made by %(user)s, SHA-256 %(hash)s", user=user.name, hash=digest),
            attachment_ids=attachment.ids,
        )
        return {"type": "ir.actions.act_url", "url": f"/web/content/{attachment.id}?download=true", "target": "self"}

    def _evidence_zip(self):
        """The bytes of the bundle: index with timeline and hashes, statement, papers, proofs, messages, contacts."""
        self.ensure_one()
        files = self._evidence_files()
        hashes = [(name, hashlib.sha256(content).hexdigest()) for name, content in files]
        index = self.env["report.pm_fees.dunning_evidence"].with_context(pm_evidence_files=hashes)._render_pdf(self)
        name = self.env._("00-index") + ".pdf"
        hashes.insert(0, (name, hashlib.sha256(index).hexdigest()))
        listing = "".join(f"{digest}  {file}\n" for file, digest in hashes).encode()
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for entry, content in [(name, index), *files, ("SHA256SUMS", listing)]:
                archive.writestr(zipfile.ZipInfo(entry, _MOMENT), content, zipfile.ZIP_DEFLATED)
        return stream.getvalue()

    def _evidence_files(self):
        """(name, bytes) of everything in the bundle but its index, named in the user's language: a court reads it."""
        _ = self.env._
        # sudo: the bundle holds the whole record of the case, which the user may see
        case = self.sudo()
        files, steps, messages, suits = [], _("steps"), _("messages"), _("suit")
        if case.state == "open":
            statement = self.env["report.pm_fees.dunning_statement"]._render_pdf(self)
            files.append((_("01-statement") + ".pdf", statement))
        for number, step in enumerate(case.action_ids.sorted("id"), 1):
            stem = f"{steps}/{number:03d}-{step.date}-{_UNSAFE.sub('_', step.level_id.name)}"
            if step.frozen_on and step.kind in ("notice", "message"):
                files.append((f"{stem}.pdf", self.env["report.pm_fees.dunning_notice"]._render_pdf(step)))
            for part, attachment in enumerate(step.proof_ids | step.letter_ids, 1):
                files.append((f"{stem}-{part}-{_UNSAFE.sub('_', attachment.name)}", attachment.raw or b""))
        for message in self._case_messages():
            name = f"{messages}/{message.id}-{_UNSAFE.sub('_', message._channel_name())}.txt"
            files.append((name, self._message_text(message).encode()))
        files.append((_("contacts") + ".csv", self._contacts_csv()))
        files.append((_("timeline") + ".csv", self._timeline_csv()))
        for suit in case.legal_case_ids:
            for part, attachment in enumerate(suit.mandate_ids | suit.document_ids, 1):
                name = f"{suits}/{_UNSAFE.sub('_', suit.name)}-{part}-{_UNSAFE.sub('_', attachment.name)}"
                files.append((name, attachment.raw or b""))
        return files

    def _local_time(self, moment):
        """A moment as the clock of the property showed it."""
        return (
            format_datetime(self.env, moment, tz=self.property_id.tz, dt_format="yyyy-MM-dd HH:mm:ss") if moment else ""
        )

    def _message_text(self, message):
        _ = self.env._
        content = html2plaintext(message.body) if message.channel == "email" else message.text or ""
        head = [
            (_("Purpose"), message.purpose_id.name),
            (_("Recipient"), message.address),
            (_("Given to the server"), self._local_time(message.handed_at)),
            (_("Sent"), self._local_time(message.sent_at)),
            (_("Delivered"), self._local_time(message.delivered_at)),
            (_("Reference"), message.reference),
            (_("SHA-256 of the content"), message.content_hash),
            (_("Attachments"), ", ".join(message.attachment_ids.mapped("name"))),
        ]
        lines = [_("%(name)s: %(value)s", name=name, value=value) for name, value in head if value]
        return "\n".join([*lines, "", message.subject or "", "", content])

    def _contacts_csv(self):
        _ = self.env._
        calls = self.env["pm.dunning.call"]
        results, channels = selection_labels(calls, "result"), selection_labels(calls, "channel")
        head = [
            _("Date"),
            _("Time"),
            _("By"),
            _("Way"),
            _("Result"),
            _("Reason"),
            _("Promised until"),
            _("Promised amount"),
            _("Words"),
        ]
        # sudo: the evidence is whole, whoever puts it together
        rows = [
            [
                call.date,
                self._local_time(call.called_at),
                call.called_by_id.name,
                channels.get(call.channel, ""),
                results[call.result],
                call.reason_id.name or "",
                call.promise_date or "",
                call.promise_amount or "",
                call.note or "",
            ]
            for call in self.sudo().call_ids.filtered(lambda call: call.state == "done").sorted("id")
        ]
        return _csv([head, *rows])

    def _timeline_csv(self):
        _ = self.env._
        rows = [[event["date"], event["what"], event["detail"]] for event in self._timeline()]
        return _csv([[_("Date"), _("What"), _("Details")], *rows])

    def action_print_statement(self):
        for case in self:
            if case.state != "open":
                raise UserError(self.env._("Nothing is overdue: there is no statement of arrears."))
        return self.env.ref("pm_fees.pm_dunning_statement_report").report_action(self)


def _csv(rows):
    """Rows as CSV that spreadsheets open with the right letters, and that runs no formula of a customer's words."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    for row in rows:
        writer.writerow(
            [f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t") else cell for cell in row]
        )
    return b"\xef\xbb\xbf" + stream.getvalue().encode()
