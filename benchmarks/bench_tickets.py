"""Tickets: recorded in a batch and one by one, and the job that looks after their clocks.

`n` is the number of tickets recorded, or of those that are due. Works:

- `create`, `create-one-by-one`: n repairs and complaints, each with its number, its people and its running clocks, against
  the tickets of `helpdesk_mgmt` with one SLA each (`helpdesk_mgmt_sla`);
- `deadline-job`: n tickets have missed a deadline: it is marked, the step of the ladder recorded, and who is to act has an
  activity. Ten, then a hundred times as many tickets are open: what is open should cost nothing. The peer has no such job:
  its expired tickets are found by its own filter, and one activity each is planned in a batch, as a server action would.
"""

WORK = "create"
N = 1000
HELPDESK = ["odoo-addon-helpdesk-mgmt==19.0.*", "odoo-addon-helpdesk-mgmt-sla==19.0.*"]


def _desk(env):
    """A property with 100 households and somebody for every role."""
    env = env(context=dict(env.context, tracking_disable=True))
    prop = env["pm.property"].create({"name": "Bench", "code": "BENCH", "tz": "Asia/Shanghai"})
    building = env["pm.building"].create({"name": "A", "code": "A", "property_id": prop.id})
    partners = env["res.partner"].create([{"name": f"Owner {number}"} for number in range(100)])
    units = env["pm.unit"].create(
        [
            {"code": f"A-{number:03d}", "property_id": prop.id, "building_id": building.id, "area_chargeable": 90}
            for number in range(100)
        ]
    )
    env["pm.unit.party"].create(
        [
            {"unit_id": unit.id, "partner_id": partner.id, "role": "owner", "is_payer": True, "date_from": "2024-01-01"}
            for unit, partner in zip(units, partners, strict=True)
        ]
    )
    users = env["res.users"].create(
        [
            {
                "name": role,
                "login": f"bench_{role}",
                "email": f"{role}@staff.example",
                "group_ids": [(6, 0, [env.ref("base.group_user").id, env.ref(f"pm_base.group_{role}").id])],
            }
            for role in ("front_desk", "officer", "supervisor", "manager")
        ]
    )
    prop.user_ids = [(6, 0, users.ids)]
    prop.manager_id = users[3]
    return prop


def prepare_ours(env, n):
    _desk(env)


def _values(env, n):
    """What somebody at the desk enters for n tickets, every other one a repair."""
    types = {kind.code: kind.id for kind in env["pm.ticket.type"].search([])}
    units = env["pm.unit"].search([("property_id.code", "=", "BENCH")])
    return [
        {
            "name": f"Ticket {number}",
            "description": "The tap in the kitchen drips.",
            "type_id": types["repair" if number % 2 else "complaint"],
            "unit_id": units[number % 100].id,
            "property_id": units[number % 100].property_id.id,
            "partner_id": units[number % 100].payer_id.id,
        }
        for number in range(n)
    ]


def run_create(env, n):
    desk = env["res.users"].search([("login", "=", "bench_front_desk")])
    env["pm.ticket"].with_user(desk).create(_values(env, n))


def run_one_by_one(env, n):
    desk = env["res.users"].search([("login", "=", "bench_front_desk")])
    for values in _values(env, n):
        env["pm.ticket"].with_user(desk).create(values)
        env.cr.commit()


def check_created(env, n, outcome):
    tickets = env["pm.ticket"].search([("property_id.code", "=", "BENCH")])
    assert len(tickets) == n, len(tickets)
    clocked = env["pm.deadline"].search([("res_model", "=", "pm.ticket"), ("res_id", "in", tickets.ids)])
    assert len(set(clocked.mapped("res_id"))) == n, len(set(clocked.mapped("res_id")))


def _prepare_job(env, n, factor):
    """n tickets that missed a deadline a minute ago, and copies of them whose clocks run on, as a filled database has them."""
    _desk(env)
    run_create(env, n)
    handler = env["res.users"].search([("login", "=", "bench_officer")])
    env["pm.ticket"].search([]).user_id = handler
    env.flush_all()
    env.cr.execute("UPDATE pm_deadline SET next_check = now() AT TIME ZONE 'UTC' + interval '30 days'")
    columns = {}
    for table in ("pm_ticket", "pm_deadline"):
        env.cr.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id'", [table]
        )
        columns[table] = [name for (name,) in env.cr.fetchall()]

    def copied(table, **changed):
        names = ", ".join(f'"{name}"' for name in columns[table])
        values = ", ".join(changed.get(name, f'source."{name}"') for name in columns[table])
        return names, values

    env.cr.execute("SELECT max(id) FROM pm_ticket")
    last = env.cr.fetchone()[0]
    names, values = copied("pm_ticket", number="source.number || '-' || part", access_token="NULL")
    env.cr.execute(
        f"""INSERT INTO pm_ticket (id, {names})
            SELECT source.id + part * {last}, {values} FROM pm_ticket source, generate_series(1, {factor - 1}) part"""
    )
    names, values = copied("pm_deadline", res_id=f"source.res_id + part * {last}")
    env.cr.execute(
        f"""INSERT INTO pm_deadline ({names})
            SELECT {values} FROM pm_deadline source, generate_series(1, {factor - 1}) part
             WHERE source.res_model = 'pm.ticket'"""
    )
    env.cr.execute(
        """UPDATE pm_deadline clock
              SET next_check = clock.start, due = now() AT TIME ZONE 'UTC' - interval '1 minute'
             FROM (SELECT min(id) AS id FROM pm_deadline WHERE res_id <= %s AND res_model = 'pm.ticket' GROUP BY res_id) first
            WHERE clock.id = first.id""",
        [last],
    )
    assert env.cr.rowcount == n, env.cr.rowcount
    env.cr.commit()
    env.cr.execute("SELECT setval('pm_ticket_id_seq', (SELECT max(id) FROM pm_ticket))")
    env.cr.commit()
    env.cr._cnx.autocommit = True
    env.cr.execute("VACUUM ANALYZE pm_ticket, pm_deadline")
    env.cr._cnx.autocommit = False


