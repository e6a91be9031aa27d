from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import DeskCase


@tagged("post_install", "-at_install")
class TestTicketRating(DeskCase):
    def closed(self, code="repair"):
        self.types[code].followup_percent = 0
        ticket = self.handle(self.new_ticket(code))
        ticket.with_user(self.front_desk).action_feedback()
        ticket.with_user(self.supervisor).action_close()
        return ticket

    def rate(self, ticket, rate, **kwargs):
        rating = self.env["rating.rating"].search([("access_token", "=", ticket._rating_get_access_token())])
        public = self.env.ref("base.public_user")
        return ticket.with_user(public).sudo().rating_apply(rate, rating=rating.with_user(public).sudo(), **kwargs)

    def test_dissatisfied_by_the_link_reopens_with_the_customers_words(self):
        ticket = self.closed()
        self.rate(ticket, 1, feedback="It leaks again")
        self.assertEqual((ticket.state, ticket.reopen_reason), ("in_progress", "It leaks again"))
        self.assertEqual((ticket.followup_ids.method, ticket.followup_ids.satisfied), ("rating", "dissatisfied"))
        self.assertFalse(ticket.followup_ids.user_id)
        self.rate(ticket, 1, feedback="Still")
        self.assertEqual(ticket.reopen_count, 1, "a ticket in work is not reopened")

    def test_without_words_it_reopens_as_well(self):
        ticket = self.closed()
        self.rate(ticket, 1)
        self.assertEqual(ticket.state, "in_progress")
        self.assertTrue(ticket.reopen_reason)

    def test_okay_and_satisfied_leave_it_closed(self):
        ticket = self.closed()
        for rate in (3, 5):
            self.rate(ticket, rate, feedback="Well")
        self.assertEqual((ticket.state, ticket.rating_last_value), ("closed", 5))

    def test_staff_neither_read_the_customers_link_nor_rate_in_his_place(self):
        ticket = self.closed()
        token = ticket._rating_get_access_token()
        rating = self.env["rating.rating"].search([("access_token", "=", token)])
        for user in (self.front_desk, self.technician, self.supervisor, self.manager):
            own = rating.with_user(user)
            with self.subTest(user=user.login):
                for refused in (
                    lambda own=own: own.read(["access_token"]),
                    lambda own=own: own.search([("access_token", "=", token)]),
                    lambda own=own: own.write({"rating": 5, "consumed": True}),
                    lambda user=user: ticket.with_user(user).rating_apply(5, token=token),
                    lambda own=own: own.create(
                        {"res_model_id": rating.res_model_id.id, "res_id": ticket.id, "rating": 5}
                    ),
                ):
                    with self.assertRaises(AccessError):
                        refused()
        self.assertFalse(rating.consumed)
        self.rate(ticket, 5)
        self.assertEqual(ticket.rating_last_value, 5)

    def test_the_link_goes_to_everybody(self):
        self.assertFalse(self.env["pm.ticket.type"].search([("ask_rating", "=", False)]).mapped("name"))
        ticket = self.closed("inquiry")
        keys = (
            self.env["pm.message"].search([("res_model", "=", "pm.ticket"), ("res_id", "=", ticket.id)]).mapped("key")
        )
        self.assertIn(f"ticket-rating/0/{ticket.id}", keys)
