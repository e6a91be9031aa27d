import { Component, onWillStart, useEffect, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { deserializeDateTime } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { HouseholdSearch } from "../household_search/household_search";

const { DateTime } = luxon;
const SIMILAR_MS = 350;

/**
 * The service counter: one box finds the household, the request is written and recorded without touching the mouse.
 * Enter opens a household and goes to the subject, Alt and a digit choose the kind, Ctrl+Enter records, Esc starts anew;
 * what comes next has the focus already: Enter sends the technician, or opens the ticket.
 */
export class ServiceCounter extends Component {
    static template = "pm_customer_service.Counter";
    static components = { HouseholdSearch };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.notification = useService("notification");
        this.root = useRef("root");
        this.subject = useRef("subject");
        this.urgeText = useRef("urgeText");
        this.afterwards = useRef("afterwards");
        this.state = useState({
            setup: null,
            propertyId: 0,
            typeId: false,
            channel: "", // stays from one call to the next
            household: null,
            anonymous: false,
            round: 0, // a new one empties the search box
            similar: { tickets: [], incidents: [] },
            recorded: null,
            urging: false,
            urgeWords: "",
            saving: false,
            ...this.blank(),
        });
        this.lookLater = useDebounced(() => this.look(), SIMILAR_MS);
        useHotkey("control+enter", () => (this.state.urging ? this.urge() : this.record()), { bypassEditableProtection: true });
        useHotkey("escape", () => (this.state.urging ? this.stopUrging() : this.next()), { bypassEditableProtection: true });
        // The menu bar has the same keys: within this screen they choose the kind.
        for (let digit = 1; digit <= 9; digit++) {
            useHotkey(`alt+${digit}`, () => this.types[digit - 1] && this.chooseType(this.types[digit - 1]), {
                bypassEditableProtection: true,
                area: () => this.root.el,
            });
        }
        onWillStart(async () => {
            this.state.setup = await this.orm.call("pm.counter", "counter_setup", []);
            this.state.typeId = this.types[0]?.id;
            this.state.channel = this.state.setup.channels[0].code;
            if (this.state.setup.properties.length === 1) {
                this.state.propertyId = this.state.setup.properties[0].id;
            }
            const unitId = this.props.action.params?.unit_id;
            if (unitId) {
                await this.open(unitId);
            }
        });
        useEffect(
            (...boxes) => boxes.find(Boolean)?.focus(),
            () => [this.afterwards.el?.querySelector("button"), this.urgeText.el, this.subject.el]
        );
    }

    blank() {
        return {
            callerId: false,
            contactName: "",
            contactPhone: "",
            location: "",
            categoryId: 0,
            name: "",
            description: "",
            major: false,
            commonPart: false,
            solution: "",
        };
    }

    get types() {
        return this.state.setup.types;
    }

    get type() {
        return this.types.find((type) => type.id === this.state.typeId);
    }

    get categories() {
        return this.state.setup.categories.filter((category) => !category.type_ids.length || category.type_ids.includes(this.state.typeId));
    }

    get writing() {
        return this.state.household || this.state.anonymous;
    }

    get propertyId() {
        return this.state.household?.property_id || parseInt(this.state.propertyId) || false;
    }

    get problem() {
        if (!this.state.name.trim()) {
            return _t("What is it about?");
        }
        if (!this.propertyId) {
            return _t("Choose the property.");
        }
        return "";
    }

    moment(text) {
        const moment = deserializeDateTime(text);
        const days = moment.startOf("day").diff(DateTime.now().startOf("day"), "days").days;
        const hour = moment.toFormat("HH:mm");
        return days === 0 ? _t("today %s", hour) : days === 1 ? _t("tomorrow %s", hour) : moment.toFormat("MM-dd HH:mm");
    }

    hintClass(hint) {
        return `alert-${hint.level}`;
    }

    // Finding -----------------------------------------------------------------------------------------------------------

    async search(query) {
        const rows = await this.orm.call("pm.counter", "counter_search", [query, parseInt(this.state.propertyId) || false]);
        const several = this.state.setup.properties.length > 1;
        const names = Object.fromEntries(this.state.setup.properties.map((prop) => [prop.id, prop.name]));
        return rows.map((row) => ({
            key: `${row.ticket_id || "unit"}/${row.id}`,
            id: row.id,
            ticketId: row.ticket_id,
            title: row.name,
            text: row.people.map((person) => person.name).join("、"),
            hint: [row.people[0]?.phone, several && names[row.property_id]].filter(Boolean).join(" · "),
            badge: row.open ? _t("%s open", row.open) : "",
            badgeClass: "text-bg-warning",
        }));
    }

    async choose(row, query) {
        if (row.ticketId) {
            await this.openTicket(row.ticketId);
        } else {
            await this.open(row.id, query);
        }
    }

    /** The one of the household whose name, phone, e-mail or plate was typed is the one who speaks. */
    speaker(household, query) {
        const bare = (text) => (text || "").replace(/[\s-]/g, "").toLowerCase();
        const said = bare(query);
        const spoken = household.people.filter(
            (person) => said && [person.name, person.phone, person.email, person.plate].some((text) => bare(text).includes(said))
        );
        const ids = new Set(spoken.map((person) => person.id));
        return ids.size === 1 ? spoken[0].id : household.caller_id;
    }

    async open(unitId, query = "") {
        const household = await this.orm.call("pm.counter", "counter_household", [unitId]);
        Object.assign(this.state, this.blank(), {
            household,
            anonymous: false,
            callerId: this.speaker(household, query),
            recorded: null,
            similar: { tickets: [], incidents: [] },
        });
        await this.look();
    }

    /** A visitor, or somebody whose household is not known: name and phone are written down. */
    withoutUnit() {
        Object.assign(this.state, this.blank(), { household: null, anonymous: true, recorded: null });
        this.look();
    }

    next() {
        Object.assign(this.state, this.blank(), {
            household: null,
            anonymous: false,
            recorded: null,
            urging: false,
            similar: { tickets: [], incidents: [] },
            round: this.state.round + 1,
        });
    }

    // Writing -----------------------------------------------------------------------------------------------------------

    chooseType(type) {
        this.state.typeId = type.id;
        if (!this.categories.some((category) => category.id === this.state.categoryId)) {
            this.state.categoryId = 0;
        }
        this.subject.el?.focus();
    }

    onCategory(ev) {
        this.state.categoryId = parseInt(ev.target.value);
        const category = this.state.setup.categories.find((row) => row.id === this.state.categoryId);
        if (category) {
            this.state.commonPart = category.is_common_part;
        }
        this.look();
    }

    onSubject(ev) {
        this.state.name = ev.target.value;
        this.lookLater();
    }

    /** What is known already of this: shown while typing. */
    async look() {
        const { household, name, categoryId, commonPart } = this.state;
        if (!this.propertyId) {
            return;
        }
        const similar = await this.orm.silent.call("pm.counter", "counter_similar", [
            {
                unit_id: household?.id || false,
                property_id: this.propertyId,
                category_id: categoryId || false,
                text: name,
                is_common_part: commonPart,
            },
        ]);
        if (this.writing) {
            this.state.similar = similar;
        }
    }

    values() {
        const { household, anonymous } = this.state;
        return {
            unit_id: household?.id || false,
            property_id: this.propertyId,
            partner_id: this.state.callerId || false,
            contact_name: anonymous ? this.state.contactName : false,
            contact_phone: anonymous ? this.state.contactPhone : false,
            location: this.state.location,
            type_id: this.state.typeId,
            category_id: this.state.categoryId || false,
            name: this.state.name,
            description: this.state.description,
            channel: this.state.channel,
            severity: this.state.major ? "major" : "normal",
            is_common_part: this.state.commonPart,
            solution: this.state.solution,
        };
    }

    async record(more = {}) {
        if (this.state.saving || !this.writing || this.state.recorded || (this.problem && !more.incident_id)) {
            return;
        }
        this.state.saving = true;
        try {
            const recorded = await this.orm.call("pm.counter", "counter_record", [{ ...this.values(), ...more }]);
            const unitId = this.state.household?.id;
            if (unitId) {
                this.state.household = await this.orm.call("pm.counter", "counter_household", [unitId]);
            }
            Object.assign(this.state, { recorded, similar: { tickets: [], incidents: [] } });
        } finally {
            this.state.saving = false;
        }
    }

    /** One caller more of something that is known: a ticket of his own, tied to the incident, answered with it. */
    join(incident) {
        return this.record({ incident_id: incident.id, name: this.state.name.trim() || incident.name });
    }

    async urge() {
        const ticket = this.state.urging;
        await this.orm.call("pm.counter", "counter_urge", [ticket.id, this.state.urgeWords || this.state.name]);
        this.notification.add(_t("Noted on %s; the handler is told.", ticket.number), { type: "success" });
        this.next();
    }

    startUrge(ticket) {
        Object.assign(this.state, { urging: ticket, urgeWords: "", recorded: null });
    }

    stopUrging() {
        this.state.urging = false;
    }

    async dispatch() {
        await this.action.doAction(
            {
                type: "ir.actions.act_window",
                name: _t("Send a Technician"),
                res_model: "pm.ticket.dispatch",
                views: [[false, "form"]],
                target: "new",
                context: { default_ticket_id: this.state.recorded.id },
            },
            { onClose: () => this.next() }
        );
    }

    openTicket(ticketId) {
        return this.action.doAction({ type: "ir.actions.act_window", res_model: "pm.ticket", res_id: ticketId, views: [[false, "form"]] });
    }

    follow(link) {
        return this.action.doAction({ type: "ir.actions.client", tag: link.tag, name: link.label, params: link.params });
    }
}

registry.category("actions").add("pm_customer_service.counter", ServiceCounter);
