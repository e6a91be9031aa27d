from odoo import api, fields, models
from odoo.exceptions import ValidationError

FIRST_CODE = (
    "224120"  # the codes after it, 6 digits as in the Chinese chart: other payables, one account for each property
)


class PmProperty(models.Model):
    """What the common parts bring in belongs to the owners of the property (业主公共收益), after reasonable cost.

    It is owed to them, so that it stands on a liability account that no other property and no income of the company
    shares: credits are what came in, debits the costs and what was handed over, the balance is the owners'.
    Source: L-11 (Civil Code art. 282).
    """

    _inherit = "pm.property"

    _owners_income_apart = models.UniqueIndex(
        "(owners_income_account_id) WHERE owners_income_account_id IS NOT NULL",
        "Another property keeps its owners' common income on this account: each property needs an account of its own.",
    )

    owners_income_account_id = fields.Many2one(
        "account.account",
        "Owners' Common Income",
        check_company=True,
        copy=False,
        domain="[('account_type', 'in', ('liability_current', 'liability_non_current'))]",
        help="Liability to the owners for what the common parts bring in; made when first needed (L-11).",
    )
    owners_income_balance = fields.Monetary(
        "Owed to the Owners", compute="_compute_owners_income_balance", currency_field="currency_id"
    )

    @api.constrains("owners_income_account_id")
    def _check_owners_income_account(self):
        for prop in self:
            # sudo: whoever sets up a property need not read the chart of accounts
            account = prop.sudo().owners_income_account_id
            if not account:
                continue
            if account.account_type not in ("liability_current", "liability_non_current"):
                raise ValidationError(
                    self.env._(
                        "%s: common income is owed to the owners; choose a liability account for it.", prop.display_name
                    )
                )

    def _compute_owners_income_balance(self):
        totals = dict(
            self.env["account.move.line"]._read_group(
                [("account_id", "in", self.owners_income_account_id.ids), ("parent_state", "=", "posted")],
                ["account_id"],
                ["balance:sum"],
            )
        )
        for prop in self:
            prop.owners_income_balance = -totals.get(prop.owners_income_account_id, 0.0)

    def _owners_income_account(self):
        """The account of the owners' common income of this property, made in the chart when first needed."""
        self.ensure_one()
        # sudo: as in `_ensure_accounts`
        prop = self.sudo().with_company(self.company_id)
        if not prop.owners_income_account_id:
            accounts = prop.env["account.account"]
            prop.owners_income_account_id = accounts.create(
                {
                    "code": accounts._search_new_account_code(FIRST_CODE),
                    "name": self.env._("Owners' common income – %s", prop.name),
                    "account_type": "liability_current",
                    "company_ids": [fields.Command.link(prop.company_id.root_id.id)],
                }
            )
        return prop.owners_income_account_id

    def action_open_owners_income(self):
        """What came in from the common parts, what it cost, and what was handed over to the owners."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Owners' Common Income"),
            "res_model": "account.move.line",
            "view_mode": "list",
            "views": [(self.env.ref("account.view_move_line_tree").id, "list")],
            "domain": [("account_id", "=", self.owners_income_account_id.id), ("parent_state", "=", "posted")],
            "context": {"create": False, "edit": False},
        }
