import { Component } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";

/** Return a function that opens the records behind a row of a board; a row without a drill opens nothing. */
export function useDrill() {
    const service = useService("action");
    return async (row) => {
        if (!row.drill) {
            return;
        }
        const { xmlid, domain, name, res_id: resId } = row.drill;
        const action = await service.loadAction(xmlid);
        const shown = { ...action, name, display_name: name, domain, context: {} };
        if (resId) {
            Object.assign(shown, { res_id: resId, views: [[false, "form"]] });
        }
        return service.doAction(shown);
    };
}

/**
 * The rows of one block: label, count, and what the page wants beside them.
 *
 * `value(row)` gives the text of a last column; `late` shows how many of a row are late; `bars` draws a bar by `measure`.
 */
export class BoardRows extends Component {
    static template = "pm_base.BoardRows";
    static props = {
        rows: Array,
        open: Function,
        value: { type: Function, optional: true },
        late: { type: Boolean, optional: true },
        bars: { type: Boolean, optional: true },
        measure: { type: String, optional: true },
    };
    static defaultProps = { measure: "count" };

    share(row) {
        const of = (other) => other[this.props.measure] || 0;
        const most = Math.max(...this.props.rows.map(of), 0);
        return most > 0 ? Math.round((100 * of(row)) / most) : 0;
    }
}
