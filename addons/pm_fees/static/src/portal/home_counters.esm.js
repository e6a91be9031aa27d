import {patch} from "@web/core/utils/patch";
import {PortalHomeCounters} from "@portal/interactions/portal_home_counters";

// Fees are billed as charges, shown under "My Bills". Odoo's own card of invoices is always there and for most residents
// leads to an empty page: here it appears to those who have an invoice.
patch(PortalHomeCounters.prototype, {
    getCountersAlwaysDisplayed() {
        return super.getCountersAlwaysDisplayed(...arguments).filter((counter) => counter !== "invoice_count");
    },
});
