import re

from markupsafe import escape
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command

# 统一社会信用代码, or one of the kinds of number that it has replaced.
_TAX_NUMBER = re.compile(r"[0-9A-Z]{15,20}")


class PmInvoiceRequest(models.Model):
    """A company asks for an invoice over charges (发票申请); the project accountant issues it.

    The invoice is the tax document, the charges stay what is owed and paid. So the set's share of income, tax and
    receivable is taken out of the books by an entry of the same amounts, reconciled with the invoice: income and tax
    stand there once, by the invoice, and the receivable is still that of the charges.
    Source: S1-67, design §4.6.
    """

    _name = "pm.invoice.request"
    _description = "Invoice Request"
    _inherit = ["pm.steps", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _program_fields = frozenset({"state", "invoice_id", "entry_id", "issued_by", "issued_on"})
    _transitions = {
        ("requested", "issued"): ("pm_base.group_accountant", None),
        ("requested", "refused"): ("pm_base.group_accountant", "_guard_refused"),
        ("issued", "reversed"): ("pm_base.group_accountant", None),
    }

    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one("res.partner", "Customer", required=True, index=True, ondelete="restrict")
    title = fields.Char("Invoice Title", required=True, help="Name of the company as registered for tax.")
    tax_number = fields.Char(required=True, help="Unified social credit code.")
    email = fields.Char("Send to")
    charge_ids = fields.One2many("pm.charge", "invoice_request_id", "Charges", readonly=True)
    amount_total = fields.Monetary("Total", compute="_compute_amount_total", store=True)
    refuse_reason = fields.Char("Why Refused", tracking=True)
    state = fields.Selection(
        [("requested", "To issue"), ("issued", "Issued"), ("refused", "Refused"), ("reversed", "Taken back")],
        required=True,
        default="requested",
        readonly=True,
        copy=False,
        tracking=True,
    )
    issued_by = fields.Many2one("res.users", readonly=True, copy=False)
    issued_on = fields.Datetime(readonly=True, copy=False)
    invoice_id = fields.Many2one(
        "account.move", "Invoice", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    entry_id = fields.Many2one(
        "account.move", "Counter-entry", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )

    @api.depends("title", "partner_id.name")
    def _compute_display_name(self):
        for request in self:
            request.display_name = request.title or request.partner_id.name

    @api.depends("charge_ids.amount_total")
    def _compute_amount_total(self):
        """What was asked for; a request that was refused or taken back keeps it, although its charges are free again."""
        for request in self:
            request.amount_total = sum(request.charge_ids.mapped("amount_total")) or request.amount_total

    @api.model
    def _ask(self, charges, title, tax_number, email=None):
        """Ask for an invoice over posted charges of one payer and property.

        :raises ValidationError: title or tax number is missing or cannot be right; a charge cannot be invoiced or is asked for already
        """
        title, tax_number = (title or "").strip()[:200], "".join((tax_number or "").split()).upper()
        if not title or not _TAX_NUMBER.fullmatch(tax_number):
            raise ValidationError(
                self.env._(
                    "To ask for an invoice, give the registered name and the tax number of the company (15 to 20 letters and digits)."
                )
            )
        if not charges or len(charges.property_id) != 1 or len(charges.partner_id.commercial_partner_id) != 1:
            raise ValidationError(self.env._("An invoice is over charges of one payer and one property."))
        charges._lock()
        charges.invalidate_recordset(["invoice_request_id", "state"])
        wrong = charges - charges._invoiceable()
        if wrong:
            raise ValidationError(
                self.env._("“%s” cannot be invoiced, or an invoice was asked for already.", wrong[0].display_name)
            )
        request = self.create(
            {
                "property_id": charges.property_id.id,
                "partner_id": charges.partner_id.commercial_partner_id.id,
                "title": title,
                "tax_number": tax_number,
                "email": (email or "").strip()[:200],
            }
        )
        charges.invoice_request_id = request
        for user in request.property_id._staff(self.env.ref("pm_base.group_accountant"))[:1]:
            request.activity_schedule(
                "mail.mail_activity_data_todo", user_id=user.id, summary=self.env._("Issue the invoice")
            )
        return request

    def _guard_refused(self):
        self._require((self.refuse_reason or "").strip(), self.env._("tell the customer why."))

    def action_refuse(self):
        self._transition("refused")
        self._tell("refused")
        self.sudo().charge_ids.invoice_request_id = False  # sudo: the charges may be asked for again
        self.activity_feedback(["mail.mail_activity_data_todo"])

    def action_issue(self):
        """Post the invoice, and take the same amounts out of the set."""
        for request in self:
            if not request.env.user.has_group("pm_base.group_accountant"):
                raise AccessError(self.env._("Invoices are issued by a project accountant."))
            charges = request.charge_ids
            charges._lock()
            charges.invalidate_recordset(["state"])
            request._require(charges, self.env._("there is nothing to invoice."))
            request._require(
                all(charge.state == "posted" for charge in charges),
                self.env._("a charge was reversed meanwhile: refuse the request, and let the customer ask anew."),
            )
            # sudo: an accountant of the property need not read the company; its tax number is on every invoice
            request._require(
                (request.sudo().company_id.vat or "").strip(),
                self.env._(
                    "the seller's tax number is missing: enter it with company “%s” (Settings, Companies).",
                    request.sudo().company_id.name,
                ),
            )
            # sudo: an accountant of the property need not hold the rights of the ledger; his role was checked
            invoice, entry = request.sudo()._make_invoice()
            request._transition(
                "issued",
                invoice_id=invoice.id,
                entry_id=entry.id,
                issued_by=self.env.uid,
                issued_on=fields.Datetime.now(),
            )
            request.activity_feedback(["mail.mail_activity_data_todo"])
        self._tell("issued")

    def _tell(self, what):
        """Tell whoever has asked what became of it.

        :param str what: issued or refused
        """
        # sudo: the message is the program's, whoever has asked
        self.env["pm.message"].sudo()._enqueue_template(
            "service",
            [f"pm_fees.mail_template_invoice_{what}", f"pm_fees.sms_template_invoice_{what}"],
            self.sudo(),
            f"invoice-{what}",
            partner=lambda request: request.create_uid.partner_id,
        )

    def action_take_back(self):
        """Credit the invoice (红字发票): the set carries income and tax again, the charges can be asked for anew."""
        for request in self:
            request._require(request.state == "issued", self.env._("only an issued invoice can be taken back."))
            request._transition("reversed")
            record = request.sudo()  # sudo: as above
            today = record.property_id._today()
            moves = record.invoice_id | record.entry_id
            (moves.line_ids.filtered(lambda line: line.account_id.reconcile)).remove_move_reconcile()
            for move in moves:
                move._reverse_moves([{"date": today, "invoice_date": today, "ref": request.display_name}], cancel=True)
            record.charge_ids.invoice_request_id = False

    def _make_invoice(self):
        """
        :return: (posted out_invoice, posted counter-entry)
        """
        prop, charges, today = self.property_id, self.charge_ids, self.property_id._today()
        receivable = prop.receivable_account_id
        journal = self.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", self.company_id.id)], limit=1
        )
        if not journal:
            raise UserError(self.env._("To issue invoices, %s needs a sales journal.", self.company_id.display_name))
        charges._check_lock_dates(prop, journal, today)
        moves = self.env["account.move"].with_company(self.company_id).with_context(tracking_disable=True)
        invoice = moves.create(
            {
                "move_type": "out_invoice",
                "journal_id": journal.id,
                "partner_id": self.partner_id.id,
                "invoice_date": today,
                "invoice_date_due": min(charges.mapped("due_date")),
                "ref": self.title,
                # Typed in the portal: text, never markup.
                "narration": escape(
                    self.env._("Title: %(title)s, tax number: %(number)s", title=self.title, number=self.tax_number)
                ),
                "company_id": self.company_id.id,
                "invoice_line_ids": [Command.create(charge._prepare_invoice_line()) for charge in charges],
            }
        )
        invoice.line_ids.filtered(lambda line: line.display_type == "payment_term").account_id = receivable
        self._match_cents(invoice)
        invoice._post(soft=False)
        entry = moves.with_context(skip_invoice_sync=True).create(
            {
                "move_type": "entry",
                "journal_id": prop.billing_journal_id.id,
                "date": today,
                "company_id": self.company_id.id,
                "ref": self.env._("Charges invoiced by %s", invoice.name),
                "line_ids": [
                    Command.create(vals)
                    for vals in (
                        {
                            "account_id": receivable.id,
                            "partner_id": self.partner_id.id,
                            "balance": -self.amount_total,
                            "name": invoice.name,
                        },
                        *charges._prepare_counterparts(prop, -1),
                    )
                ],
            }
        )
        entry._post(soft=False)
        self.env["account.move.line"]._reconcile_plan(
            [(invoice | entry).line_ids.filtered(lambda line: line.account_id == receivable)]
        )
        return invoice, entry

    def _match_cents(self, invoice):
        """The tax of an invoice may be rounded over its sum, that of charges one by one: the charges decide."""
        rest = self.currency_id.round(self.amount_total - invoice.amount_total)
        if self.currency_id.is_zero(rest):
            return
        tax = invoice.line_ids.filtered("tax_line_id")[:1]
        if not tax:
            raise UserError(
                self.env._("The invoice would be over %s: check the taxes of the fee items.", invoice.amount_total)
            )
        invoice.write({"line_ids": [Command.update(tax.id, {"amount_currency": tax.amount_currency - rest})]})


class PmCharge(models.Model):
    _inherit = "pm.charge"

    invoice_request_id = fields.Many2one(
        "pm.invoice.request", "Invoice", readonly=True, index="btree_not_null", ondelete="restrict", copy=False
    )

    def _invoiceable(self):
        """Charges over which an invoice may be asked for: the company's own income, not money for a supplier."""
        return self.filtered(
            lambda charge: charge.state == "posted"
            and not charge.invoice_request_id
            and charge.kind != "opening"
            and not charge.item_id.pass_through
            and charge.amount_total > 0
        )

    def _prepare_invoice_line(self):
        item = self.item_id
        tax = item._charged_tax(self.tax_id.id, self.amount_tax)
        return {
            "product_id": item.product_id.id,
            "name": f"{self.display_name} {self.explanation or ''}".strip(),
            "quantity": 1,
            "price_unit": self.amount_total if tax.price_include else self.amount_untaxed,
            "account_id": (self.counter_account_id or item._get_account(self.property_id)).id,
            "tax_ids": [Command.set(tax.ids)],
        }

    def _reverse(self, reason, date=None, note=None):
        invoiced = self.filtered(lambda charge: charge.invoice_request_id.sudo().state == "issued")
        if invoiced:
            raise UserError(
                self.env._(
                    "“%(charge)s” stands on invoice %(invoice)s: to reverse it you must take the invoice back first.",
                    charge=invoiced[0].display_name,
                    # sudo: the number of the invoice says where to look
                    invoice=invoiced[0].invoice_request_id.sudo().invoice_id.name,
                )
            )
        return super()._reverse(reason, date=date, note=note)
