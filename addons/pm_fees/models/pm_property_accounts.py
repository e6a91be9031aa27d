from odoo import api, models
from odoo.exceptions import ValidationError


class PmProperty(models.Model):
    """Accounts that one thing of one property has for itself.

    What is owed to the owners, or held for them, is the balance of an account. That is true only while nothing else is
    booked there: no other property, no suppliers' money, no tax, no money in transit. Source: L-04, L-11.
    """

    _inherit = "pm.property"

    @api.model
    def _own_account_fields(self):
        """Names of the fields whose account serves this one purpose of this one property."""
        return ["owners_income_account_id"]

    @api.model
    def _shared_account_fields(self):
        """Names of the fields whose account several properties may share, for the same purpose."""
        return ["receivable_account_id", "passthrough_account_id", "bad_debt_account_id"]

    @api.constrains(lambda self: [*self._own_account_fields(), *self._shared_account_fields()])
    def _check_accounts_apart(self):
        own = self._own_account_fields()
        for prop in self.sudo():  # sudo: whoever sets up a property need not read the chart of accounts
            for name in [*own, *self._shared_account_fields()]:
                account = prop[name]
                uses = account and prop._uses_of_account(account, name, own if name not in own else None)
                if uses:
                    raise ValidationError(
                        self.env._(
                            "%(property)s, %(field)s: account %(account)s is used for %(use)s. Choose an account on which "
                            "nothing else is booked.",
                            property=prop.display_name,
                            field=self._fields[name]._description_string(self.env),
                            account=account.display_name,
                            use=uses[0],
                        )
                    )

    def _uses_of_account(self, account, name=None, names=None):
        """What else an account is used for.

        :param account: one ``account.account``
        :param str name: the field of this property that is not counted
        :param names: only these fields of properties; all, and the uses outside properties, when None
        :return: list of texts, e.g. “Deposit Account of HY”
        """
        # sudo: an account may be used where the reader has no access; only the kind of use is told
        properties = self.env["pm.property"].sudo().with_context(active_test=False)
        uses = []
        for field in names or [*self._own_account_fields(), *self._shared_account_fields()]:
            for prop in properties.search([(field, "=", account.id)]):
                if not (prop == self and field == name):
                    label = self._fields[field]._description_string(self.env)
                    uses.append(self.env._("%(field)s of %(property)s", field=label, property=prop.display_name))
        return uses if names else uses + self._uses_outside(account)

    @api.model
    def _uses_outside(self, account):
        """Uses of an account by payment methods, journals and taxes."""
        # sudo: as in _uses_of_account
        sudo = self.env["account.journal"].sudo().with_context(active_test=False).env
        method = sudo["pm.payment.method"].search([("account_id", "=", account.id)], limit=1)
        journal = sudo["account.journal"].search(
            ["|", ("default_account_id", "=", account.id), ("suspense_account_id", "=", account.id)], limit=1
        )
        tax = sudo["account.tax.repartition.line"].search([("account_id", "=", account.id)], limit=1).tax_id
        return [
            *([self.env._("payment method %s", method.display_name)] if method else ()),
            *([self.env._("journal %s", journal.display_name)] if journal else ()),
            *([self.env._("tax %s", tax.display_name)] if tax else ()),
        ]


class PmPaymentMethod(models.Model):
    _inherit = "pm.payment.method"

    @api.constrains("account_id")
    def _check_account_apart(self):
        properties = self.env["pm.property"]
        for method in self:
            uses = properties._uses_of_account(method.account_id, names=properties._own_account_fields())
            if uses:
                raise ValidationError(
                    self.env._(
                        "Payment method %(method)s: account %(account)s is used for %(use)s. Choose an account of money.",
                        method=method.display_name,
                        account=method.account_id.display_name,
                        use=uses[0],
                    )
                )
