import hashlib
import io
import re
import zipfile
from collections import Counter, defaultdict

from odoo import api, fields, models
from odoo.addons.base.models.res_bank import sanitize_account_number
from odoo.exceptions import UserError

# So many lines are matched while the user waits; more are left to the matching in the background.
_MATCH_AT_ONCE = 300
_XML = re.compile(rb"\s*(\xef\xbb\xbf)?\s*<")


class AccountStatementImport(models.TransientModel):
    """Bank files by the OCA importers become bank lines of the fees: known again when they come twice, and matched."""

    _inherit = "account.statement.import"

    pm_journal_id = fields.Many2one(
        "account.journal",
        "Bank Journal",
        default=lambda self: self._pm_default_journal(),
        domain=[("type", "=", "bank"), ("pm_merchant_number", "=", False)],
        help="The account that the file is of. A file that names its account (CAMT) is compared with it.",
    )
    sheet_mapping_id = fields.Many2one(
        compute="_compute_sheet_mapping_id", store=True, readonly=False, precompute=True, default=None
    )

    @api.model
    def _pm_default_journal(self):
        chosen = self.env["account.journal"].browse(self.env.context.get("journal_id") or ())
        if chosen.type == "bank":
            return chosen
        return self.env["account.journal"].search(
            [*self._fields["pm_journal_id"].domain, ("company_id", "=", self.env.company.id)],
            order="bank_account_id, sequence, id",
            limit=1,
        )

    @api.depends("pm_journal_id")
    def _compute_sheet_mapping_id(self):
        for wizard in self:
            wizard.sheet_mapping_id = wizard.pm_journal_id.default_sheet_mapping_id

    def _import_file(self):
        self.ensure_one()
        if self.pm_journal_id and not self.env.context.get("journal_id"):
            self = self.with_context(journal_id=self.pm_journal_id.id)  # noqa: PLW0642
        result = super()._import_file()
        if self.sheet_mapping_id and not self.pm_journal_id.default_sheet_mapping_id:
            # sudo: which map fits the files of an account is no setting of the books; the next file proposes it
            self.pm_journal_id.sudo().default_sheet_mapping_id = self.sheet_mapping_id
        lines = self.env["account.bank.statement"].browse(result["statement_ids"]).line_ids
        result["pm_lines"] = lines
        result["pm_counts"] = lines[:_MATCH_AT_ONCE]._pm_match()
        if len(lines) > _MATCH_AT_ONCE:
            # sudo: whoever may load bank lines may have the rest matched now instead of within the hour
            self.env.ref("pm_fees.ir_cron_bank_match").sudo()._trigger()
        return result

    def import_file_button(self):
        """Load the file and show its bank lines, with what the matching made of them."""
        result = self._import_file()
        lines, counts = result["pm_lines"], result["pm_counts"]
        message = self.env._(
            "%(new)s bank lines loaded: %(matched)s matched, %(proposed)s to confirm, %(unknown)s unknown.",
            new=len(lines),
            **counts,
        )
        if len(lines) > _MATCH_AT_ONCE:
            message += " " + self.env._("The others are being matched in the background.")
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_fees.pm_bank_line_action")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": "\n".join([message, *result["notifications"]]),
                "next": {**action, "domain": [("statement_id", "in", result["statement_ids"])]},
            },
        }

    # -- what kind of file, of which account --------------------------------------------------------------------------

    def _parse_file(self, data_file):
        # A map is for tables; it stands in the wizard because the journal has it.
        if self.sheet_mapping_id and _XML.match(data_file):
            self.sheet_mapping_id = False
        if not self.sheet_mapping_id and self._pm_is_table(data_file):
            raise UserError(
                self.env._(
                    "To load a table (CSV, TXT, XLS or XLSX) choose the map that names its columns. Without one, only CAMT files are read."
                )
            )
        return super()._parse_file(data_file)

    @api.model
    def _pm_is_table(self, data_file):
        """Neither XML nor a ZIP of it; what a spreadsheet program writes is a ZIP as well."""
        if _XML.match(data_file):
            return False
        try:
            with zipfile.ZipFile(io.BytesIO(data_file)) as archive:
                return any(name.startswith("xl/") for name in archive.namelist())
        except zipfile.BadZipFile:
            return True

    @api.model
    def _match_journal(self, account_number, currency):
        """The journal of the account that the file names: of this company, and of exactly this number.

        :raise UserError: the account is another company's, of another journal, or of none
        """
        wanted = sanitize_account_number(account_number or "")
        if not wanted:
            return super()._match_journal(account_number, currency)
        # sudo: an account of a company that the user may not see has to be found too, to be refused
        journals = self.env["account.journal"].sudo().search([("bank_account_id.sanitized_acc_number", "=", wanted)])
        own = journals.filtered(lambda journal: journal.company_id == self.env.company)
        if journals and not own:
            raise UserError(
                self.env._(
                    "Account %(number)s belongs to another company than %(company)s: switch to that company and load the file there.",
                    number=account_number,
                    company=self.env.company.name,
                )
            )
        chosen = self.env["account.journal"].browse(self.env.context.get("journal_id") or ())
        if not own and not chosen:
            raise UserError(
                self.env._(
                    "No bank journal of %(company)s has the account %(number)s. Enter the number at its journal, or load the file of another account.",
                    company=self.env.company.name,
                    number=account_number,
                )
            )
        if chosen and chosen not in own:
            raise UserError(
                self.env._(
                    "The file is of account %(number)s, journal %(journal)s of account %(own)s. Choose the journal of that account, or load its own file.",
                    number=account_number,
                    journal=chosen.display_name,
                    own=chosen.bank_account_id.acc_number or self.env._("none"),
                )
            )
        # The number is dealt with; what is left to check is the currency.
        journal = chosen or own[:1].sudo(False)
        return super(AccountStatementImport, self.with_context(journal_id=journal.id))._match_journal(None, currency)

    # -- the same transaction is loaded once --------------------------------------------------------------------------

    def _complete_stmts_vals(self, stmts_vals, journal, account_number):
        stmts_vals = super()._complete_stmts_vals(stmts_vals, journal, account_number)
        for statement in stmts_vals:
            statement["transactions"] = [row for row in statement["transactions"] if float(row["amount"])]
        rows = [row for statement in stmts_vals for row in statement["transactions"]]
        self._pm_name_transactions(rows, journal)
        self._pm_recognise(rows, journal)
        for row in rows:
            row["pm_match_state"] = "todo" if float(row["amount"]) > 0 else "ignored"
        for statement in stmts_vals:
            # The same transaction twice in one file: the second is the first.
            once = {row["unique_import_id"]: row for row in reversed(statement["transactions"])}
            statement["transactions"] = list(reversed(once.values()))
        return stmts_vals

    def _pm_name_transactions(self, rows, journal):
        """Give every transaction a name by which it is known when it comes again.

        That is the bank's number where the file has one. Otherwise it is what the row says and, of rows that say the
        same, the how-manieth it is: files hold whole days, so that it is the same in a file of the day and of the month.
        """
        before = {row["unique_import_id"] for row in rows if row.get("unique_import_id")}
        # sudo: as the importer looks for them; loaded before this add-on was there, they keep the name they have
        Line = self.env["account.bank.statement.line"].sudo()
        before = set(Line.search([("unique_import_id", "in", list(before))]).mapped("unique_import_id"))
        moved = defaultdict(set)
        for row in rows:
            moved[row.get("pm_transaction_ref")].add(self._pm_movement(row))
        count = Counter()
        for row in rows:
            number, movement = row.get("pm_transaction_ref"), self._pm_movement(row)
            if row.get("unique_import_id") in before:
                continue
            if number:
                # Some banks give a payment and its charge one number.
                if len(moved[number]) > 1:
                    row["pm_transaction_ref"] = number = "/".join((number, *movement))
                row["unique_import_id"] = f"pm-{journal.id}-{number}"
                continue
            texts = ("payment_ref", "ref", "partner_name", "account_number")
            said = (*movement, *((row.get(key) or "").strip() for key in texts))
            count[said] += 1
            digest = hashlib.sha256("\0".join(said).encode()).hexdigest()[:32]
            row["unique_import_id"] = f"pm-{journal.id}-{digest}-{count[said]}"

    @staticmethod
    def _pm_movement(row):
        return fields.Date.to_string(fields.Date.to_date(row["date"])), f"{float(row['amount']):.2f}"

    def _pm_recognise(self, rows, journal):
        """Let the importer know again what was loaded another way (Import → Bank lines) under the bank's number.

        :raise UserError: a transaction has another amount or date than it was loaded with
        """
        by_number = {row["pm_transaction_ref"]: row for row in rows if row.get("pm_transaction_ref")}
        known = self.env["account.bank.statement.line"].search(
            [("journal_id", "=", journal.id), ("pm_transaction_ref", "in", list(by_number))]
        )
        for line in known:
            row = by_number[line.pm_transaction_ref]
            day, amount = fields.Date.to_date(row["date"]), float(row["amount"])
            if day != line.date or line.currency_id.compare_amounts(line.amount, amount):
                raise UserError(
                    self.env._(
                        "Transaction %(number)s was loaded as %(old)s of %(day)s before, the file has it as %(new)s of %(new_day)s. Nothing was loaded: download the file again.",
                        number=line.pm_transaction_ref,
                        old=line.currency_id.format(line.amount),
                        day=line.date,
                        new=line.currency_id.format(amount),
                        new_day=day,
                    )
                )
            if not line.unique_import_id:
                line.unique_import_id = row["unique_import_id"]
