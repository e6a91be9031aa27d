from odoo import models

from ..tools.labels import selection_label, selection_labels


class ReportPropertyProfile(models.AbstractModel):
    """Property profile sheet (物业基本概况表). Source: S0-96."""

    _name = "report.pm_base.property_profile"
    _inherit = "pm.document"
    _description = "Property Profile Sheet"

    def _title(self, record):
        return self.env._("Property Profile")

    def _number(self, record):
        return record.code

    def _partner(self, record):
        return None

    def _story(self, record, kit):
        _ = record.env._
        yes, no = _("Yes"), _("No")

        def area(value):
            return f"{kit.num(value)} m²" if value else ""

        # sudo: the names of developer and manager stand on the profile, whoever may read their contacts
        story = [
            kit.h(_("Situation")),
            kit.pairs([(_("Property"), record.name), (_("Address"), record.address)], columns=1),
            kit.pairs(
                [
                    (_("Developer"), record.developer_id.sudo().name),
                    (_("Designer"), record.designer),
                    (_("Sales agent"), record.sales_agent),
                    (_("Completion date"), kit.date(record.completion_date)),
                    (_("Moved in from"), kit.date(record.move_in_date)),
                    (_("Project manager"), record.manager_id.sudo().name),
                ]
            ),
            kit.h(_("Areas")),
            kit.pairs(
                [
                    (_("Site area"), area(record.site_area)),
                    (_("Gross floor area"), area(record.gross_floor_area)),
                    (_("Managed area"), area(record._managed_area())),
                    (_("Area of the units"), area(record.unit_area)),
                    (_("Plot ratio"), kit.num(record.plot_ratio) if record.plot_ratio else ""),
                    (_("Green ratio"), f"{kit.num(record.green_ratio)} %" if record.green_ratio else ""),
                    (_("Garden"), area(record.garden_area)),
                    (_("Water features"), area(record.water_area)),
                    (_("Clubhouse"), area(record.clubhouse_area)),
                    (_("Occupied units"), f"{record.household_count} / {record.unit_count}"),
                ]
            ),
            kit.h(_("Units by type")),
            kit.table(
                [_("Type"), _("Units"), _("Occupied"), _("Area (m²)")],
                self._type_rows(record),
                align="lrrr",
                total=[_("Total"), str(record.unit_count), str(record.household_count), record.unit_area],
            ),
            kit.h(_("Zones")),
            kit.table(
                [_("Zone"), _("Function"), _("Units"), _("Area (m²)")],
                self._zone_rows(record, kit),
                align="llrr",
                total=[_("Total"), "", str(record.unit_count), record.unit_area],
            ),
            kit.h(_("Buildings")),
            kit.table(
                [_("Code"), _("Building"), _("Floors"), _("Units"), _("Area (m²)")],
                self._building_rows(record),
                align="llrrr",
            ),
            kit.h(_("Installations")),
            kit.pairs(
                [
                    (_("Entrances"), record.entrance_count),
                    (_("Lifts"), record.lift_count),
                    (_("Underground parking"), record.parking_underground),
                    (_("Ground parking"), record.parking_ground),
                    (_("Water tanks"), record.water_tank_count),
                    (_("Reclaimed water"), yes if record.reclaimed_water else no),
                    (_("Refuse stations"), record.refuse_station_count),
                    (_("Septic tanks"), record.septic_tank_count),
                    (_("Gas"), selection_label(record, "gas_type")),
                    (_("Heating"), selection_label(record, "heating_type")),
                ]
            ),
        ]
        contacts = record.emergency_contact_ids
        if contacts:
            story += [
                kit.h(_("Emergency numbers")),
                kit.table(
                    [_("Service"), _("Phone")], [[contact.name, contact.phone] for contact in contacts], widths=[2, 1]
                ),
            ]
        return [*story, kit.signatures([_("Compiled by"), _("Reviewed by"), _("Project manager")])]

    def _type_rows(self, record):
        units = record.env["pm.unit"]
        own = [("property_id", "=", record.id)]
        occupied = dict(
            units._read_group([*own, ("status", "in", ("owner_occupied", "let"))], ["unit_type"], ["__count"])
        )
        labels = selection_labels(units, "unit_type")
        totals = {
            kind: (count, area)
            for kind, count, area in units._read_group(own, ["unit_type"], ["__count", "area_chargeable:sum"])
        }
        return [
            [labels[kind], str(totals[kind][0]), str(occupied.get(kind, 0)), totals[kind][1]]
            for kind in labels
            if kind in totals
        ]

    def _zone_rows(self, record, kit):
        totals = {
            zone: (count, area)
            for zone, count, area in record.env["pm.unit"]._read_group(
                [("property_id", "=", record.id)], ["zone_id"], ["__count", "area_chargeable:sum"]
            )
        }
        rows = []
        for zone in record.zone_ids:
            count, area = totals.get(zone, (0, 0.0))
            rows.append([zone.name, selection_label(zone, "zone_type"), str(count), area])
        return rows

    def _building_rows(self, record):
        totals = {
            building: (count, area)
            for building, count, area in record.env["pm.unit"]._read_group(
                [("property_id", "=", record.id)], ["building_id"], ["__count", "area_chargeable:sum"]
            )
        }
        rows = []
        for building in record.building_ids:
            count, area = totals.get(building, (0, 0.0))
            rows.append([building.code, building.name, str(building.floor_count), str(count), area])
        return rows
