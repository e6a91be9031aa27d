import {Component, useEffect, xml} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

const SECONDS = 2;

/** Reads the record again every other second while it stands on the form, so that the progress of a job is seen. */
export class PmRefresh extends Component {
    static props = {...standardWidgetProps};
    static template = xml`<div class="text-muted small mb-2" role="status"><i class="fa fa-refresh fa-spin me-1"/><t t-esc="text"/></div>`;

    setup() {
        this.text = _t("At work in the background. You may leave this page.");
        useEffect(
            () => {
                const timer = setInterval(() => this.refresh(), SECONDS * 1000);
                return () => clearInterval(timer);
            },
            () => []
        );
    }

    async refresh() {
        if (!document.hidden && !this.props.record.dirty) {
            await this.props.record.load();
        }
    }
}

registry.category("view_widgets").add("pm_refresh", {component: PmRefresh});
