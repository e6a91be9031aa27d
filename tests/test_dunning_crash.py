"""Reminders with real processes: killed with SIGKILL at many points, two schedulers at once, a payment in the middle of a run.

Nothing is made or sent twice, nothing is lost. The SMS gateway is a server of this test that remembers what it accepted.
"""

import random
import threading
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import psycopg2
from odoo import SUPERUSER_ID, api, fields
from odoo.sql_db import db_connect
from odoo.tests.common import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger
from paying_property import unbook

from odoo.addons.pm_base.tests.killed import KilledWork
from odoo.addons.pm_sms_aliyun.tests.gateway import Gateway

DEBTORS = 6
KILLS = 16
SETTINGS = ("pm_sms_gateway", "pm_aliyun_key_id", "pm_aliyun_key_secret", "pm_aliyun_sign_name", "pm_aliyun_endpoint")


@tagged("post_install", "-at_install")
class TestDunningCrash(KilledWork, BaseCase):
    """Commits to the throw-away test database and cleans up after itself."""

    def setUp(self):
        super().setUp()
        self.database = db_connect(get_db_name())
        self.context = {"tracking_disable": True, "mail_create_nolog": True}
        self.gateway = self.enterContext(Gateway({"id": "secret"}))
        self.addCleanup(self._clean)
        with self._environment() as env:
            env.cr.execute("UPDATE pm_message SET state = 'cancelled' WHERE state = 'queued'")
            env.cr.execute("UPDATE sms_sms SET state = 'canceled', to_delete = true WHERE state = 'outgoing'")
            purposes = env["pm.message.purpose"].search([])
            self.quiet = {purpose.id: (purpose.quiet_from, purpose.quiet_to) for purpose in purposes}
            purposes.write({"quiet_from": 0, "quiet_to": 0})
            prop = env["pm.property"].create({"name": "Kill", "code": "KILL", "tz": "UTC"})
            prop.large_customer_permille = 1000
            prop._ensure_accounts()
            building = env["pm.building"].create({"name": "R", "code": "R", "property_id": prop.id})
            item = env["pm.fee.item"].create(
                {"code": "KILL", "name": "Fee", "legal_basis": "-", "contract_reference": "-"}
            )
            units = env["pm.unit"].create(
                [{"code": f"K-{n}", "property_id": prop.id, "building_id": building.id} for n in range(DEBTORS)]
            )
            partners = env["res.partner"].create(
                [
                    {"name": f"Kill {n}", "phone": f"+86138001380{n:02d}", "country_id": env.ref("base.cn").id}
                    for n in range(DEBTORS)
                ]
            )
            due = fields.Date.today() - timedelta(days=3)
            charges = env["pm.charge"]._create_charges(
                [
                    {
                        "property_id": prop.id,
                        "unit_id": unit.id,
                        "partner_id": partner.id,
                        "item_id": item.id,
                        "kind": "opening",
                        "origin": "kill",
                        "period_start": due,
                        "period_end": due,
                        "due_date": due,
                        "amount": 100,
                    }
                    for unit, partner in zip(units, partners, strict=True)
                ]
            )
            charges._approve()
            charges._post()
            company = prop.company_id
            self.before = {name: company[name] for name in SETTINGS}
            company.write(dict(zip(SETTINGS, ("aliyun", "id", "secret", "禾悦物业", self.gateway.url), strict=True)))
            template = env["pm.sms.aliyun.template"].create(
                {"company_id": company.id, "name": "Kill", "code": "SMS_KILL", "text": "${text}"}
            )
            env["pm.receipt.book"]._ensure_book(prop, "in")
            self.method = env["pm.payment.method"]._get(company, "wechat").id
            self.prop, self.item, self.template = prop.id, item.id, template.id
            self.units, self.partners, self.charges = units.ids, partners.ids, charges.ids

    def _environment(self):
        """A session of its own that commits."""
        return _Session(self.database, self.context)

    def _clean(self):
        with self.database.cursor() as cr:
            prop = [self.prop]
            cr.execute(
                "DELETE FROM pm_sms_aliyun_send WHERE uuid IN (SELECT reference FROM pm_message WHERE property_id = %s)",
                prop,
            )
            cr.execute("DELETE FROM sms_sms WHERE partner_id IN %s", [tuple(self.partners)])
            cr.execute("DELETE FROM pm_message WHERE property_id = %s", prop)
            cr.execute("DELETE FROM pm_dunning_action WHERE property_id = %s", prop)
            cr.execute("DELETE FROM pm_dunning_run WHERE property_id = %s", prop)
            cr.execute("DELETE FROM pm_dunning_case WHERE property_id = %s", prop)
            unbook(cr, self.prop)
            env = api.Environment(cr, SUPERUSER_ID, self.context)
            env["pm.charge"].browse(self.charges).unlink()
            env["pm.fee.item"].browse(self.item).unlink()
            env["pm.unit"].browse(self.units).unlink()
            company = env["pm.property"].browse(self.prop).company_id
            company.write(self.before)
            env["pm.property"].browse(self.prop).building_ids.unlink()
            env["pm.property"].browse(self.prop).unlink()
            env["res.partner"].browse(self.partners).unlink()
            env["pm.sms.aliyun.template"].browse(self.template).unlink()
            for purpose, (start, end) in self.quiet.items():
                env["pm.message.purpose"].browse(purpose).write({"quiet_from": start, "quiet_to": end})

    # Work, as the scheduled jobs do it: each step in a transaction of its own

    def _work(self, database):
        with _Session(database, self.context) as env:
            env["pm.dunning.case"]._run_property(env["pm.property"].browse(self.prop))
        self._hand_over(database)

    def _hand_over(self, database):
        todo = True
        while todo:
            with _Session(database, self.context) as env:
                todo = env["pm.dunning.action"]._lock_planned(2)
                todo._dispatch()
        todo = True
        while todo:
            with _Session(database, self.context) as env:
                todo = env["pm.message"]._lock_due(2)
                todo._hand_over()
        with _Session(database, self.context) as env:
            sms = env["sms.sms"].search([("partner_id", "in", self.partners), ("state", "=", "outgoing")])
        for one in sms:
            with _Session(database, self.context) as env:
                env["sms.sms"].browse(one.id).exists()._send()

    def _check_nothing_twice(self):
        with self._environment() as env:
            actions = env["pm.dunning.action"].search([("property_id", "=", self.prop)])
            self.assertEqual(len(actions), len({(a.case_id, a.level_id, a.month) for a in actions}))
            sms = env["sms.sms"].search([("partner_id", "in", self.partners)])
            self.assertEqual(len(sms), len(set(sms.mapped("uuid"))))
        accepted = Counter(row["PhoneNumbers"] for row in self.gateway.accepted)
        self.assertFalse({number: times for number, times in accepted.items() if times > 1}, "sent twice")

    def _settle(self):
        """An hour later the gateway is asked about what it never answered, and what it never got is sent anew."""
        with self._environment() as env:
            sends = env["pm.sms.aliyun.send"].search([("state", "in", ("claimed", "unknown"))])
            sends.write({"sent_at": fields.Datetime.now() - timedelta(hours=1)})
        with self._environment() as env:
            env["pm.sms.aliyun.send"]._cron_settle()
        with self._environment() as env:
            env["pm.message"].search([("property_id", "=", self.prop), ("state", "=", "queued")]).not_before = False

    # Tests

    def test_killed_at_random_points_nothing_is_sent_twice_or_lost(self):
        points = random.Random(20260110)
        killed = sum(self._killed_at(points.randint(2, 70)) for _number in range(KILLS))
        self.assertGreater(killed, KILLS // 3, "most children must die in the middle of the work")
        self._check_nothing_twice()
        for _pass in range(3):
            self._work(self.database)
            self._settle()
        self._check_nothing_twice()
        self.assertEqual(len(self.gateway.accepted), DEBTORS, "every debtor got his SMS")
        with self._environment() as env:
            actions = env["pm.dunning.action"].search([("property_id", "=", self.prop), ("kind", "=", "message")])
            self.assertEqual(len(actions), DEBTORS)
            messages = env["pm.message"].search([("property_id", "=", self.prop), ("channel", "=", "sms")])
            self.assertEqual(set(messages.mapped("state")), {"sent"})

    def test_two_schedulers_at_once_make_one_run(self):
        barrier, errors, made = threading.Barrier(2, timeout=30), [], []

        def scheduler():
            try:
                with self._environment() as env:
                    prop = env["pm.property"].browse(self.prop)
                    prop.read(["name"])  # takes the transaction's snapshot
                    barrier.wait()
                    made.append(len(env["pm.dunning.case"]._run_property(prop)))
                self._hand_over(self.database)
            except psycopg2.OperationalError:
                pass  # the job steps back and comes again
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=scheduler) for _number in range(2)]
        with mute_logger("odoo.sql_db"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        self.assertFalse(errors)
        self.assertEqual(len([count for count in made if count]), 1, "one of them made the run, the other stepped back")
        self._work(self.database)
        self._check_nothing_twice()
        self.assertEqual(len(self.gateway.accepted), DEBTORS)

    def test_payment_during_the_run_stops_what_the_run_made_for_it(self):
        with self._environment() as run:
            made = run["pm.dunning.case"]._run_property(run["pm.property"].browse(self.prop))
            self.assertTrue(made.filtered(lambda action: action.partner_id.id == self.partners[0]))
            # The run has not committed; meanwhile a debtor pays, and his payment commits first.
            with self._environment() as counter:
                counter["pm.payment"]._register_payment(
                    {
                        "request_key": uuid4().hex,
                        "direction": "in",
                        "property_id": self.prop,
                        "partner_id": self.partners[0],
                        "unit_id": self.units[0],
                        "method_id": self.method,
                        "amount": 100,
                        "date": fields.Date.today(),
                        "lines": [{"charge_id": self.charges[0], "amount": 100}],
                    }
                )
        self._hand_over(self.database)
        self.assertEqual(len(self.gateway.accepted), DEBTORS - 1)
        with self._environment() as env:
            phone = env["res.partner"].browse(self.partners[0]).phone
        self.assertNotIn(phone[-11:], [row["PhoneNumbers"] for row in self.gateway.accepted])
        self._work(self.database)
        with self._environment() as env:
            mine = env["pm.dunning.action"].search([("partner_id", "=", self.partners[0])])
            self.assertEqual(set(mine.mapped("state")), {"cancelled"})
            self.assertEqual(mine.case_id.state, "closed")


class _Session:
    """An environment with a real cursor: commits at the end, rolls back after an error."""

    def __init__(self, database, context):
        self.cursor, self.context = database.cursor(), context

    def __enter__(self):
        return api.Environment(self.cursor.__enter__(), SUPERUSER_ID, self.context)

    def __exit__(self, *exception):
        return self.cursor.__exit__(*exception)
