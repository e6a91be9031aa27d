from odoo import models
from odoo.exceptions import UserError


class ReportInvoice(models.AbstractModel):
    """Invoice over charges of a company (发票): who buys, what for, untaxed, tax and total, by how it came about.

    Odoo's own print needs wkhtmltopdf and knows neither unit nor period; this one is drawn as all papers of the suite.
    Source: S1-67.
    """

    _name = "report.pm_fees.invoice"
    _inherit = "pm.document"
    _description = "Invoice Document"

    def _title(self, record):
        return self.env._("Invoice")

    def _number(self, record):
        return self.env._("No. %s", record.sudo().invoice_id.name)  # sudo: the buyer reads the number of his invoice

    def _story(self, record, kit):
        _ = record.env._
        # sudo: whoever may see the request may print what stands on its invoice (unit, fee, tax)
        request = record.sudo()
        invoice = request.invoice_id
        if request.state != "issued":
            raise UserError(_("To print an invoice it must be issued, and not taken back."))
        seller = request.company_id
        return [
            kit.pairs(
                [
                    (_("Buyer"), request.title),
                    (_("Tax number"), request.tax_number),
                    (_("Seller"), seller.name),
                    (_("Tax number"), seller.vat or ""),
                    (_("Invoice date"), kit.date(invoice.invoice_date)),
                    (_("Issued by"), request.issued_by.name),
                ]
            ),
            kit.table(
                [_("Unit"), _("Fee"), _("Period and explanation"), _("Untaxed"), _("Tax"), _("Total")],
                [
                    [
                        charge.unit_id.name,
                        charge.item_id.name,
                        f"{charge._period_text()}　{charge.explanation or ''}".strip(),
                        kit.num(charge.amount_untaxed),
                        kit.num(charge.amount_tax),
                        kit.num(charge.amount_total),
                    ]
                    for charge in request.charge_ids
                ],
                widths=[18, 28, 66, 22, 18, 22],
                align="lllrrr",
                total=[
                    _("Total"),
                    "",
                    "",
                    *(kit.num(amount) for amount in (invoice.amount_untaxed, invoice.amount_tax, invoice.amount_total)),
                ],
            ),
            kit.pairs(
                [
                    (_("Total"), kit.money(invoice.amount_total)),
                    (_("In words"), kit.money_words(invoice.amount_total)),
                ],
                columns=1,
            ),
            kit.space(2),
            kit.p(
                _("Details of the invoice as booked. The electronic tax invoice is sent by the tax bureau's platform."),
                "small",
            ),
        ]
