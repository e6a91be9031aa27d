from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

DAY = 24.0


def _clock(hour):
    return f"{int(hour):02d}:{round(hour % 1 * 60):02d}"


class PmHotline(models.Model):
    """A service number by zone and time band: by day one for each zone, by night one for all. Source: S2-10, S0-02.

    The band of 21:00 to 8:30 runs over midnight. Of several numbers that answer at a moment, the zone's own comes first.
    A property without such records has its one number (``pm.property.hotline``) around the clock.
    """

    _name = "pm.hotline"
    _description = "Service Hotline"
    _inherit = ["pm.program.fields", "mail.thread"]
    _order = "property_id, sequence, hour_from, id"
    _program_fields = frozenset({"announced_at"})

    _hours = models.Constraint(
        "CHECK (hour_from >= 0 AND hour_from < 24 AND hour_to > 0 AND hour_to <= 24 AND hour_from <> hour_to)",
        "Hours lie between 0:00 and 24:00; a band that ends before it begins runs over midnight.",
    )

    name = fields.Char(required=True, translate=True, help="What customers read beside the number.")
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    zone_ids = fields.Many2many(
        "pm.zone", string="Zones", domain="[('property_id', '=', property_id)]", help="Empty: every zone."
    )
    phone = fields.Char(required=True, tracking=True)
    hour_from = fields.Float(string="From", required=True, default=0.0, tracking=True)
    hour_to = fields.Float(string="To", required=True, default=24.0, tracking=True)
    valid_from = fields.Date(
        string="In Service From", required=True, default=fields.Date.context_today, tracking=True, help="S2-11"
    )
    announced_at = fields.Datetime(readonly=True, copy=False)
    band = fields.Char(compute="_compute_band")

    @api.depends("hour_from", "hour_to")
    def _compute_band(self):
        for line in self:
            line.band = f"{_clock(line.hour_from)}–{_clock(line.hour_to)}"

    @api.constrains("zone_ids", "property_id")
    def _check_zones(self):
        for line in self:
            for zone in line.zone_ids:
                if zone.property_id != line.property_id:
                    raise ValidationError(
                        self.env._(
                            "%(unit)s does not belong to the property %(property)s.",
                            unit=zone.display_name,
                            property=line.property_id.display_name,
                        )
                    )

    def _answers(self, hour):
        """Tell whether the number answers at the local ``hour`` (float)."""
        self.ensure_one()
        if self.hour_from < self.hour_to:
            return self.hour_from <= hour < self.hour_to
        return hour >= self.hour_from or hour < self.hour_to

    @api.model
    def _of(self, prop, zone=None):
        """Return the numbers of ``prop`` in service today for ``zone``: its own ones first."""
        today = prop._today()
        # sudo: the numbers are meant to be known to everybody. Through the property, which keeps them: each receipt asks.
        lines = prop.sudo().hotline_ids.filtered(
            lambda line: line.active
            and line.valid_from <= today
            and (not line.zone_ids or zone and zone in line.zone_ids)
        )
        return lines.sorted(lambda line: (not line.zone_ids, line.sequence, line.hour_from))

    @api.model
    def _in_force(self, prop, zone=None, hour=None):
        """Return the number to call: at the local ``hour`` (default: now), for ``zone``; else the property's one number."""
        if hour is None:
            now = prop._now_local()
            hour = now.hour + now.minute / 60
        return self._of(prop, zone).filtered(lambda line: line._answers(hour))[:1].phone or prop.hotline or False

    @api.model
    def _gaps(self, prop, zone=None):
        """Return the stretches of the day nobody answers as ``[(from, to)]``; a 24-hour line has none. Source: S3-16."""
        lines = self._of(prop, zone)
        if not lines:
            return [] if prop.hotline else [(0.0, DAY)]
        spans = []
        for line in lines:
            if line.hour_from < line.hour_to:
                spans.append((line.hour_from, line.hour_to))
            else:
                spans += [(line.hour_from, DAY), (0.0, line.hour_to)]
        gaps, reached = [], 0.0
        for start, stop in sorted(spans):
            if start > reached:
                gaps.append((reached, start))
            reached = max(reached, stop)
        if reached < DAY:
            gaps.append((reached, DAY))
        return gaps

    def _affected_units(self):
        self.ensure_one()
        units = self.env["pm.unit"].search([("property_id", "=", self.property_id.id)])
        return units.filtered(lambda unit: not self.zone_ids or unit.zone_id in self.zone_ids)

    def action_announce(self):
        """Tell the customers concerned the number, its hours and from when it holds (S2-11); each of them once."""
        self.check_access("write")
        for line in self:
            partners = line._affected_units().occupant_ids
            if not partners:
                raise UserError(self.env._("%s: nobody uses a unit of these zones.", line.name))
            for lang, people in partners.grouped(lambda partner: partner.lang or self.env.lang).items():
                text = line.with_context(lang=lang)
                words = text.env._(
                    "%(property)s: from %(day)s on the service number %(name)s is %(phone)s (%(band)s).",
                    property=text.property_id.name,
                    day=text.valid_from,
                    name=text.name,
                    phone=text.phone,
                    band=text.band,
                )
                self.env["pm.message"]._enqueue(
                    [
                        {
                            "key": f"hotline/{line.id}/{line.phone}/{line.valid_from}/{partner.id}",
                            "purpose": "service",
                            "partner_id": partner.id,
                            "property_id": line.property_id.id,
                            "res_model": line._name,
                            "res_id": line.id,
                            "subject": text.env._("New service number"),
                            "body": Markup("<p>%s</p>") % words,
                            "text": words,
                        }
                        for partner in people
                    ]
                )
            line.sudo().announced_at = fields.Datetime.now()  # sudo: _program_fields


