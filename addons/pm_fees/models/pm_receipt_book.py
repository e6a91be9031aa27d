from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

BOOK_TYPES = [("in", "Receipts"), ("out", "Refund vouchers")]


class PmReceiptBook(models.Model):
    """A book of numbered receipts (收款收据): one per property and direction, without holes.

    A number is taken under the row lock of the book in the transaction of the payment itself, so a failed payment
    gives it back, and a voided receipt keeps it. Source: S0-128, S1-49.
    """

    _name = "pm.receipt.book"
    _description = "Receipt Book"
    _order = "property_id, book_type"
    _rec_name = "prefix"

    _book_unique = models.UniqueIndex("(property_id, book_type)", "The property already has this receipt book.")
    _prefix_unique = models.UniqueIndex("(company_id, prefix)", "Another receipt book of the company has this prefix.")
    _next_positive = models.Constraint("CHECK (next_number > 0)", "Receipt numbers start at 1.")

    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True)
    book_type = fields.Selection(BOOK_TYPES, "Kind", required=True, default="in")
    prefix = fields.Char(required=True, help="Precedes the number on every receipt of this book.")
    padding = fields.Integer(default=6, required=True)
    next_number = fields.Integer(
        default=1,
        required=True,
        copy=False,
        help="May be set before the first receipt, to go on after a paper book.",
    )

    @api.model
    def _ensure_book(self, prop, book_type):
        """The book of a property, opened when it is the first receipt."""
        # sudo: a cashier may write receipts but not open or change books
        books = self.sudo()
        book = books.search([("property_id", "=", prop.id), ("book_type", "=", book_type)], order="id", limit=1)
        if not book:
            letters = {"in": "SK", "out": "TK"}[book_type]  # 收款 / 退款, as on the paper books
            book = books.create({"property_id": prop.id, "book_type": book_type, "prefix": f"{letters}-{prop.code}-"})
        return book

    def _take_numbers(self, count):
        """Take the next numbers under the row lock.

        :return: list of (number, full receipt number)
        """
        self.ensure_one()
        self.flush_recordset(["next_number", "prefix", "padding"])
        self.env.cr.execute(
            SQL(
                """UPDATE pm_receipt_book SET next_number = next_number + %s WHERE id = %s
                   RETURNING next_number, prefix, padding""",
                count,
                self.id,
            ),
            log_exceptions=False,
        )
        after, prefix, padding = self.env.cr.fetchone()
        self.invalidate_recordset(["next_number"])
        return [(number, f"{prefix}{number:0{padding}d}") for number in range(after - count, after)]

    def write(self, vals):
        if {"prefix", "padding", "property_id", "book_type", "next_number"} & vals.keys() and any(
            book.next_number > 1 for book in self
        ):
            raise UserError(
                self.env._("Receipts have been written from this book: to change it, use a new property or kind.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        if any(book.next_number > 1 for book in self):
            raise UserError(self.env._("A receipt book with receipts in it cannot be deleted."))
