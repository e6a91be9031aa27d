from datetime import date

from odoo import models

from ..tools.cells import phone_key
from ..tools.columns import Column
from .pm_importer_place import choices
from .pm_unit_party import FULL_SHARE, ROLES

ROLE_WORDS = {
    "owner": ("Owner", "业主", "产权人", "房东", "业权人"),
    "tenant": ("Tenant", "租户", "租客", "承租人", "使用人", "Tenant / user", "user", "住户"),
    "merchant": ("Merchant", "商户", "商家", "经营者"),
    "household": ("Household member", "家庭成员", "家属", "同住人", "household"),
    "agent": ("Agent", "代理人", "代理", "中介", "受托人"),
    "developer": ("Developer", "开发商", "建设单位", "发展商"),
    "contact": ("Contact person", "联系人", "contact", "紧急联系人"),
}
PARTNER_TEXTS = {
    "phone": "phone",
    "email": "email",
    "vat": "vat",
    "registry": "company_registry",
    "id_number": "pm_id_number",
}
PARTY_FIELDS = ("share", "is_payer", "lives_here", "date_to", "is_key_customer", "key_reason", "business_scope", "person_in_charge",
                "headcount", "emergency_name", "emergency_phone")  # fmt: skip
FOREVER = date.max


class ImporterParty(models.AbstractModel):
    """Who owns, rents, lives in or speaks for a unit, and the people themselves.

    A person is looked for in this order: same name and phone on the unit; same name on the unit where one of the
    phones is not known; tax or register number; same name and phone anywhere; same name and role on the unit with a
    new phone number. So somebody with several units is one contact, and two people of one name with different
    phones are two. An empty cell never overwrites anything.
    """

    _name = "pm.importer.party"
    _inherit = "pm.importer"
    _description = "Parties"

    _sequence = 50
    _sheet = (
        "Parties",
        "住户",
        "关系人",
        "业主",
        "客户",
        "业主资料",
        "住户资料",
        "租户",
        "Owners",
        "Residents",
        "Customers",
    )
    _model = "pm.unit.party"

    def _columns(self):
        columns = [
            self._property_column(),
            Column(
                "unit",
                "Unit code",
                "房号",
                "code",
                required=True,
                key=True,
                aliases=("房间号", "单元号", "房产编码", "Unit", "Unit no.", "Room"),
            ),
            Column(
                "name",
                "Name",
                "姓名",
                required=True,
                key=True,
                aliases=("客户名称", "业主姓名", "名称", "姓名/名称", "客户姓名"),
            ),
            Column(
                "role",
                "Role",
                "角色",
                "selection",
                required=True,
                key=True,
                choices=choices(ROLES, ROLE_WORDS),
                aliases=("身份", "客户类型", "关系"),
            ),
            Column(
                "phone",
                "Phone",
                "电话",
                "phone",
                key=True,
                aliases=("手机", "手机号", "联系电话", "手机号码", "Mobile"),
            ),
            Column("email", "E-mail", "邮箱", "email", aliases=("电子邮件", "邮件", "Email", "电子邮箱")),
            Column(
                "date_from",
                "From",
                "开始日期",
                "date",
                key=True,
                aliases=("起始日期", "入住日期", "Start", "Start date", "生效日期"),
                hint_en="First day of the role. Empty: as before; for a new owner the handover date of the unit.",
                hint_zh="角色起始日。留空：沿用原有；新业主取房产交付日期。",
            ),
            Column(
                "date_to",
                "To",
                "结束日期",
                "date",
                aliases=("截止日期", "迁出日期", "End", "End date", "到期日期"),
                hint_en="Last day of the role; empty = until further notice.",
                hint_zh="角色最后一天；留空表示至今。",
            ),
            Column(
                "share",
                "Share",
                "份额",
                "percent",
                minimum=0,
                maximum=100,
                digits=4,
                aliases=("产权份额", "比例", "产权比例"),
                hint_en="Owners only.",
                hint_zh="仅业主填写。",
            ),
            Column(
                "is_payer",
                "Payer",
                "缴费人",
                "boolean",
                aliases=("是否缴费", "付款人", "是否缴费人", "交费人"),
                hint_en="Receives the bills; one for each unit.",
                hint_zh="接收账单；每套房产同时只能有一位。",
            ),
            Column("lives_here", "Lives here", "自住", "boolean", aliases=("是否自住",)),
            Column("is_company", "Company", "是否企业", "boolean", aliases=("企业", "是否公司", "Is a company")),
            Column("vat", "Tax no.", "税号", "code", aliases=("纳税人识别号", "VAT", "统一社会信用代码", "信用代码")),
            Column("registry", "Register no.", "注册号", "code", aliases=("工商注册号", "营业执照号")),
            Column(
                "plates",
                "Vehicle plates",
                "车牌号",
                "code",
                aliases=("车牌",),
                hint_en="Several plates: separate by commas.",
                hint_zh="多个车牌用逗号分隔。",
            ),
            Column("is_key_customer", "Key customer", "重点客户", "boolean", aliases=("VIP", "是否重点客户")),
            Column("key_reason", "Why key customer", "重点原因"),
            Column("business_scope", "Business scope", "经营范围", aliases=("经营业态", "业态")),
            Column("person_in_charge", "Person in charge", "负责人"),
            Column("headcount", "Staff", "员工人数", "integer", minimum=0, aliases=("人数",)),
            Column("emergency_name", "Emergency contact", "紧急联系人"),
            Column("emergency_phone", "Emergency phone", "紧急联系电话", "phone", aliases=("紧急电话",)),
        ]
        if self.env.su or self.env.user.has_group("pm_base.group_privacy"):
            columns.append(
                Column("id_number", "Identity no.", "身份证号", "code", aliases=("证件号码", "证件号", "身份证"))
            )
        return columns

    def _load(self, rows, report):
        properties = self._properties(rows, report)
        units = self._by_property(
            "pm.unit",
            rows,
            "unit",
            properties,
            report,
            lambda value: self.env._("Unit “%s” is unknown in this property.", value),
            self.env._("Correct the code, or enter the unit first (sheet Units)."),
        )
        entries = [_Entry(row, units[properties[row["property"]].id, row["unit"]]) for row in report.good(rows)]
        households = _Households(self.env, {entry.unit.id for entry in entries})
        self._match_people(entries, households)
        for entry in entries:
            self._find_role(entry, households, report)
        # What ends or shrinks first: then a new owner listed above the former one finds room.
        entries = [entry for entry in entries if not report.is_bad(entry.row)]
        for entry in sorted(entries, key=lambda e: e.order()):
            self._check_household(entry, households, report)
        self._check_people(entries, report)
        self._save([entry for entry in entries if not report.is_bad(entry.row)], report)

    # People

    def _match_people(self, entries, households):
        """Give every entry its partner, or a key under which a new one will be made."""
        by_vat, by_registry, by_phone = self._known_people(entries)
        listed = {(entry.unit.id, entry.name, entry.phone) for entry in entries}
        for entry in entries:
            on_unit = [p for p in households.people(entry.unit.id) if p.name == entry.name]
            row = entry.row
            entry.partner = (
                next((p for p in on_unit if phone_key(p.phone) == entry.phone), None)
                or next((p for p in on_unit if not entry.phone or not p.phone), None)
                or (row["vat"] and by_vat.get(row["vat"].upper()))
                or (row["registry"] and by_registry.get(row["registry"].upper()))
                or (entry.phone and by_phone.get((entry.name, entry.phone)))
                or next(
                    (
                        p
                        for p in households.people(entry.unit.id, row["role"])
                        if p.name == entry.name and (entry.unit.id, entry.name, phone_key(p.phone)) not in listed
                    ),
                    None,
                )
                or None
            )
        # New people: rows that mean the same one share a key, by tax number first.
        made = {}
        for entry in entries:
            if entry.partner:
                continue
            keys = [("phone", entry.name, entry.phone)] if entry.phone else [("unit", entry.name, entry.unit.id)]
            if entry.row["vat"]:
                keys.insert(0, ("vat", entry.row["vat"].upper()))
            entry.new_key = next((made[key] for key in keys if key in made), keys[0])
            for key in keys:
                made.setdefault(key, entry.new_key)

    def _known_people(self, entries):
        Partner = self.env["res.partner"].with_context(active_test=True)
        by_vat, by_registry, by_phone = {}, {}, {}
        vats = [entry.row["vat"] for entry in entries if entry.row["vat"]]
        if vats:
            for partner in Partner.search(
                [("vat", "in", list({*vats, *(vat.upper() for vat in vats)}))], order="id desc"
            ):
                by_vat[partner.vat.upper()] = partner
        registries = [entry.row["registry"] for entry in entries if entry.row["registry"]]
        if registries:
            for partner in Partner.search([("company_registry", "in", registries)], order="id desc"):
                by_registry[partner.company_registry.upper()] = partner
        names = {entry.name for entry in entries if entry.phone}
        if names:
            for partner in Partner.search([("name", "in", list(names)), ("phone", "!=", False)], order="id desc"):
                by_phone[partner.name, phone_key(partner.phone)] = partner
        return by_vat, by_registry, by_phone

    def _check_people(self, entries, report):
        """Work out what changes on known people; refuse what would take over a login or change a tax number."""
        for entry in entries:
            if not entry.partner or report.is_bad(entry.row):
                continue
            partner, row, vals = entry.partner, entry.row, {}
            if entry.phone and phone_key(partner.phone) != entry.phone:
                vals["phone"] = row["phone"]
            if row["email"] and (partner.email or "").lower() != row["email"].lower():
                vals["email"] = row["email"]
            for name in ("vat", "registry", "id_number"):
                field = PARTNER_TEXTS[name]
                value = row.get(name)
                if not value or (partner[field] or "").upper() == value.upper():
                    continue
                if partner[field]:
                    report.error(
                        row,
                        name,
                        self.env._(
                            "%(name)s is on record with another number (%(number)s).",
                            name=partner.name,
                            number=partner[field],
                        ),
                        self.env._("Correct the number here, or on the contact if the record is wrong."),
                    )
                    break
                vals[field] = value
            if row["is_company"] is not None and partner.is_company != row["is_company"]:
                vals["is_company"] = row["is_company"]
            plates = _plates(partner.pm_plate, row["plates"])
            if plates != (partner.pm_plate or ""):
                vals["pm_plate"] = plates
            if report.is_bad(row) or not vals:
                continue
            # sudo: whether somebody has a login is no secret of the row's, but users are not readable for everybody
            if ("email" in vals or "phone" in vals) and partner.sudo().with_context(active_test=False).user_ids:
                report.error(
                    row,
                    "email" if "email" in vals else "phone",
                    self.env._("%s has a login: e-mail and phone are not changed by an import.", partner.name),
                    self.env._("Leave the cell empty, and let the person or the administrator change it."),
                )
                continue
            entry.partner_vals = vals

    def _partner_values(self, entry):
        row = entry.row
        vals = {
            "name": entry.name,
            "is_company": bool(row["is_company"] if row["is_company"] is not None else row["vat"] or row["registry"]),
            "pm_plate": _plates("", row["plates"]) or False,
        }
        vals.update({field: row[name] for name, field in PARTNER_TEXTS.items() if row.get(name)})
        return vals

    # Roles

    def _find_role(self, entry, households, report):
        """The role that the row speaks of, or the day on which a new one begins."""
        row = entry.row
        roles = households.roles(entry.unit.id, entry.person(), row["role"])
        if row["date_from"]:
            entry.party = next((p for p in roles if p.date_from == row["date_from"]), None)
            entry.date_from = row["date_from"]
        else:
            entry.party = roles[0] if roles else None  # the latest
            entry.date_from = (
                entry.party.date_from
                if entry.party
                else (entry.unit.handover_date if row["role"] in ("owner", "developer") else None)
            )
        if not entry.date_from:
            report.error(
                row,
                "date_from",
                self.env._("The first day of the role is missing."),
                self.env._(
                    "Fill in the date, enter the handover date of the unit, or choose “Roles Start On” on the import."
                ),
            )
        elif row["date_to"] and row["date_to"] < entry.date_from:
            report.error(
                row,
                "date_to",
                self.env._("The role would end before it begins (%s).", entry.date_from),
                self.env._("Correct one of the two dates."),
            )
        if row["role"] != "owner":
            row["share"] = None

    def _check_household(self, entry, households, report):
        """Refuse what does not fit what is there; the database would refuse it too, in fewer words."""
        slot = households.slot(entry)
        others = [other for other in households.slots(entry.unit.id) if other.key != slot.key and other.overlaps(slot)]
        for other in others:
            if other.person == slot.person and other.role == slot.role:
                report.error(
                    entry.row,
                    "date_from",
                    self.env._(
                        "%(name)s already has this role %(period)s%(where)s.",
                        name=entry.name,
                        period=self._period(other),
                        where=self._where(other),
                    ),
                    self.env._(
                        "To correct it, use the same first day; to begin a new period, give the former one a last day."
                    ),
                )
                return
        payer = next((other for other in others if slot.is_payer and other.is_payer), None)
        if payer:
            report.error(
                entry.row,
                "is_payer",
                self.env._(
                    "The unit already has a payer: %(name)s, %(period)s%(where)s.",
                    name=payer.name,
                    period=self._period(payer),
                    where=self._where(payer),
                ),
                self.env._("Give the former payer a last day before this one begins, or write N for one of them."),
            )
            return
        if slot.role == "owner" and slot.share:
            owners = [other for other in others if other.role == "owner" and other.share]
            days = [slot.date_from, *(o.date_from for o in owners if slot.date_from < o.date_from <= slot.date_to)]
            total = max(slot.share + sum(o.share for o in owners if o.date_from <= day <= o.date_to) for day in days)
            if total > FULL_SHARE + 0.00005:
                report.error(
                    entry.row,
                    "share",
                    self.env._(
                        "The owners' shares would add up to %(total)s %%, more than 100 %% (others: %(others)s).",
                        total=f"{total:g}",
                        others=", ".join(f"{o.name} {o.share:g} %" for o in owners),
                    ),
                    self.env._("Correct the shares, or give the former owner a last day."),
                )
                return
        households.put(entry.unit.id, slot)

    def _period(self, slot):
        if slot.date_to == FOREVER:
            return self.env._("since %s", slot.date_from)
        return self.env._("from %(start)s to %(end)s", start=slot.date_from, end=slot.date_to)

    def _where(self, slot):
        return self.env._(" (row %s)", slot.row) if slot.row else ""

    # Save

    def _save(self, entries, report):
        # sudo: whoever may enter parties may enter the people in them, without being free to edit every contact.
        # People with a login are guarded in _check_people.
        Partner = self.env["res.partner"].sudo()
        new = {}
        for entry in entries:
            if entry.new_key:
                vals = new.setdefault(entry.new_key, self._partner_values(entry))
                for name, value in self._partner_values(entry).items():
                    if not vals.get(name):
                        vals[name] = value
        made = dict(zip(new, Partner.create(list(new.values())), strict=True))
        changed = {}
        for entry in entries:
            if entry.new_key:
                entry.partner = made[entry.new_key]
            elif entry.partner_vals:
                changed.setdefault(entry.partner.id, {}).update(entry.partner_vals)
        for partner_id, vals in changed.items():
            Partner.browse(partner_id).write(vals)

        narrowing, widening, creating = [], [], []
        for entry in entries:
            vals = {name: entry.row[name] for name in PARTY_FIELDS if entry.row[name] is not None}
            if entry.party:
                vals = {name: value for name, value in vals.items() if self._differs(entry.party, name, value)}
                if vals:
                    (narrowing if entry.narrows() else widening).append((entry.party, vals))
                report.counts["updated" if vals or entry.partner_vals else "unchanged"] += 1
            else:
                creating.append(
                    {
                        **vals,
                        "unit_id": entry.unit.id,
                        "partner_id": entry.partner.id,
                        "role": entry.row["role"],
                        "date_from": entry.date_from,
                    }
                )
        for group in (narrowing, widening):
            for party, vals in group:
                party.write(vals)
            # The exclusion constraints look at every single row: room must have been made before it is taken.
            self.env["pm.unit.party"].flush_model()
        self.env["pm.unit.party"].create(creating)
        report.counts["created"] += len(creating)


