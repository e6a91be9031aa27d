from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.sql import escape_psql

from odoo.addons.pm_base.tools.search import TRIGRAM, found_by

from .pm_unit import MIN_DIGITS


class PmTicket(models.Model):
    """What is typed above a list of a million tickets: words of a ticket, or somebody's name or number.

    An OR over several columns is answered by reading ticket after ticket, the newest first, until a page is full: at once
    for a usual word, seconds for a rare one. So each column is asked by an index of its own first, for a limited number.
    If that finds all there is, these are the tickets; a word with more matches than that is a usual one. Record rules and
    other filters are applied to what is found, as ever.
    """

    _inherit = "pm.ticket"

    name = fields.Char(index="trigram")
    description = fields.Text(index="trigram")
    contact_name = fields.Char(index="trigram")
    contact_phone = fields.Char(index="trigram")
    words = fields.Char(string="Ticket Text", store=False, search="_search_words", exportable=False)
    person = fields.Char(string="Customer or Caller", store=False, search="_search_person", exportable=False)

    @api.model
    def _search_words(self, operator, value):
        """Number, subject or description holds the text."""
        if operator != "ilike":
            return NotImplemented
        domains = [Domain(name, "ilike", escape_psql(value)) for name in ("number", "name", "description")]
        # Two characters, a usual word in Chinese, are too short for these indexes: the newest that fit are read.
        return Domain.OR(domains) if len(value.strip()) < TRIGRAM else found_by(self, domains)

    @api.model
    def _search_person(self, operator, value):
        """The customer's name, phone or e-mail, or what the caller gave; two characters are the beginning of a name."""
        return found_by(self, self._person_domains(value)) if operator == "ilike" else NotImplemented

    @api.model
    def _person_domains(self, value):
        text = value.strip()
        match, pattern = ("=ilike", escape_psql(text) + "%") if len(text) < TRIGRAM else ("ilike", escape_psql(text))
        digits = "".join(char for char in text if char.isdigit())
        people = Domain.OR(Domain(name, match, pattern) for name in ("name", "email", "phone"))
        if len(digits) >= MIN_DIGITS:
            people |= Domain("phone_sanitized", "ilike", digits)
        found = self.env["res.partner"]._search(people, active_test=False, bypass_access=True)
        return [
            Domain("contact_name", match, pattern),
            Domain("contact_phone", match, pattern),
            Domain("partner_id", "any!", found),
        ]

    @api.model
    def _search_display_name(self, operator, value):
        """A ticket is named by its number, its subject, its customer or its unit."""
        if operator != "ilike" or not value or len(value.strip()) < TRIGRAM:
            return super()._search_display_name(operator, value)
        text = escape_psql(value)
        units = self.env["pm.unit"]._search(Domain("code", "ilike", text), active_test=False, bypass_access=True)
        return found_by(
            self,
            [
                Domain("number", "ilike", text),
                Domain("name", "ilike", text),
                Domain("unit_id", "any!", units),
                *self._person_domains(value),
            ],
        )