def prepare_job_10(env, n):
    _prepare_job(env, n, 10)


def prepare_job_100(env, n):
    _prepare_job(env, n, 100)


def run_job(env, n):
    return env["pm.deadline"]._cron_process()


def check_job(env, n, outcome):
    assert outcome >= n, outcome
    env.cr.execute("SELECT count(*) FROM pm_deadline WHERE state = 'breached'")
    breached = env.cr.fetchone()[0]
    told = env["pm.escalation"].search_count([])
    activities = env["mail.activity"].search_count([("res_model", "=", "pm.ticket")])
    assert breached == n and told >= n and activities >= n, (breached, told, activities)


def _helpdesk(env):
    partners = env["res.partner"].create([{"name": f"Owner {number}"} for number in range(100)])
    calendar = env["resource.calendar"].search([], limit=1)
    team = env["helpdesk.ticket.team"].create({"name": "Bench", "use_sla": True, "resource_calendar_id": calendar.id})
    done = env["helpdesk.ticket.stage"].search([("closed", "=", True)], limit=1)
    env["helpdesk.sla"].create({"name": "Reply", "team_ids": [(6, 0, team.ids)], "hours": 4, "stage_id": done.id})
    return team, partners


def prepare_helpdesk(env, n):
    _helpdesk(env)


def _helpdesk_values(env, n):
    team = env["helpdesk.ticket.team"].search([("name", "=", "Bench")])
    partners = env["res.partner"].search([("name", "like", "Owner ")])
    return [
        {
            "name": f"Ticket {number}",
            "description": "The tap in the kitchen drips.",
            "team_id": team.id,
            "partner_id": partners[number % 100].id,
        }
        for number in range(n)
    ]


def run_helpdesk(env, n):
    env["helpdesk.ticket"].create(_helpdesk_values(env, n))


def run_helpdesk_one_by_one(env, n):
    for values in _helpdesk_values(env, n):
        env["helpdesk.ticket"].create(values)
        env.cr.commit()


def check_helpdesk(env, n, outcome):
    tickets = env["helpdesk.ticket"].search([("team_id.name", "=", "Bench")])
    assert len(tickets) == n and len(tickets.ticket_sla_ids) == n, (len(tickets), len(tickets.ticket_sla_ids))


def prepare_helpdesk_job(env, n):
    _helpdesk(env)
    run_helpdesk(env, 10 * n)
    env.flush_all()
    env.cr.execute("UPDATE helpdesk_ticket_sla SET deadline = now() AT TIME ZONE 'UTC' + interval '1 day'")
    env.cr.execute(
        """UPDATE helpdesk_ticket_sla SET deadline = now() AT TIME ZONE 'UTC' - interval '1 minute'
            WHERE id IN (SELECT id FROM helpdesk_ticket_sla ORDER BY id LIMIT %s)""",
        [n],
    )


def run_helpdesk_job(env, n):
    expired = env["helpdesk.ticket.sla"].search([("expired", "=", True)])
    expired.ticket_id.activity_schedule("mail.mail_activity_data_todo", user_id=env.uid, summary="Overdue")


def check_helpdesk_job(env, n, outcome):
    assert env["mail.activity"].search_count([("res_model", "=", "helpdesk.ticket")]) == n


OURS = {"modules": ["pm_customer_service"]}
PEER = {"requires": HELPDESK, "modules": ["helpdesk_mgmt_sla"]}
CASES = [
    {**OURS, "case": "ours", "work": "create", "prepare": prepare_ours, "run": run_create, "check": check_created},
    {
        **PEER,
        "case": "peer:odoo-addon-helpdesk-mgmt-sla",
        "work": "create",
        "prepare": prepare_helpdesk,
        "run": run_helpdesk,
        "check": check_helpdesk,
    },
    {
        **OURS,
        "case": "ours",
        "work": "create-one-by-one",
        "prepare": prepare_ours,
        "run": run_one_by_one,
        "check": check_created,
    },
    {
        **PEER,
        "case": "peer:odoo-addon-helpdesk-mgmt-sla",
        "work": "create-one-by-one",
        "prepare": prepare_helpdesk,
        "run": run_helpdesk_one_by_one,
        "check": check_helpdesk,
    },
    {
        **OURS,
        "case": "ours, 10 open for each due",
        "work": "deadline-job",
        "prepare": prepare_job_10,
        "run": run_job,
        "check": check_job,
    },
    {
        **OURS,
        "case": "ours, 100 open for each due",
        "work": "deadline-job",
        "prepare": prepare_job_100,
        "run": run_job,
        "check": check_job,
    },
    {
        **PEER,
        "case": "peer:odoo-addon-helpdesk-mgmt-sla",
        "work": "deadline-job",
        "prepare": prepare_helpdesk_job,
        "run": run_helpdesk_job,
        "check": check_helpdesk_job,
        "runs": 1,
    },
]
