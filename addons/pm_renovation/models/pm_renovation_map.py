"""The map by floor: every unit of a building with its occupancy and the renovation in it (S4-21)."""

from odoo import api, models

from odoo.addons.pm_base.tools.labels import selection_labels
from odoo.addons.pm_base.tools.staff import staff_only

from .pm_renovation import OPEN_STATES
from .pm_renovation_neighbour import floor_number

# What a tile of the map tells; states of one group look alike.
GROUPS = {
    "draft": "applying",
    "submitted": "applying",
    "defects": "applying",
    "approved": "applying",
    "agreement_signed": "applying",
    "deposit_paid": "applying",
    "permit_issued": "permit",
    "in_progress": "site",
    "rectify": "site",
    "completion_notified": "acceptance",
    "accepted": "refund",
    "refund_requested": "refund",
    "refunded": "refund",
}


class PmRenovation(models.Model):
    _inherit = "pm.renovation"

    @api.model
    @staff_only
    def get_floor_map(self, building_id=False):
        """Return what the map shows of one building, as far as the user may see it.

        :param building_id: ``pm.building`` id; the first one with an open renovation by default
        :return: {buildings: [{id, name, open}], building_id, floors: [{name, units: [{id, code, status, status_label,
            case}]}], counts: {group: number}}; case is {id, name, state, group, overdue, violations, permit, missed} or False
        """
        labels = selection_labels(self, "state")
        statuses = selection_labels(self.env["pm.unit"], "status")
        permits = selection_labels(self, "permit_status")
        buildings = self.env["pm.building"].search([])
        open_cases = self.search([("state", "in", OPEN_STATES)], order="id")
        by_building = open_cases.grouped(lambda case: case.unit_id.building_id)
        building = buildings.filtered(lambda b: b.id == building_id) or buildings.filtered(lambda b: b in by_building)
        building = (building or buildings)[:1]
        shown = by_building.get(building, self.browse())
        cases = {case.unit_id.id: case for case in shown}
        floors = {}
        for unit in self.env["pm.unit"].search([("building_id", "=", building.id)], order="code"):
            case = cases.get(unit.id)
            floors.setdefault(unit.floor or "", []).append(
                {
                    "id": unit.id,
                    "code": unit.code,
                    "status": unit.status,
                    "status_label": statuses.get(unit.status, ""),
                    "case": case
                    and {
                        "id": case.id,
                        "name": case.name,
                        "state": labels[case.state],
                        "group": GROUPS[case.state],
                        "overdue": case.deadline_state == "overdue",
                        "violations": case.open_violation_count,
                        "missed": case.missed_patrol_count,
                        "permit": permits.get(case.permit_status, ""),
                    }
                    or False,
                }
            )
        counts = {}
        for case in shown:
            counts[GROUPS[case.state]] = counts.get(GROUPS[case.state], 0) + 1
        order = sorted(floors, key=lambda name: (-(floor_number(name) or 0), name))
        return {
            "buildings": [
                {
                    "id": b.id,
                    "name": f"{b.property_id.name} · {b.name}",
                    "open": len(by_building.get(b, self.browse())),
                }
                for b in buildings
            ],
            "building_id": building.id,
            "floors": [{"name": name, "units": floors[name]} for name in order],
            "counts": counts,
        }
