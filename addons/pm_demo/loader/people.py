"""The management office: one login per role, and two customers with a portal login."""

import csv
from pathlib import Path

from odoo import Command

LOGINS = Path(__file__).resolve().parents[1] / "logins.csv"
GROUPS = {
    "front desk": ["pm_base.group_front_desk"],
    "butler": ["pm_base.group_officer"],
    "butler (block B)": ["pm_base.group_officer"],
    "assistant": ["pm_base.group_assistant"],
    "supervisor": ["pm_base.group_supervisor"],
    "project manager": ["pm_base.group_manager"],
    "technician": ["pm_base.group_technician"],
    "cashier": ["pm_base.group_cashier"],
    "project accountant": ["pm_base.group_accountant"],
    "counsel": ["pm_base.group_counsel"],
    "leadership": ["pm_base.group_leadership"],
}
OWNER_UNIT = "B-1305"
TENANT_UNIT = "A-1502"


def logins():
    with LOGINS.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def load_staff(env, prop):
    """Create the staff users and the two portal users.

    :return: {login: res.users}
    """
    users = {}
    for row in logins():
        if row["role"] == "admin":
            user = env.ref("base.user_admin")
            user.write(
                {
                    "login": row["login"],
                    "password": row["password"],
                    "tz": prop.tz,
                    "pm_property_ids": [Command.link(prop.id)],
                }
            )
            user.partner_id.write({"name": row["name"], "email": "admin@heyue.example.com"})
        elif row["role"] == "owner portal":
            owner = _party(env, prop, OWNER_UNIT, "owner").partner_id
            owner.pm_plate = "粤BD13050"
            user = _portal_user(env, row, owner)
        elif row["role"] == "tenant portal":
            firm = _party(env, prop, TENANT_UNIT, "tenant").partner_id
            contact = env["res.partner"].create(
                {
                    "name": row["name"],
                    "parent_id": firm.id,
                    "function": "行政主管",
                    "email": "tenant@example.net",
                    "phone": "17200008001",
                }
            )
            user = _portal_user(env, row, contact)
        else:
            user = (
                env["res.users"]
                .with_context(no_reset_password=True)
                .create(
                    {
                        "name": row["name"],
                        "login": row["login"],
                        "password": row["password"],
                        "email": f"{row['login']}@heyue.example.com",
                        "lang": "zh_CN",
                        "tz": prop.tz,
                        "group_ids": [
                            Command.set([env.ref(xmlid).id for xmlid in ("base.group_user", *GROUPS[row["role"]])])
                        ],
                        "pm_property_ids": [Command.set(prop.ids)],
                    }
                )
            )
        users[row["login"]] = user
    prop.manager_id = users["manager"]
    for code, login in (("A", "butler"), ("B", "butler2"), ("P", "butler")):
        prop.building_ids.filtered(lambda building, code=code: building.code == code).user_id = users[login]
    return users


def _party(env, prop, unit, role):
    return env["pm.unit.party"].search(
        [("property_id", "=", prop.id), ("unit_id.code", "=", unit), ("role", "=", role), ("is_current", "=", True)],
        limit=1,
    )


def _portal_user(env, row, partner):
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            {
                "partner_id": partner.id,
                "name": partner.name,
                "email": partner.email,
                "login": row["login"],
                "password": row["password"],
                "lang": "zh_CN",
                "tz": "Asia/Shanghai",
                "group_ids": [Command.set(env.ref("base.group_portal").ids)],
            }
        )
    )
