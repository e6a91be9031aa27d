"""When the ORM makes the entry of a payment, or reconciles its items: wherever rows written in sets might differ.

What the database says (journals secured with hashes, foreign currency, taxes or analytic rules on an account ...) is asked
for each payment, see `_entry_blocker` and `_items_blocker`; what other add-ons say, once, see `_ledger_add_on`.
"""

from odoo import api, models, tools
from odoo.tools import SQL

from .charge_posting import KNOWN_COLUMNS

# The stored fields this file was checked against. One of another add-on is left empty, as the ORM leaves it, if it has no
# default and is not computed, or only from what is empty here.
_KNOWN_MOVE = """
    id sequence_number sequence_prefix message_main_attachment_id journal_id company_id origin_payment_id statement_line_id
    tax_cash_basis_rec_id tax_cash_basis_origin_move_id auto_post_origin_id secure_sequence_number invoice_payment_term_id
    partner_id commercial_partner_id partner_shipping_id partner_bank_id fiscal_position_id preferred_payment_method_line_id
    currency_id reversed_entry_id invoice_user_id invoice_incoterm_id invoice_cash_rounding_id create_uid write_uid
    access_token name ref state move_type auto_post inalterable_hash payment_reference qr_code_method payment_state
    invoice_source_email invoice_partner_display_name invoice_origin incoterm_location date auto_post_until invoice_date
    invoice_date_due delivery_date taxable_supply_date sending_data narration invoice_currency_rate amount_untaxed amount_tax
    amount_total amount_residual amount_untaxed_signed amount_untaxed_in_currency_signed amount_tax_signed
    amount_total_signed amount_total_in_currency_signed amount_residual_signed quick_edit_total_amount always_tax_exigible
    checked posted_before made_sequence_gap is_manually_modified is_move_sent create_date write_date
"""
_KNOWN_PARTIAL = """
    id debit_move_id credit_move_id full_reconcile_id exchange_move_id debit_currency_id credit_currency_id company_id
    create_uid write_uid max_date draft_caba_move_vals amount debit_amount_currency credit_amount_currency create_date
    write_date
"""
_KNOWN_FIELDS = {
    "account.move": set(_KNOWN_MOVE.split()),
    "account.move.line": KNOWN_COLUMNS | {"tax_ids", "tax_tag_ids"},
    "account.partial.reconcile": set(_KNOWN_PARTIAL.split()),
    "account.full.reconcile": {"id", "create_uid", "write_uid", "create_date", "write_date"},
}
_EMPTY_FIELDS = {"analytic_distribution", "product_id", "tax_ids", "tax_line_id", "tax_tag_ids"}
# What the ORM goes through on its way to the same rows: an add-on that takes part in it shall be asked.
_STEPS = {
    "account.move": """create write _post _compute_name _compute_checked _compute_payment_state _set_next_sequence
        _synchronize_business_models _check_balanced _sync_dynamic_lines _compute_field_value""",
    "account.move.line": """create write _reconcile_plan _reconcile_plan_with_sync _prepare_reconciliation_plan
        _reconcile_pre_hook _reconcile_post_hook _create_analytic_lines _compute_field_value""",
    "account.partial.reconcile": """create write _update_matching_number _create_tax_cash_basis_moves
        _compute_field_value""",
    "account.full.reconcile": "create write _compute_field_value",
}
_STEPS = {model: frozenset(steps.split()) for model, steps in _STEPS.items()}
# pm_base keeps clients, not the program, from fields that follow from others; this add-on computes totals of entries in its
# own way, to the same figures (test_entry_amounts).
_TESTED_WITH = {"account", "analytic", "mail", "pm_base", "pm_fees"}
# What a reconciliation changes of a journal item. What Odoo computes and stores from it is as before for entries; what is
# stored of charges is computed anew.
SETTLED = (
    "amount_residual",
    "amount_residual_currency",
    "reconciled",
    "full_reconcile_id",
    "matching_number",
    "matched_debit_ids",
    "matched_credit_ids",
)
# What a new item has that others may compute and store something from.
_INSERTED = (
    "move_id",
    "account_id",
    "partner_id",
    "journal_id",
    "parent_state",
    "date",
    "name",
    "balance",
    "debit",
    "credit",
)
_DEPENDENTS = {
    "account.analytic.line",
    "account.bank.statement.line",
    "account.payment",
    "pm.charge",
}
_PAYER_TERMS = {"property_account_position_id", "property_outbound_payment_method_line_id"}


