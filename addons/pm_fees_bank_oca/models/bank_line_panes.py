from odoo import api, fields, models


class AccountBankStatementLine(models.Model):
    """What the two panes say and allow while charges are picked: why the button is grey, what becomes of the rest."""

    _inherit = "account.bank.statement.line"

    pm_pane_hint = fields.Char(compute="_compute_pm_pane_hint")

    @api.depends("reconcile_data_info", "partner_id", "is_reconciled")
    def _compute_pm_pane_hint(self):
        for line in self:
            rows = [] if line.is_reconciled else (line.reconcile_data_info or {}).get("data", [])
            line.pm_pane_hint = line._pm_pane_state(rows)[1] if rows and line._pm_may_be_fees() else False

    @api.onchange("partner_id")
    def _onchange_pm_payer(self):
        """Whoever is named as payer stands in the panes at once, and the rest is his."""
        info = self.reconcile_data_info
        if not info:
            return
        payer = [self.partner_id.id, self.partner_id.display_name] if self.partner_id else [False, self.partner_name]
        rows = [
            {**row, "partner_id": payer} if row["kind"] in ("liquidity", "suspense") else row for row in info["data"]
        ]
        self.reconcile_data_info = self._recompute_suspense_line(
            rows, info["reconcile_auxiliary_id"], self.manual_reference
        )
        self.can_reconcile = self.reconcile_data_info["can_reconcile"]

    def _recompute_suspense_line(self, data, reconcile_auxiliary_id, manual_reference):
        """More than is owed may be booked as well, once it is known whose credit the rest becomes; less money than is
        picked may not."""
        info = super()._recompute_suspense_line(data, reconcile_auxiliary_id, manual_reference)
        if self._pm_may_be_fees():
            possible, _hint = self._pm_pane_state(info["data"])
            if possible is not None:
                info["can_reconcile"] = possible
        return info

    def _pm_picked(self, rows):
        """The open item of each row that was picked in the right-hand pane.

        :return: (account.move.line, {its id: the row})
        """
        picked = {
            row["counterpart_line_ids"][0]: row for row in rows if len(row.get("counterpart_line_ids") or ()) == 1
        }
        items = self.env["account.move.line"].browse(picked).exists()
        return items, {item.id: picked[item.id] for item in items}

    def _pm_payer(self, charges):
        """Who has paid: the partner of the line, else whoever alone owes the charges."""
        return self.partner_id or (charges.partner_id if len(charges.partner_id) == 1 else self.env["res.partner"])

    def _pm_pane_state(self, rows):
        """Whether the charges picked so far can be booked, and what there is to say about it.

        :param list rows: of the left-hand pane
        :return: (True | False | None when it is not for the fees to say, text or False)
        """
        rows = [row for row in rows if row["kind"] != "liquidity"]
        items, _picked = self._pm_picked(rows)
        # sudo: which rows are charges, whoever may see them; booking checks the right
        charged = items.sudo().filtered("pm_charge_ids")
        charges = charged.pm_charge_ids
        others = [row for row in rows if row["kind"] != "suspense" and row.get("id") not in charged.ids]
        rest = self.currency_id.round(-sum(row["amount"] for row in rows if row["kind"] == "suspense"))
        if others or not charges:
            return None, not others and self._pm_credit_hint(rows, rest)
        if rest < 0:
            return False, self.env._(
                "%s more is picked than has come in: take a charge out, or press it and lower its amount.",
                self.currency_id.format(-rest),
            )
        if len(charges.property_id) > 1:
            return False, self.env._("The charges belong to several properties: pick those of one.")
        payer = self._pm_payer(charges)
        if not payer:
            return False, self.env._("The charges are owed by several people: choose above who has paid.")
        if rest > 0:
            return True, self.env._(
                "%(rest)s is over and will be kept as credit of %(payer)s.",
                rest=self.currency_id.format(rest),
                payer=payer.display_name,
            )
        return True, False

    def _pm_credit_hint(self, rows, rest):
        """The OCA's panes offer to book money of a known payer on the account of the charges as it stands."""
        accounts = [row["account_id"][0] for row in rows if row["kind"] == "suspense" and row["account_id"]]
        # sudo: as in `_pm_book_credit`, which books it
        if not self.partner_id or not self.env["pm.property"].sudo().search_count(
            [("receivable_account_id", "in", accounts)], limit=1
        ):
            return False
        return self.env._(
            "Nothing is picked: the whole %(rest)s would be kept as credit of %(payer)s.",
            rest=self.currency_id.format(rest),
            payer=self.partner_id.display_name,
        )
