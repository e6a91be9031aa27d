import { Component, onMounted, onWillStart, useState } from "@odoo/owl";
import { BoardRows, useDrill } from "@pm_base/board/board.esm";
import { router } from "@web/core/browser/router";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/**
 * The supervisor's day. A link may name a property and a row of the page (?property=3&drill=late): its records are
 * opened at once, with the page behind them.
 */
export class DeskBoard extends Component {
    static template = "pm_customer_service.DeskBoard";
    static components = { BoardRows };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.open = useDrill();
        const { property, drill } = router.current;
        this.state = useState({ propertyId: parseInt(property) || 0, data: null });
        this.asked = 0;
        onWillStart(() => this.load());
        onMounted(() => {
            const row = drill && this.allRows.find((row) => row.key === String(drill));
            if (row) {
                this.open(row);
            }
        });
    }

    get allRows() {
        return [...this.state.data.head, ...this.state.data.blocks.flatMap((block) => block.rows)];
    }

    /** Load the page for the chosen property; the answer for one chosen before is thrown away. */
    async load() {
        const asked = ++this.asked;
        const data = await this.orm.call("pm.desk.board", "load", [this.state.propertyId || false]);
        if (asked === this.asked) {
            this.state.data = data;
        }
    }

    onProperty(ev) {
        this.state.propertyId = parseInt(ev.target.value) || 0;
        return this.load();
    }
}

registry.category("actions").add("pm_customer_service.desk_board", DeskBoard);
