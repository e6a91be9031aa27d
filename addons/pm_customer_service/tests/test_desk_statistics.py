"""Statistics of the service desk: the figures of some days, equal to those counted by hand (S4-17)."""

from datetime import date
from types import SimpleNamespace

from freezegun import freeze_time
from odoo.tests import tagged

from .common import DeskCase, local

NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))


@tagged("post_install", "-at_install")
class TestDeskStatistics(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.noise = cls.env.ref("pm_customer_service.ticket_category_noise")
        with freeze_time(local("2026-10-31 23:59")):
            cls.october = cls.new_ticket("inquiry", user_id=cls.officer.id)
        with freeze_time(local("2026-11-01 00:00")):
            cls.first = cls.new_ticket("inquiry", user_id=cls.officer.id)
        with freeze_time(local("2026-11-30 23:59")):
            cls.last = cls.new_ticket("inquiry", user_id=cls.officer.id)
        with freeze_time(local("2026-12-01 00:00")):
            cls.december = cls.new_ticket("inquiry", user_id=cls.officer.id)

    def figures(self, part, user=None):
        rows = self.property.with_user(user or self.supervisor)._desk_statistics(*NOVEMBER)[part]
        return {key: tuple(counts) for key, *counts in rows}

    def close(self, ticket, moment):
        with freeze_time(local(moment)):
            self.handle(ticket)
            ticket.with_user(self.officer).action_feedback()
            ticket.with_user(self.officer).action_close()

    def test_requests_are_counted_on_the_days_of_the_property(self):
        self.close(self.october, "2026-11-02 10:00")
        self.close(self.first, "2026-12-01 00:00")
        with freeze_time(local("2026-11-05 10:00")):
            void = self.new_ticket("repair")
            void.stop_reason = "Twice"
            void.with_user(self.supervisor)._transition("invalid")
            again = self.handle(self.new_ticket("repair"))
            again.with_user(self.supervisor).action_reopen("Drips")
        # received, handled, closed, void, reopened, open on the evening of the 30th
        self.assertEqual(
            self.figures("types"),
            {self.types["inquiry"]: (2, 1, 1, 0, 0, 2), self.types["repair"]: (2, 0, 0, 1, 1, 1)},
        )
        self.assertEqual(self.figures("types", self.outsider), {}, "figures of what the reader may see")

    def test_a_clock_counts_in_the_days_in_which_it_falls_due(self):
        reply = self.env.ref("pm_customer_service.deadline_rule_reply_inquiry")
        with freeze_time(local("2026-11-01 00:10")):
            self.first.with_user(self.officer).action_reply_by_phone()
        with freeze_time(local("2026-12-05 10:00")):
            self.run_job()
        # That of October fell due on the 1st at 0:59 and was missed; that of the 30th falls due in December.
        self.assertEqual(self.figures("clocks")[reply], (2, 1, 1))

    def test_complaints_by_category_and_cause(self):
        with freeze_time(local("2026-11-05 10:00")):
            for values in (
                {"category_id": self.noise.id, "root_cause": "lack"},
                {"category_id": self.noise.id, "root_cause": "lack"},
                {"root_cause": "error"},
                {},
            ):
                self.new_ticket(**values)
            self.new_ticket(category_id=self.noise.id).with_user(self.supervisor).validity = "unfounded"
        nothing = self.env["pm.ticket.category"]
        self.assertEqual(self.figures("complaints"), {self.noise: (3, 1), nothing: (2, 0)})
        self.assertEqual(self.figures("causes"), {"lack": (2,), "error": (1,), False: (1,)})

    def test_it_prints_with_key_figures_and_without_anything(self):
        register = (
            self.env["pm.register"]
            .with_user(self.front_desk)
            .create(
                {
                    "property_id": self.property.id,
                    "kind": "statistics",
                    "date_from": NOVEMBER[0],
                    "date_to": NOVEMBER[1],
                }
            )
        )
        report = self.env["report.pm_customer_service.register"].with_user(self.front_desk)
        kpi = self.env.ref("pm_customer_service.kpi_inquiry_reply")
        kit = SimpleNamespace(num=lambda value, digits: f"{value:.{digits}f}")
        rows = {row[0]: row[1:] for row in report._key_figures(register, kit)}
        self.assertEqual(rows[kpi.name], ["0.0 %", ">= 100 %", "no"])
        self.assertTrue(self.env["pm.document"]._pdf("pm_customer_service.register", register).startswith(b"%PDF"))
        register.write({"date_from": "2020-01-01", "date_to": "2020-01-31"})
        self.assertTrue(self.env["pm.document"]._pdf("pm_customer_service.register", register).startswith(b"%PDF"))
