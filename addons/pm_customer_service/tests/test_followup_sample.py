import math

from freezegun import freeze_time
from odoo.tests import tagged

from .common import DeskCase, local


@tagged("post_install", "-at_install")
class TestFollowupSample(DeskCase):
    """At least a quarter of the repairs of a month is followed up, by lot, and everybody finds the same lots again."""

    def repairs(self, count, lots=None):
        """Handle ``count`` repairs on 10 November; ``lots`` replaces chance."""
        with freeze_time(local("2026-11-10 10:00")):
            tickets = self.env["pm.ticket"].union(*(self.new_ticket("repair") for __ in range(count)))
            if lots:
                table = dict(zip(tickets.mapped("number"), lots, strict=True))
                self.patch(
                    self.registry["pm.ticket.type"], "_sample_draw", lambda kind, number: table.get(number, 0.99)
                )
            for ticket in tickets:
                self.handle(ticket)
        return tickets

    def complete(self, moment="2026-11-11 02:00"):
        with freeze_time(local(moment)):
            return self.env["pm.ticket"]._complete_sample(self.property)

    def test_chance_below_a_quarter_is_completed_by_the_lowest_lots(self):
        tickets = self.repairs(8, [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.26])
        self.assertFalse(any(tickets.mapped("needs_followup")), "no lot lies below 25 %")
        drawn = self.complete()
        self.assertEqual(drawn, tickets[-1] | tickets[-2])
        self.assertFalse(self.complete(), "a second run draws nobody")
        self.assertEqual(self.clock(drawn[0], "followup").state, "running")
        self.assertEqual(drawn.sudo().activity_ids.user_id, self.front_desk)

    def test_share_is_never_below_a_quarter_at_4_5_and_8(self):
        for count, least in ((4, 1), (5, 2), (8, 2)):
            with self.subTest(count=count), self.env.cr.savepoint():
                tickets = self.repairs(count, [0.9 - n / 100 for n in range(count)])
                self.complete()
                self.assertEqual(sum(tickets.mapped("needs_followup")), least)
                self.assertEqual(least, math.ceil(count * 0.25))
                tickets.sudo()._write_protected({"handled_at": False})  # out of the way of the next round

    def test_whom_somebody_asked_anyway_counts(self):
        tickets = self.repairs(4, [0.9, 0.8, 0.7, 0.6])
        with freeze_time(local("2026-11-10 16:00")):
            self.env["pm.followup"].with_user(self.front_desk).create(
                {"ticket_id": tickets[0].id, "satisfied": "satisfied"}
            )
        self.assertFalse(self.complete())

    def test_a_closed_repair_that_is_drawn_is_called_and_stays_closed(self):
        ticket = self.repairs(1, [0.9])
        with freeze_time(local("2026-11-10 12:00")):
            ticket.with_user(self.front_desk).action_feedback()
            ticket.with_user(self.supervisor).action_close()
        self.assertEqual(self.complete(), ticket)
        with freeze_time(local("2026-11-12 12:00")):
            self.env["pm.followup"].with_user(self.front_desk).create(
                {"ticket_id": ticket.id, "satisfied": "satisfied"}
            )
        self.assertEqual((ticket.state, self.clock(ticket, "followup").state), ("closed", "met"))
        self.assertTrue(ticket.followed_up_at)
        self.assertFalse(ticket.sudo().activity_ids)

    def test_the_month_before_is_completed_until_the_third_not_on_the_fourth(self):
        self.repairs(4, [0.9, 0.8, 0.7, 0.6])
        self.assertFalse(self.complete("2026-12-04 02:00"))
        self.assertTrue(self.complete("2026-12-03 02:00"))

    def test_other_kinds_are_left_alone(self):
        with freeze_time(local("2026-11-10 10:00")):
            self.handle(self.new_ticket("inquiry"))
        self.assertFalse(self.complete())