class _Entry:
    """One row with what it means."""

    def __init__(self, row, unit):
        self.row = row
        self.unit = unit
        self.name = row["name"]
        self.phone = phone_key(row["phone"])
        self.partner = None
        self.new_key = None
        self.partner_vals = {}
        self.party = None
        self.date_from = None

    def person(self):
        """What tells people apart before new ones have an id."""
        return self.partner.id if self.partner else self.new_key

    def narrows(self):
        """Whether the row only takes from the period or the duties of a role that is there."""
        party, row = self.party, self.row
        if not party:
            return False
        earlier = row["date_to"] and (not party.date_to or row["date_to"] < party.date_to)
        return bool(
            earlier
            or (row["is_payer"] is False and party.is_payer)
            or (row["share"] is not None and row["share"] < party.share)
        )

    def order(self):
        return (0 if self.narrows() else 1 if self.party else 2, self.row["_row"])


class _Slot:
    """A role on a unit from day to day, on record or to come."""

    def __init__(self, key, name, person, role, date_from, date_to, share, is_payer, row=None):
        self.key = key
        self.name = name
        self.person = person
        self.role = role
        self.date_from = date_from
        self.date_to = date_to or FOREVER
        self.share = share or 0.0
        self.is_payer = bool(is_payer)
        self.row = row

    def overlaps(self, other):
        return self.date_from <= other.date_to and other.date_from <= self.date_to


