import { Component, onMounted, useRef, useState } from "@odoo/owl";
import { useDebounced } from "@web/core/utils/timing";

const PAUSE_MS = 200;

/**
 * The one search box of every counter: what is typed is looked up, arrows choose, Enter opens.
 * `search(query)` returns rows with `key`, `title`, `text`, `hint`, `badge` and `badgeClass`; `onChoose(row, query)` opens one.
 */
export class HouseholdSearch extends Component {
    static template = "pm_customer_service.HouseholdSearch";
    static props = {
        search: Function,
        onChoose: Function,
        placeholder: String,
        value: { type: String, optional: true },
        autofocus: { type: Boolean, optional: true },
    };

    setup() {
        this.input = useRef("input");
        this.state = useState({ query: this.props.value || "", rows: [], active: 0, searching: false, nothing: false });
        this.searchLater = useDebounced(() => this.search(), PAUSE_MS);
        onMounted(() => this.props.autofocus && this.input.el.focus());
    }

    onInput(ev) {
        this.state.query = ev.target.value;
        this.searchLater();
    }

    /** Look the text up; an answer that a later text has overtaken is dropped. */
    async search() {
        const query = this.state.query.trim();
        if (!query) {
            Object.assign(this.state, { rows: [], nothing: false });
            return;
        }
        this.state.searching = true;
        try {
            const rows = await this.props.search(query);
            if (query === this.state.query.trim()) {
                Object.assign(this.state, { rows, active: 0, nothing: !rows.length });
            }
        } finally {
            this.state.searching = false;
        }
    }

    async onKey(ev) {
        const { rows } = this.state;
        if (ev.key === "ArrowDown" || ev.key === "ArrowUp") {
            ev.preventDefault();
            const step = ev.key === "ArrowDown" ? 1 : -1;
            this.state.active = (this.state.active + step + rows.length) % (rows.length || 1);
        } else if (ev.key === "Enter" && !ev.ctrlKey && !ev.isComposing) {
            ev.preventDefault();
            this.searchLater.cancel();
            await this.search();
            const row = this.state.rows[this.state.active];
            if (row) {
                this.choose(row);
            }
        }
    }

    choose(row) {
        this.searchLater.cancel(); // or the list would open again over what was chosen
        const query = this.state.query.trim();
        Object.assign(this.state, { rows: [], query: row.title, nothing: false });
        this.props.onChoose(row, query);
    }
}
