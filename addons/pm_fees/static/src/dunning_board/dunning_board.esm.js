import { Component, onWillStart, onWillUnmount, useEffect, useRef, useState } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { formatMonetary } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { BoardRows, useDrill } from "@pm_base/board/board.esm";

const COLOURS = ["#017e84", "#adb5bd"];

/**
 * The arrears at a glance. The sums come first; the recovery curve and the dry run of today's reminders follow when
 * they are ready. Every row with records behind it opens them.
 */
export class DunningBoard extends Component {
    static template = "pm_fees.DunningBoard";
    static components = { BoardRows };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.open = useDrill();
        this.money = this.money.bind(this);
        this.canvas = useRef("curve");
        this.state = useState({ propertyId: 0, data: null, curve: null, today: null });
        this.asked = 0;
        onWillStart(() => Promise.all([loadBundle("web.chartjs_lib"), this.load()]));
        useEffect(
            (curve) => this.draw(curve),
            () => [this.state.curve]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    /** Load everything for the chosen property; answers for one chosen before are thrown away. */
    async load() {
        const asked = ++this.asked;
        const property = [this.state.propertyId || false];
        const call = async (method, key) => {
            const answer = await this.orm.silent.call("pm.dunning.board", method, property);
            if (asked === this.asked) {
                this.state[key] = answer;
            }
        };
        this.state.curve = null;
        this.state.today = null;
        await call("load", "data");
        // Not waited for: they take longer, and the page is of use without them.
        call("load_curve", "curve");
        call("load_today", "today");
    }

    onProperty(ev) {
        this.state.propertyId = parseInt(ev.target.value) || 0;
        return this.load();
    }

    money(row) {
        return formatMonetary(row.amount, { currencyId: this.state.data.currency_id });
    }

    async preview() {
        const action = await this.orm.call("pm.dunning.case", "action_preview", [[]]);
        return this.action.doAction(action);
    }

    draw(curve) {
        this.chart?.destroy();
        this.chart = null;
        if (!curve || !this.canvas.el) {
            return;
        }
        // eslint-disable-next-line no-undef
        this.chart = new Chart(this.canvas.el, {
            type: "line",
            data: {
                labels: curve.days,
                datasets: curve.curves.map((line, index) => ({
                    label: line.label,
                    data: line.points,
                    borderColor: COLOURS[index],
                    backgroundColor: COLOURS[index],
                    borderDash: index ? [6, 4] : [],
                    tension: 0.25,
                })),
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                scales: {
                    x: { title: { display: true, text: _t("Days after the due date") } },
                    y: { min: 0, max: 100, title: { display: true, text: _t("Received (%)") } },
                },
                plugins: { legend: { position: "bottom" } },
            },
        });
    }
}

registry.category("actions").add("pm_fees.dunning_board", DunningBoard);
