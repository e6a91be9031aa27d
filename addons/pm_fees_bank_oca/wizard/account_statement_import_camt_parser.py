from lxml import etree
from odoo import models
from odoo.exceptions import UserError

# What banks write where they have no number of their own.
_NO_NUMBER = {"", "NONREF", "NOTPROVIDED", "NOT PROVIDED"}
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)


class AccountStatementImportCamtParser(models.AbstractModel):
    """CAMT files: only whole ones of one account, and each transaction with the bank's number."""

    _inherit = "account.statement.import.camt.parser"

    def parse(self, data):
        """Parse a CAMT file.

        :raise UserError: cut off, damaged, wrongly encoded, or of several accounts
        """
        if b"camt.05" in data[:4096]:
            self._pm_check_file(data)
        return super().parse(data)

    def _pm_check_file(self, data):
        # The parser would mend a damaged file and load what is left of it.
        try:
            root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
        except (etree.XMLSyntaxError, ValueError) as error:
            raise UserError(
                self.env._(
                    "The CAMT file is not whole, or not in the encoding that it names (line %s). Download it again and load it as it is.",
                    getattr(error, "lineno", None) or 1,
                )
            ) from error
        if root.getroottree().docinfo.doctype:
            raise UserError(self.env._("The CAMT file defines a document type of its own, as no bank's file does."))
        names = {"ns": etree.QName(root).namespace or "none"}
        # The parser has one account for all statements of a file.
        accounts = {
            number.strip()
            for number in root.xpath(
                "//ns:Stmt/ns:Acct/ns:Id/ns:IBAN/text() | //ns:Stmt/ns:Acct/ns:Id/ns:Othr/ns:Id/text()",
                namespaces=names,
            )
        }
        if len(accounts) > 1:
            raise UserError(
                self.env._(
                    "The file holds several accounts (%s): download one file for each.", ", ".join(sorted(accounts))
                )
            )

    def parse_statement(self, ns, node):
        result = super().parse_statement(ns, node)
        codes = set(node.xpath("./ns:Bal/ns:Tp/ns:CdOrPrtry/ns:Cd/text()", namespaces={"ns": ns}))
        if codes.intersection(_OPENING) and codes.intersection(_CLOSING):
            moved = sum(row["amount"] for row in result["transactions"])
            missing = result["balance_end_real"] - result["balance_start"] - moved
            if abs(missing) >= 0.005:
                raise UserError(
                    self.env._(
                        "Statement %(name)s does not add up: opening balance and lines differ from the closing balance by %(missing).2f. The file is incomplete, download it again.",
                        name=result.get("name") or "",
                        missing=missing,
                    )
                )
        return result

    def parse_entry(self, ns, node):
        rows = list(super().parse_entry(ns, node))
        names = {"ns": ns}
        entry = node.xpath("string(./ns:AcctSvcrRef)", namespaces=names).strip()
        note = node.xpath("string(./ns:AddtlNtryInf)", namespaces=names).strip()
        details = node.xpath("./ns:NtryDtls/ns:TxDtls", namespaces=names)
        for index, row in enumerate(rows):
            if note and (row.get("payment_ref") or "/") == "/":
                row["payment_ref"] = note
            own = ""
            if index < len(details):
                own = details[index].xpath("string(./ns:Refs/ns:AcctSvcrRef)", namespaces=names).strip()
            number = own if own.upper() not in _NO_NUMBER and own != entry else entry
            if number.upper() not in _NO_NUMBER:
                # One entry of several payments: the number is of them all.
                row["pm_transaction_ref"] = f"{number}/{index + 1}" if number == entry and len(rows) > 1 else number
        return rows