class PmProperty(models.Model):
    _inherit = "pm.property"

    hotline_ids = fields.One2many("pm.hotline", "property_id", string="Hotlines")
    hotline_warning = fields.Char(compute="_compute_hotline_warning")

    @api.depends(
        "hotline",
        "zone_ids",
        "hotline_ids.hour_from",
        "hotline_ids.hour_to",
        "hotline_ids.zone_ids",
        "hotline_ids.valid_from",
        "hotline_ids.active",
    )
    def _compute_hotline_warning(self):
        """A 24-hour service number is asked for: say where nobody answers (S3-16)."""
        for prop in self:
            if not prop.id:
                prop.hotline_warning = False
                continue
            words = []
            for zone in prop.zone_ids or [self.env["pm.zone"]]:
                gaps = self.env["pm.hotline"]._gaps(prop, zone)
                if gaps:
                    hours = ", ".join(f"{_clock(start)}–{_clock(stop)}" for start, stop in gaps)
                    words.append(f"{zone.name} {hours}" if zone else hours)
            prop.hotline_warning = (
                self.env._("Nobody answers at: %s. A 24-hour service number is asked for (S3-16).", "; ".join(words))
                if words
                else False
            )

    def _hotline_text(self, unit=None):
        """All numbers with their hours, for papers that are read at any time; without a unit, those of every zone."""
        hotlines = self.env["pm.hotline"]
        if unit:
            # sudo: numbers are told to anybody, also where he may not read the zone
            lines = hotlines._of(self, unit.sudo().zone_id)
        else:
            lines = hotlines.union(*(hotlines._of(self, zone) for zone in (*self.sudo().zone_ids, None)))
        if not lines:
            return super()._hotline_text(unit)
        return ", ".join(
            f"{' / '.join(dict.fromkeys(group.mapped('phone')))} ({band})"
            for band, group in lines.grouped("band").items()
        )

    def _hotline_now(self, unit=None):
        # sudo: numbers are told to anybody, also where he may not read the zone
        return self.env["pm.hotline"]._in_force(self, unit.sudo().zone_id if unit else None)

    def _hotlines_shown(self, units):
        """Return the numbers for people of ``units`` as ``[(name, hours, number, answers now)]``, for the portal."""
        self.ensure_one()
        lines = self.env["pm.hotline"].browse()
        # sudo: numbers are told to anybody, also where he may not read the zone
        for zone in units.sudo().zone_id or [None]:
            lines |= self.env["pm.hotline"]._of(self, zone)
        now = self._now_local()
        hour = now.hour + now.minute / 60
        return [(line.name, line.band, line.phone, line._answers(hour)) for line in lines]
