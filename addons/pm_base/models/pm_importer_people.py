"""Which person a row of the parties' sheet means."""

from ..tools.cells import phone_key, word_key

# Column of the sheet → field of the contact. A number that is on record is never replaced by a file.
NUMBERS = {"vat": "vat", "registry": "company_registry", "id_number": "pm_id_number"}
REACHED_BY = {"phone": "phone", "email": "email"}


class People:
    """The persons of some rows: found, made, or refused where a file contradicts itself or the record.

    Rows with the same unit and name are looked at together. With a phone, a person is: who has that phone on the
    unit; the bearer of the tax or register number; who has that name and phone anywhere; the only one of the name
    on the unit whose phone is not known, or has changed; somebody new. Without a phone: the only one of the name on
    the unit. The answer must not depend on how often the file has been loaded.

    :param importer: the importer, for its environment
    :param entries: list of entries with ``row``, ``unit``, ``name``, ``phone`` (digits)
    :param households: the roles on record, ``people(unit_id, role=None)``
    """

    def __init__(self, importer, entries, households):
        self.env = importer.env
        self.entries = entries
        self.households = households
        self.by_number = {name: self._by_number(name, field) for name, field in NUMBERS.items() if name != "id_number"}
        self.by_phone = self._by_phone()
        self._made = {}  # ("vat", number) or ("phone", name, digits) or ("unit", name, unit id) → key of a new person

    def _by_number(self, name, field):
        values = {entry.row[name] for entry in self.entries if entry.row[name]}
        if not values:
            return {}
        values |= {value.upper() for value in values}
        found = self.env["res.partner"].search([(field, "in", list(values))], order="id desc")
        return {partner[field].upper(): partner for partner in found}

    def _by_phone(self):
        wanted = {(entry.name, entry.phone) for entry in self.entries if entry.phone}
        if not wanted:
            return {}
        Partner = self.env["res.partner"]
        # Common names have many bearers: read no more of them than it takes to find the right ones.
        found = Partner.search_fetch(
            [("name", "in", list({name for name, _phone in wanted})), ("phone", "!=", False)],
            ["name", "phone"],
            order="id desc",
        )
        ids = {key: p.id for p in found if (key := (p.name, phone_key(p.phone))) in wanted}
        partners = {partner.id: partner for partner in Partner.browse(dict.fromkeys(ids.values()))}
        return {key: partners[partner_id] for key, partner_id in ids.items()}

    # Find

    def match(self, report):
        """Give every entry its ``partner``, or the ``new_key`` of somebody to be made."""
        groups = {}
        for entry in self.entries:
            groups.setdefault((entry.unit.id, entry.name), []).append(entry)
        present = {
            key: [p for p in dict.fromkeys(self.households.people(key[0])) if p.name == key[1]] for key in groups
        }
        # Phones tell people apart best, tax numbers next; who has neither must be the only one of the name.
        for key, entries in groups.items():
            self._match_with_phone([entry for entry in entries if entry.phone], present[key])
        for entry in self.entries:
            if not entry.phone and any(entry.row[name] for name in self.by_number):
                entry.partner = self._known(entry)
                entry.new_key = None if entry.partner else self._made_before(entry)
        for key, entries in groups.items():
            told = [entry for entry in entries if entry.partner or entry.new_key]
            for entry in entries:
                if not entry.partner and not entry.new_key:
                    self._match_by_name(entry, present[key], told, report)

    def _match_with_phone(self, entries, present):
        for entry in entries:
            entry.partner = next((p for p in present if phone_key(p.phone) == entry.phone), None) or self._known(entry)
        self._match_changed_phone([entry for entry in entries if not entry.partner], present, entries)
        for entry in entries:
            if not entry.partner:
                self._make(entry, ("phone", entry.name, entry.phone))

    def _known(self, entry):
        """The bearer of the row's numbers, wherever the person lives."""
        for name, partners in self.by_number.items():
            number = entry.row[name]
            if number and number.upper() in partners:
                return partners[number.upper()]
        return self.by_phone.get((entry.name, entry.phone)) if entry.phone else None

    def _match_changed_phone(self, entries, present, with_phone):
        """One phone that nobody has, and one person of the name left over: this is the person's phone now."""
        taken = {entry.partner for entry in with_phone if entry.partner}
        left = [p for p in present if p not in taken]
        if len({entry.phone for entry in entries}) != 1 or len(left) != 1:
            return
        roles = {entry.row["role"] for entry in entries}
        on_role = {p for role in roles for p in self.households.people(entries[0].unit.id, role)}
        if not left[0].phone or left[0] in on_role:
            for entry in entries:
                entry.partner = left[0]

    def _match_by_name(self, entry, present, told, report):
        others = dict.fromkeys((*(e.person() for e in told), *(p.id for p in present)))
        if len(others) > 1:  # who has the same role, now or in this file?
            role = entry.row["role"]
            same = {p.id for p in self.households.people(entry.unit.id, role) if p.name == entry.name}
            same |= {e.person() for e in told if e.row["role"] == role}
            others = {person: None for person in others if person in same} or others
        if len(others) > 1:
            report.error(
                entry.row,
                "phone",
                self.env._("The unit has several people of this name."),
                self.env._("Fill in the phone number, so that they can be told apart."),
            )
        elif others:
            person = next(iter(others))
            entry.partner = next((p for p in present if p.id == person), None) or next(
                (e.partner for e in told if e.partner and e.person() == person), None
            )
            entry.new_key = None if entry.partner else person
        else:
            self._make(entry, ("unit", entry.name, entry.unit.id))

    def _made_before(self, entry):
        """The new person of another row with the same number."""
        numbers = [(name, entry.row[name].upper()) for name in self.by_number if entry.row[name]]
        return next((self._made[number] for number in numbers if number in self._made), None)

    def _make(self, entry, key):
        """Somebody new; rows with the same tax number, or name and phone, mean the same person."""
        keys = [(name, entry.row[name].upper()) for name in self.by_number if entry.row[name]] + [key]
        entry.new_key = next((self._made[k] for k in keys if k in self._made), keys[0])
        for k in keys:
            self._made.setdefault(k, entry.new_key)

    # Check

    def check(self, entries, report):
        """Work out what changes on people; refuse contradictions, other numbers, and what would take over a login."""
        stated = {}
        for entry in entries:
            contradiction = self._contradiction(entry, stated)
            if contradiction:
                name, other = contradiction
                report.error(
                    entry.row,
                    name,
                    self.env._("Row %s of this file says otherwise about this person.", other),
                    self.env._("Write the same in both rows, or leave one of the cells empty."),
                )
            elif entry.partner:
                entry.partner_vals = self._changes(entry, report)

    def _contradiction(self, entry, stated):
        for name in ("name", *NUMBERS, *REACHED_BY, "is_company"):
            value = entry.row.get(name)
            if value is None or value == "":
                continue
            value = phone_key(value) if name == "phone" else word_key(value) if isinstance(value, str) else value
            before, row = stated.setdefault((entry.person(), name), (value, entry.row["_row"]))
            if before != value:
                return name, row
        return None

    def _changes(self, entry, report):
        """Values to write on a known contact; none when the row is refused."""
        partner, row, vals = entry.partner, entry.row, {}
        for name, field in NUMBERS.items():
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
                return {}
            vals[field] = value
        if entry.phone and phone_key(partner.phone) != entry.phone:
            vals["phone"] = row["phone"]
        if row["email"] and (partner.email or "").lower() != row["email"].lower():
            vals["email"] = row["email"]
        # sudo: whether somebody has a login matters to the check, but users are not readable for everybody
        if vals.keys() & REACHED_BY.keys() and partner.sudo().with_context(active_test=False).user_ids:
            report.error(
                row,
                "email" if "email" in vals else "phone",
                self.env._("%s has a login: e-mail and phone are not changed by an import.", partner.name),
                self.env._("Leave the cell empty, and let the person or the administrator change it."),
            )
            return {}
        if row["is_company"] is not None and partner.is_company != row["is_company"]:
            vals["is_company"] = row["is_company"]
        plates = join_plates(partner.pm_plate, row["plates"])
        if plates != (partner.pm_plate or ""):
            vals["pm_plate"] = plates
        return vals

    # Save

    def save(self, entries):
        """Make the new people and write the changes; afterwards every entry has its ``partner``."""
        # sudo: whoever may enter parties may enter the people in them, without being free to edit every contact.
        # People with a login are guarded in _changes.
        Partner = self.env["res.partner"].sudo()
        new, changed = {}, {}
        for entry in entries:
            if entry.new_key:
                vals = new.setdefault(entry.new_key, {"name": entry.name})
                self._merge(vals, entry.row)
            elif entry.partner_vals:
                vals = changed.setdefault(entry.partner.id, {})
                plates = join_plates(vals.get("pm_plate"), entry.partner_vals.get("pm_plate"))
                vals.update(entry.partner_vals)
                if plates:
                    vals["pm_plate"] = plates
        for vals in new.values():
            vals.setdefault("is_company", bool(vals.get("vat") or vals.get("company_registry")))
        made = dict(zip(new, Partner.create(list(new.values())), strict=True))
        for entry in entries:
            if entry.new_key:
                entry.partner = made[entry.new_key]
        for partner_id, vals in changed.items():
            Partner.browse(partner_id).write(vals)

    def _merge(self, vals, row):
        for name, field in {**NUMBERS, **REACHED_BY}.items():
            if row.get(name):
                vals.setdefault(field, row[name])
        if row["is_company"] is not None:
            vals.setdefault("is_company", row["is_company"])
        if row["plates"]:
            vals["pm_plate"] = join_plates(vals.get("pm_plate"), row["plates"])


def join_plates(present, more):
    """The plates on record and those of a row, each once."""
    plates = []
    text = f"{present or ''},{more or ''}"
    for mark in "，、;；":
        text = text.replace(mark, ",")
    for plate in text.split(","):
        if plate.strip() and plate.strip() not in plates:
            plates.append(plate.strip())
    return ", ".join(plates)
