import {Component, onWillUnmount, useEffect} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {xml} from "@odoo/owl";

const SECONDS = 2;

/** Reads the record again every other second while an import is under way, so that its progress bar moves. */
export class PmImportRefresh extends Component {
    static props = {...standardWidgetProps};
    static template = xml`<div class="text-muted small mb-2" role="status"><i class="fa fa-refresh fa-spin me-1"/><t t-esc="text"/></div>`;

    setup() {
        this.text = _t("Loading in the background. You may leave this page.");
        this.timer = null;
        useEffect(
            (state) => {
                this.stop();
                if (state === "importing") {
                    this.timer = setInterval(() => this.refresh(), SECONDS * 1000);
                }
            },
            () => [this.props.record.data.state]
        );
        onWillUnmount(() => this.stop());
    }

    stop() {
        clearInterval(this.timer);
        this.timer = null;
    }

    async refresh() {
        if (!document.hidden && !this.props.record.dirty) {
            await this.props.record.load();
        }
    }
}

registry.category("view_widgets").add("pm_import_refresh", {component: PmImportRefresh});
