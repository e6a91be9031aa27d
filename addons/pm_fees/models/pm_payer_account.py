from odoo import api, fields, models


class PmPayerAccount(models.Model):
    """A bank account from which a payer has paid before: the next transfer from it is recognised."""

    _name = "pm.payer.account"
    _description = "Known Payer Account"
    _order = "account_number"
    _rec_name = "account_number"

    _account_unique = models.UniqueIndex(
        "(company_id, account_number, partner_id)", "This account is already known for this payer."
    )

    account_number = fields.Char(required=True, readonly=True)
    partner_id = fields.Many2one("res.partner", "Payer", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, default=lambda self: self.env.company)

    @api.model
    def _number_of(self, line):
        """The account that a bank line came from; empty where the bank masks a part of it, which many accounts share."""
        number = line._pm_clean(line.account_number)
        return "" if "*" in number else number

    @api.model
    def _remember(self, line, partner):
        """Note that `partner` paid by the bank line `line`. Twice changes nothing."""
        number, company = self._number_of(line), line.company_id
        if (
            number
            and partner
            and not self.search_count(
                [("company_id", "=", company.id), ("account_number", "=", number), ("partner_id", "=", partner.id)],
                limit=1,
            )
        ):
            self.create({"account_number": number, "partner_id": partner.id, "company_id": company.id})

    @api.model
    def _forget(self, payment):
        """A voided match is no proof of who uses the account, unless another receipt has come from it.

        :param payment: pm.payment of a bank line, being voided
        """
        number = self._number_of(payment.statement_line_id)
        known = self.search(
            [
                ("company_id", "=", payment.company_id.id),
                ("account_number", "=", number),
                ("partner_id", "=", payment.partner_id.id),
            ]
        )
        others = self.env["pm.payment"].search(
            [
                ("partner_id", "=", payment.partner_id.id),
                ("company_id", "=", payment.company_id.id),
                ("source", "=", "bank"),
                ("state", "=", "posted"),
                ("id", "!=", payment.id),
            ]
        )
        if known and number not in {self._number_of(line) for line in others.statement_line_id}:
            known.unlink()
