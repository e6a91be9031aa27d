"""A payment killed with SIGKILL between its steps, at the counter and online: booked once, nothing lost, no hole."""

from odoo import SUPERUSER_ID, Command, api
from odoo.tests.common import BaseCase, tagged
from paying_property import PayingProperty

from odoo.addons.pm_base.tests.killed import KilledWork

# Every n-th statement is one to die before; with the others between them that is some dozen points from first to last.
STEP = 8


@tagged("post_install", "-at_install")
class TestKilledPayment(KilledWork, PayingProperty, BaseCase):
    def _kill_at_every_step(self):
        """Do the work again and again, killed a little later each time, until it comes through; the books are right
        after every death.

        :return: how often it was killed
        """
        kills = 0
        while self._killed_at(1 + STEP * kills):
            kills += 1
            self._check_books()
        # Fewer would mean that the work is not what is killed.
        self.assertGreater(kills, 5)
        self._check_books(complete=True)

    def _check_books(self, complete=False):
        """All of the payment is there or nothing of it: receipt, its number, the ledger, what is owed."""
        with self.database.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, self.context)
            payments = env["pm.payment"].search([("property_id", "=", self.prop)])
            prop = env["pm.property"].browse(self.prop)
            book = env["pm.receipt.book"].search([("property_id", "=", self.prop), ("book_type", "=", "in")])
            self.assertLessEqual(len(payments), 1, "booked twice")
            self.assertEqual(set(payments.mapped("state")), {"posted"} if payments else set())
            self.assertEqual(payments.mapped("receipt_number"), [1] if payments else [])
            self.assertEqual(book.next_number, 1 + len(payments), "a hole in the receipts")
            charges = env["pm.charge"].browse(self.charges)
            self.assertEqual(sum(charges.mapped("residual")), 400 - 100 * len(payments))
            self.assertEqual(charges[0].paid_state, "paid" if payments else "unpaid")
            items = env["account.move.line"].search([("account_id", "=", prop.receivable_account_id.id)])
            self.assertEqual(sum(items.mapped("balance")), 400 - 100 * len(payments), "the control account differs")
            self.assertEqual(
                len(items.move_id - charges.move_line_id.move_id), len(payments), "an entry without receipt"
            )
            for move in items.move_id:
                self.assertEqual((move.state, sum(move.line_ids.mapped("balance"))), ("posted", 0))
            if complete:
                self.assertEqual(len(payments), 1, "lost")

    def test_at_the_counter_the_repeated_request_books_once(self):
        def work(database):
            with database.cursor() as cr:
                self._pay(api.Environment(cr, SUPERUSER_ID, self.context), "killed at the counter", self.charges[0])
                cr.execute("SELECT 'about to commit'")
            with database.cursor() as cr:
                for _moment in range(STEP):
                    cr.execute("SELECT 'booked, and the cashier has not heard of it'")

        self._work = work
        self._kill_at_every_step()
        with self.database.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, self.context)
            # What the screen sends again gets the receipt that is there, and the next receipt follows it.
            again = self._pay(env, "killed at the counter", self.charges[0])
            self.assertEqual((again.receipt_number, again.state), (1, "posted"))
            self.assertEqual(self._pay(env, "the next", self.charges[1]).receipt_number, 2)

    def test_online_the_job_books_once_what_the_provider_has_confirmed(self):
        transaction_id = self._order_online()

        def work(database):
            with database.cursor() as cr:
                transaction = api.Environment(cr, SUPERUSER_ID, self.context)["payment.transaction"].browse(
                    transaction_id
                )
                if transaction.state != "done":  # the provider repeats its message until it is taken
                    transaction._process("demo", {"reference": transaction.reference, "simulated_state": "done"})
            with database.cursor() as cr:
                transaction = api.Environment(cr, SUPERUSER_ID, self.context)["payment.transaction"].browse(
                    transaction_id
                )
                transaction._cron_post_process()
                for _moment in range(STEP):
                    cr.execute("SELECT 'booked, and the browser asks'")

        self._work = work
        self._kill_at_every_step()
        work(self.database)
        self._check_books(complete=True)
        with self.database.cursor() as cr:
            transaction = api.Environment(cr, SUPERUSER_ID, self.context)["payment.transaction"].browse(transaction_id)
            self.assertEqual((transaction.state, transaction.is_post_processed), ("done", True))
            self.assertEqual(transaction.pm_payment_id.line_ids.charge_id.ids, self.charges[:1])

    def _order_online(self):
        """A charge for which somebody is at the provider's page."""
        with self.database.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, self.context)
            company = env["pm.property"].browse(self.prop).company_id
            provider = env["payment.provider"].search([("code", "=", "demo"), ("company_id", "=", company.id)], limit=1)
            before = provider.read(["state", "is_published"])[0]
            provider.write({"state": "test", "is_published": True})
            env["pm.payment.method"]._get(company, "online")
            transaction = env["payment.transaction"].create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": provider.payment_method_ids[:1].id,
                    "reference": "KILLED-1",
                    "amount": 100,
                    "currency_id": company.currency_id.id,
                    "partner_id": self.partner,
                    "pm_property_id": self.prop,
                    "pm_charge_ids": [Command.set(self.charges[:1])],
                    "operation": "online_direct",
                }
            )
            self.addCleanup(self._forget_online, transaction.id, before)
            return transaction.id

    def _forget_online(self, transaction_id, provider):
        with self.database.cursor() as cr:
            cr.execute("DELETE FROM payment_transaction WHERE id = %s", [transaction_id])
            env = api.Environment(cr, SUPERUSER_ID, self.context)
            env["payment.provider"].browse(provider.pop("id")).write(provider)