class PmPayment(models.Model):
    _inherit = "pm.payment"

    def _entry_blocker(self, items):
        """Why the entry is left to the ORM, a word for the tests and for who looks for it; or None."""
        journal, partner = self.method_id.journal_id, self.partner_id
        if not journal.active or journal.company_id != self.company_id:
            return "journal"
        if not self.currency_id.is_zero(sum(item["balance"] for item in items)):
            return "balance"
        if _PAYER_TERMS & self.env["ir.default"]._get_model_defaults(partner._name).keys():
            return "payer"
        # Not read as fields: with them Odoo reads whatever else a payer has by company.
        terms = SQL(", ").join(
            SQL("%s->>%s", SQL.identifier(name), str(self.company_id.id)) for name in sorted(_PAYER_TERMS)
        )
        return self._items_blocker(
            journal,
            items,
            payer=SQL(
                """EXISTS (SELECT FROM res_partner_bank WHERE partner_id = %(commercial)s)
                   OR EXISTS (SELECT FROM res_partner WHERE id = %(payer)s AND COALESCE(%(terms)s) IS NOT NULL)""",
                payer=partner.id,
                commercial=partner.commercial_partner_id.id,
                terms=terms,
            ),
        )

    def _items_blocker(self, journals, items, payer=None):
        """Why items of entries in these journals are left to the ORM, or None.

        :param list items: values of journal items
        :param payer: condition in SQL that is true for a payer whose terms leave their mark on the entry
        """
        company, currency = self.company_id, self.currency_id
        if self._ledger_stranger():
            return "add-on"
        if any(journals.mapped("restrict_mode_hash_table")):
            return "journal"
        if len(company) > 1 or currency != company.currency_id or journals.currency_id - currency:
            return "currency"
        if self.partner_id.browse(item["partner_id"] for item in items).company_id - company:
            return "payer"
        accounts = {item["account_id"] for item in items}
        [[plain, special, rules]] = self.env.execute_query(
            SQL(
                """
                SELECT (SELECT count(*) FROM account_account account
                         WHERE id = ANY(%(accounts)s) AND active AND account_type NOT IN ('off_balance', 'liability_payable')
                           AND (currency_id IS NULL OR currency_id = %(currency)s)
                           AND EXISTS (SELECT FROM account_account_res_company_rel
                                        WHERE account_account_id = account.id AND res_company_id = ANY(%(companies)s))
                           AND NOT EXISTS (SELECT FROM account_account_tax_default_rel WHERE account_id = account.id)),
                       %(payer)s,
                       EXISTS (SELECT FROM account_analytic_distribution_model
                                WHERE company_id IS NULL OR company_id = ANY(%(companies)s))
                       OR EXISTS (SELECT FROM account_fiscal_position WHERE auto_apply AND company_id = ANY(%(companies)s))
                """,
                accounts=list(accounts),
                currency=currency.id,
                companies=list(company.parent_ids.ids),
                payer=payer or SQL("false"),
            )
        )
        if plain != len(accounts):
            return "account"
        return "payer" if special else "rules" if rules else None

    @api.model
    def _ledger_stranger(self):
        """Who else takes part in making or reconciling entries, or None."""
        for model, steps in _STEPS.items():
            # Rules of automation put their steps into the model itself, and take them out again, at any time.
            if any(step in vars(self.env.registry[model]) for step in steps):
                return f"rule on {model}"
        return self._ledger_add_on()

    @api.model
    @tools.ormcache()
    def _ledger_add_on(self):
        """The field or method by which another add-on takes part in making or reconciling entries, or None."""
        for model, known in _KNOWN_FIELDS.items():
            taken = set(_STEPS[model])
            for name, field in self.env[model]._fields.items():
                if not field.store or field.type == "one2many":
                    continue
                if name in known:
                    taken |= {field.compute} if isinstance(field.compute, str) else set()
                    continue
                computed = field.compute and not set(self.env.registry.field_depends[field]) <= _EMPTY_FIELDS
                if computed or field.default or field.required:
                    return f"{model}.{name}"
            taken |= {
                method.__name__
                for method in self.env[model]._constraint_methods
                if not callable(method._constrains) and known & set(method._constrains)
            }
            for part in type(self.env[model]).mro():
                addon = part.__module__.removeprefix("odoo.addons.").partition(".")[0]
                found = vars(part).keys() & taken
                if found and part.__module__.startswith("odoo.addons.") and addon not in _TESTED_WITH:
                    return f"{addon}: {', '.join(sorted(found))}"
        for field in self._line_dependents():
            if field.store and field.model_name not in _DEPENDENTS | _KNOWN_FIELDS.keys():
                return f"{field.model_name}.{field.name}"
        return None

    def _line_dependents(self):
        """The fields that are computed from what is written of journal items here."""
        lines = self.env["account.move.line"]._fields
        return {
            field for name in (*_INSERTED, *SETTLED) for field in self.env.registry.get_dependent_fields(lines[name])
        }