class _Households:
    """The roles on record of some units, and those that the rows before have added."""

    def __init__(self, env, unit_ids):
        self._parties, self._slots = {}, {}
        for party in env["pm.unit.party"].search([("unit_id", "in", list(unit_ids))], order="date_from desc, id desc"):
            self._parties.setdefault(party.unit_id.id, []).append(party)
            slot = _Slot(
                party.id,
                party.partner_id.name,
                party.partner_id.id,
                party.role,
                party.date_from,
                party.date_to,
                party.share,
                party.is_payer,
            )
            self._slots.setdefault(party.unit_id.id, {})[slot.key] = slot

    def people(self, unit_id, role=None):
        """Partners with any role, or the given one, on the unit, the latest first."""
        return [party.partner_id for party in self._parties.get(unit_id, ()) if not role or party.role == role]

    def roles(self, unit_id, person, role):
        return [p for p in self._parties.get(unit_id, ()) if p.partner_id.id == person and p.role == role]

    def slots(self, unit_id):
        return list(self._slots.get(unit_id, {}).values())

    def slot(self, entry):
        """The role of an entry as it will be after the load."""
        row, party = entry.row, entry.party
        return _Slot(
            party.id if party else ("row", row["_row"]),
            entry.name,
            entry.person(),
            row["role"],
            entry.date_from,
            row["date_to"] or (party.date_to if party else None),
            row["share"] if row["share"] is not None else (party.share if party else 0.0),
            row["is_payer"] if row["is_payer"] is not None else (party.is_payer if party else False),
            None if party else row["_row"],
        )

    def put(self, unit_id, slot):
        self._slots.setdefault(unit_id, {})[slot.key] = slot


def _plates(present, more):
    """The plates on record and those of the row, each once."""
    plates = []
    for plate in (
        ((present or "") + "," + (more or "")).replace("，", ",").replace("、", ",").replace(";", ",").split(",")
    ):
        if plate.strip() and plate.strip() not in plates:
            plates.append(plate.strip())
    return ", ".join(plates)
