from datetime import datetime

import pytz
from odoo.exceptions import UserError

from . import (
    answers,
    arrears,
    billing,
    desk,
    history,
    lawsuit,
    money,
    moves,
    parking,
    register,
    relations,
    renovation,
    service,
    services,
    statements,
    surveys,
)
from .files import SampleFiles
from .office import load_office
from .people import load_staff

TZ = "Asia/Shanghai"
PROPERTY = "HY"
# (file, what it holds): in the order of the import screen
MASTER_FILES = (
    ("01_properties.csv", "property"),
    ("02_zones.csv", "zone"),
    ("03_buildings.csv", "building"),
    ("04_units.csv", "unit"),
    ("05_parties.csv", "party"),
    ("13_facilities.csv", "facility"),
    ("14_emergency_numbers.csv", "emergency_contact"),
)
STEPS = (
    "office",
    "master",
    "registers",
    "prices",
    "history",
    "payments",
    "bank",
    "lawsuits",
    "parking",
    "tickets",
    "agreements",
    "relations",
    "answers",
    "services",
    "moves",
    "renovations",
    "survey",
    "desk",
    "figures",
)


class Sample:
    """The sample property under construction."""

    def __init__(self, env):
        # Names and labels are written in the language of the people who work here.
        self.env = env(context={**env.context, "lang": "zh_CN", "tz": TZ})
        self.today = datetime.now(pytz.timezone(TZ)).date()
        self.files = SampleFiles(self.env, self.today)
        self.users = {}

    def office(self):
        load_office(self.env)

    def master(self):
        """Property, zones, buildings, units and parties, through the same import that a user has; then the staff."""
        for name, kind in MASTER_FILES:
            self.import_file(name, kind)
        self.property = self.env["pm.property"].search([("code", "=", PROPERTY)])
        self.property.write({"tz": TZ, "large_customer_permille": 15})
        self.users = load_staff(self.env, self.property)

    def registers(self):
        register.load_register(self)

    def prices(self):
        billing.load_prices(self)

    def history(self):
        billing.load_history(self)
        billing.load_meters(self)

    def payments(self):
        billing.load_payments(self)
        money.load_service_fee(self)
        money.load_refund(self)
        money.load_portal_refund(self)

    def bank(self):
        billing.load_bank(self)
        money.load_merchant_bill(self)
        statements.load_statement_files(self)
        billing.load_debtors(self)
        billing.postpone_jobs(self)

    def lawsuits(self):
        lawsuit.load_lawsuits(self)

    def parking(self):
        parking.load_parking(self)

    def tickets(self):
        service.load_teams(self)
        history.load_history(self)
        service.load_tickets(self)
        service.load_incident(self)

    def agreements(self):
        arrears.load_agreements(self)
        arrears.load_campaign(self)

    def relations(self):
        relations.load_relations(self)

    def answers(self):
        answers.load_answers(self)

    def services(self):
        services.load_services(self)

    def moves(self):
        moves.load_moves(self)

    def renovations(self):
        renovation.load_renovations(self)

    def survey(self):
        surveys.load_survey(self)

    def desk(self):
        desk.load_desk(self)

    def figures(self):
        """Key figures of the last half year: each month as it stands now, which is how it ended."""
        kpis = self.env["pm.kpi"].search([("method", "!=", False)])
        for back in range(6, -1, -1):
            kpis._compute_month(self.property, billing.month(self.today, -back))

    def import_file(self, name, kind, change=lambda text: text):
        """Load one file by the import of pm_base; a refused row stops the installation and names itself."""
        done = self.env["pm.import"]._load_file(kind, name, change(self.files.text(name)).encode())
        if done.state != "done" or done.error_count:
            errors = "\n".join(
                f"{e.row} {e.column or ''} {e.value or ''}: {e.message} {e.remedy or ''}" for e in done.error_ids[:20]
            )
            raise UserError(
                self.env._(
                    "The sample file %(file)s was not accepted:\n%(errors)s", file=name, errors=errors or done.notes
                )
            )
        return done

    def as_user(self, login):
        """The environment of a member of staff: what people do in the sample is done with their rights."""
        user = self.users[login]
        return self.env(user=user.id, context={**self.env.context, "allowed_company_ids": user.company_ids.ids})
