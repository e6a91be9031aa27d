from datetime import date

from odoo import models

from ..tools.cells import phone_key
from ..tools.columns import Column
from .pm_importer_people import People
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
PARTY_FIELDS = ("share", "is_payer", "lives_here", "date_to", "contract_ref", "is_key_customer", "key_reason", "key_traits",
                "business_scope", "business_category", "operating_entity", "person_in_charge", "headcount", "staff_composition",
                "emergency_name", "emergency_phone")  # fmt: skip
FOREVER = date.max


class ImporterParty(models.AbstractModel):
    """Who owns, rents, lives in or speaks for a unit, and the people themselves.

    Somebody with several units is one contact; two people of one name with different phones are two. How a person
    is found: see :class:`~.pm_importer_people.People`. An empty cell never overwrites anything.
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
                fold=True,
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
            Column("contract_ref", "Contract no.", "合同编号", aliases=("租赁合同号", "合同号")),
            Column("is_key_customer", "Key customer", "重点客户", "boolean", aliases=("VIP", "是否重点客户")),
            Column("key_reason", "Why key customer", "重点原因"),
            Column("key_traits", "Characteristics", "客户特点", "text", aliases=("特点", "客户特征")),
            Column("business_scope", "Business scope", "经营范围"),
            Column("business_category", "Business category", "经营类别", aliases=("经营业态", "业态")),
            Column("operating_entity", "Operating entity", "经营主体", aliases=("经营单位",)),
            Column("person_in_charge", "Person in charge", "负责人", aliases=("经营负责人",)),
            Column("headcount", "Staff", "员工人数", "integer", minimum=0, aliases=("人数",)),
            Column("staff_composition", "Staff composition", "人员构成", aliases=("员工构成",)),
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
        people = People(self, entries, households)
        people.match(report)
        entries = self._good(entries, report)
        self._find_roles(entries, households, report)
        entries = self._good(entries, report)
        people.check(entries, report)
        # What ends or shrinks first: then a new owner listed above the former one finds room.
        entries = sorted(self._good(entries, report), key=lambda entry: entry.order())
        for entry in entries:
            self._check_household(entry, households, report)
        entries = self._good(entries, report)
        people.save(entries)
        self._save_roles(entries, report)

    def _good(self, entries, report):
        return [entry for entry in entries if not report.is_bad(entry.row)]

    # Roles

    def _find_roles(self, entries, households, report):
        """The role that each row speaks of, or the day on which a new one begins. A role belongs to one row only."""
        explicit, claims = {}, {}
        for entry in entries:
            if entry.row["date_from"]:
                explicit.setdefault(entry.role_key(), set()).add(entry.row["date_from"])
        for entry in entries:
            row = entry.row
            if row["role"] != "owner":
                row["share"] = None
            roles = households.roles(entry.unit.id, entry.person(), row["role"])
            entry.date_from = row["date_from"] or self._first_day(entry, roles, explicit.get(entry.role_key(), set()))
            entry.party = next((party for party in roles if party.date_from == entry.date_from), None)
            if not entry.date_from:
                report.error(
                    row,
                    "date_from",
                    self.env._("The first day of the role is missing."),
                    self.env._(
                        "Fill in the date, enter the handover date of the unit, or choose “Roles Start On” on the import."
                    ),
                )
                continue
            other = claims.setdefault((*entry.role_key(), entry.date_from), row["_row"])
            if other != row["_row"]:
                report.error(
                    row,
                    "name",
                    self.env._("Row %s of this file is about the same role.", other),
                    self.env._("Leave one of the two rows. The first one was taken."),
                )
            elif row["date_to"] and row["date_to"] < entry.date_from:
                report.error(
                    row,
                    "date_to",
                    self.env._("The role would end before it begins (%s).", entry.date_from),
                    self.env._("Correct one of the two dates."),
                )

    def _first_day(self, entry, roles, explicit):
        """For a row without a first day: that of the role on record; else an owner begins with the handover.

        Rows with a day keep their roles for themselves, whether these are on record already or not.
        """
        handover = entry.unit.handover_date if entry.row["role"] in ("owner", "developer") else None
        days = [party.date_from for party in roles if party.date_from not in explicit]
        if handover and (handover in days or not days) and handover not in explicit:
            return handover
        return days[0] if days else next(iter(sorted(explicit, reverse=True)), None)

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

    def _save_roles(self, entries, report):
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

    def role_key(self):
        return self.unit.id, self.person(), self.row["role"]

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
