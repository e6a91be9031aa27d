import {Component, onWillStart, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {useService} from "@web/core/utils/hooks";

/** Every floor of a building from the top down: a tile per unit, coloured by the renovation in it. */
export class FloorMap extends Component {
    static template = "pm_renovation.FloorMap";
    static props = {...standardActionServiceProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({data: null, onlySites: false});
        this.groups = [
            {key: "applying", label: _t("Applying")},
            {key: "permit", label: _t("Permit issued")},
            {key: "site", label: _t("Under way")},
            {key: "acceptance", label: _t("To accept")},
            {key: "refund", label: _t("Accepted, refund")},
        ];
        onWillStart(() => this.load(this.props.action.params?.building_id || false));
    }

    async load(buildingId) {
        this.state.data = await this.orm.call("pm.renovation", "get_floor_map", [buildingId]);
    }

    onBuilding(ev) {
        return this.load(parseInt(ev.target.value, 10));
    }

    get floors() {
        const floors = this.state.data.floors;
        if (!this.state.onlySites) {
            return floors;
        }
        return floors.filter((floor) => floor.units.some((unit) => unit.case));
    }

    title(unit) {
        if (!unit.case) {
            return `${unit.code} · ${unit.status_label}`;
        }
        return [unit.code, unit.status_label, unit.case.name, unit.case.state, unit.case.permit]
            .filter(Boolean)
            .join(" · ");
    }

    open(unit) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: unit.case ? "pm.renovation" : "pm.unit",
            res_id: unit.case ? unit.case.id : unit.id,
            views: [[false, "form"]],
        });
    }
}

registry.category("actions").add("pm_renovation.floor_map", FloorMap);
