"""Units that payers name in the remark of a transfer (“代交A-0802物业费”): what most of them write instead of a reference.

A code has no check digits, and neighbours owe the same amount: what it says is proposed, never booked by itself.
"""

import re
import unicodedata

from odoo import models
from odoo.tools import SQL

_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST = 20


def find_codes(text):
    """What may be the code of a unit in a free text: letters and digits, or digits around a hyphen; in small letters.

    :return: list of str, in the order found
    """
    text = unicodedata.normalize("NFKC", text or "").lower()
    found = dict.fromkeys(code for code in _CODE.findall(text) if len(code) <= _LONGEST)
    return [code for code in found if any(c.isdigit() for c in code) and not code.isdigit()]


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    def _pm_named_units(self, company, texts):
        """The units named in some texts.

        :param dict texts: text by id of a bank line
        :return: {id of the bank line: list of unit ids}
        """
        codes = {line_id: find_codes(text) for line_id, text in texts.items()}
        wanted = {code for found in codes.values() for code in found}
        if not wanted:
            return {line_id: [] for line_id in texts}
        self.env["pm.unit"].flush_model(["code", "property_id"])
        units = {}
        for unit_id, code in self.env.execute_query(
            SQL(
                """SELECT unit.id, lower(unit.code) FROM pm_property property
                     JOIN pm_unit unit ON unit.property_id = property.id AND lower(unit.code) = ANY(%s)
                    WHERE property.company_id = %s ORDER BY unit.id""",
                list(wanted),
                company.id,
            )
        ):
            units.setdefault(code, []).append(unit_id)
        return {
            line_id: [unit_id for code in found for unit_id in units.get(code, ())] for line_id, found in codes.items()
        }
