from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

# What the customer says by his link; the word of the house on it (`publisher_comment`) is not among them.
OWN_WORDS = frozenset(
    {"rating", "feedback", "consumed", "res_model", "res_model_id", "res_id", "partner_id", "rated_partner_id"}
)


class RatingRating(models.Model):
    """How satisfied a customer is, he says himself: Odoo lets every employee read the link and write the figure (S0-71)."""

    _inherit = "rating.rating"

    access_token = fields.Char(groups="base.group_system")

    @api.model_create_multi
    def create(self, vals_list):
        ratings = super().create(vals_list)
        ratings._check_own_words()
        return ratings

    def write(self, vals):
        concerned = OWN_WORDS & vals.keys()
        if concerned:
            self._check_own_words()
        result = super().write(vals)
        if concerned:
            self._check_own_words()  # it may have become a rating of a ticket by this
        return result

    def _check_own_words(self):
        """The customer's link and the program act in sudo; nobody else rates a ticket."""
        if not self.env.su and self.filtered_domain(Domain("res_model", "=", "pm.ticket")):
            raise AccessError(self.env._("Only the customer rates a ticket, by the link that was sent to him."))
