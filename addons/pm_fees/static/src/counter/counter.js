import { Component, onWillStart, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { formatDate, deserializeDate } from "@web/core/l10n/dates";
import { RPCError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
import { useService } from "@web/core/utils/hooks";
import { formatMonetary } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { HouseholdSearch } from "@pm_customer_service/household_search/household_search";

const OVERDUE_LONG = 90;

/** A key that no other payment request has. Works without a secure context, unlike crypto.randomUUID. */
function requestKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The counter: find a household, choose what is paid and how, print the receipt.
 * The request key is made when a household opens and renewed after each payment, so a double click or a repeated
 * request books once.
 */
export class Counter extends Component {
    static template = "pm_fees.Counter";
    static components = { HouseholdSearch };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.notification = useService("notification");
        this.root = useRef("root");
        this.state = useState({
            setup: null,
            propertyId: false,
            round: 0, // a new one empties the search box
            household: null,
            payerId: false,
            chosen: {},
            amounts: {},
            methodId: false,
            received: "",
            keepCredit: false,
            note: "",
            paying: false,
            last: null,
        });
        this.key = requestKey();
        useHotkey("control+enter", () => this.pay(), { bypassEditableProtection: true });
        useHotkey("escape", () => this.newCustomer(), { bypassEditableProtection: true });
        // The menu bar has the same keys: within this screen they choose the way of paying.
        for (let digit = 1; digit <= 9; digit++) {
            useHotkey(`alt+${digit}`, () => this.methods[digit - 1] && this.chooseMethod(this.methods[digit - 1]), {
                bypassEditableProtection: true,
                area: () => this.root.el,
            });
        }
        onWillStart(async () => {
            this.state.setup = await this.orm.call("pm.payment", "counter_setup", []);
            const unitId = this.props.action.params?.unit_id;
            if (unitId) {
                await this.open(unitId);
            }
        });
    }

    // Figures -----------------------------------------------------------------------------------------------------

    round(amount) {
        const factor = 10 ** (this.state.household?.digits ?? 2);
        return Math.round((amount + Number.EPSILON) * factor) / factor;
    }

    /**
     * The amount that was typed, also in the wide signs of a Chinese keyboard; 0 when nothing was.
     * NaN for what is no amount: guessing at it would take the wrong money.
     */
    parse(text) {
        const typed = String(text ?? "").normalize("NFKC").replace(/[\s¥元]/g, "").replace("。", ".");
        if (!typed) {
            return 0;
        }
        const plain = /^-?(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?$/.test(typed) ? parseFloat(typed.replaceAll(",", "")) : NaN;
        return this.round(plain) === plain ? plain : NaN;
    }

    money(amount) {
        return formatMonetary(amount, { currencyId: this.state.household?.currency_id });
    }

    date(text) {
        return formatDate(deserializeDate(text));
    }

    get charges() {
        return (this.state.household?.charges || []).filter((charge) => charge.payer_id === this.state.payerId);
    }

    get owed() {
        return this.round(this.charges.reduce((sum, charge) => sum + charge.residual, 0));
    }

    get credit() {
        return this.state.household?.credits[this.state.payerId] || 0;
    }

    get toPay() {
        return this.round(
            this.charges.reduce((sum, charge) => sum + (this.state.chosen[charge.id] ? this.parse(this.state.amounts[charge.id]) || 0 : 0), 0)
        );
    }

    get methods() {
        const company = this.state.household?.company_id;
        return (this.state.setup?.methods || []).filter((method) => method.company_id === company);
    }

    get method() {
        return this.methods.find((method) => method.id === this.state.methodId);
    }

    get isCash() {
        return this.method?.code === "cash";
    }

    get received() {
        return this.parse(this.state.received) || 0;
    }

    /** What is over: change, or credit when the payer wants it kept. */
    get over() {
        return this.received > this.toPay ? this.round(this.received - this.toPay) : 0;
    }

    get change() {
        return this.isCash && !this.state.keepCredit ? this.over : 0;
    }

    get amount() {
        return this.state.keepCredit && this.received > this.toPay ? this.received : this.toPay;
    }

    get problem() {
        if (!this.state.setup.may_register) {
            return _t("Only cashiers may take money.");
        }
        const wrong = this.charges.find((charge) => {
            const part = this.parse(this.state.amounts[charge.id]);
            return this.state.chosen[charge.id] && !(part > 0 && part <= charge.residual);
        });
        if (wrong) {
            return _t("%s: the amount must be more than zero and at most what is owed.", wrong.item);
        }
        if (!(this.parse(this.state.received) >= 0)) {
            return _t("“%s” is not an amount.", this.state.received);
        }
        if (this.amount <= 0) {
            if (!this.charges.length) {
                return _t("Nothing is owed. To take a prepayment, enter the amount and keep it as credit.");
            }
            return _t("Choose what is paid.");
        }
        if (this.received && this.received < this.toPay) {
            return this.isCash
                ? _t("The cash given does not cover the amount.")
                : _t("Less came in than is chosen: choose less, or spread it over the oldest charges.");
        }
        if (this.over && !this.isCash && !this.state.keepCredit) {
            return _t("More came in than is chosen: choose more, or keep the rest as credit.");
        }
        return "";
    }

    ageClass(charge) {
        return charge.days > OVERDUE_LONG ? "text-bg-danger" : charge.days > 0 ? "text-bg-warning" : "text-bg-light";
    }

    ageText(charge) {
        return charge.days > 0 ? _t("%s days overdue", charge.days) : _t("not due");
    }

    // Finding a household ---------------------------------------------------------------------------------------------

    async search(query) {
        const rows = await this.orm.call("pm.payment", "counter_search", [query, this.state.propertyId || false]);
        const several = this.state.setup.properties.length > 1;
        return rows.map((row) => ({
            key: row.id,
            id: row.id,
            title: row.name,
            text: row.payer,
            hint: [row.phone, several && row.property].filter(Boolean).join(" · "),
            badge: row.owed ? formatMonetary(row.owed, { currencyId: row.currency_id }) : "",
            badgeClass: "text-bg-warning",
        }));
    }

    async open(unitId) {
        const household = await this.orm.call("pm.payment", "counter_household", [unitId]);
        Object.assign(this.state, { household, received: "", keepCredit: false, note: "", last: null });
        const owing = household.charges[0]?.payer_id;
        this.choosePayer(owing || household.payers[0]?.id || false);
        this.state.methodId = this.methods.some((method) => method.id === this.state.methodId)
            ? this.state.methodId
            : this.methods[0]?.id || false;
        this.key = requestKey();
    }

    /** Show what is owed now; what was typed stays as long as the charges are the same. */
    async refresh() {
        const household = await this.orm.call("pm.payment", "counter_household", [this.state.household.id]);
        const owed = ({ charges }) => JSON.stringify(charges.map((charge) => [charge.id, charge.residual]));
        const changed = owed(household) !== owed(this.state.household);
        this.state.household = household;
        if (changed) {
            this.choose(() => true);
        }
    }

    newCustomer() {
        Object.assign(this.state, { household: null, round: this.state.round + 1, last: null, chosen: {}, amounts: {}, received: "", note: "" });
    }

    choosePayer(payerId) {
        this.state.payerId = payerId;
        this.choose(() => true);
    }

    onPayer(ev) {
        this.choosePayer(parseInt(ev.target.value));
    }

    // Choosing what is paid -------------------------------------------------------------------------------------------

    choose(test) {
        const chosen = {};
        const amounts = {};
        for (const charge of this.charges) {
            chosen[charge.id] = test(charge);
            amounts[charge.id] = charge.residual.toFixed(this.state.household.digits);
        }
        Object.assign(this.state, { chosen, amounts });
    }

    chooseAll() {
        this.choose(() => true);
    }

    chooseOverdue() {
        this.choose((charge) => charge.days > 0);
    }

    chooseNone() {
        this.choose(() => false);
    }

    /** Spread what was received over the charges, oldest first. */
    spread() {
        let left = this.received;
        const chosen = {};
        const amounts = {};
        for (const charge of this.charges) {
            const part = this.round(Math.min(left, charge.residual));
            chosen[charge.id] = part > 0;
            amounts[charge.id] = (part > 0 ? part : charge.residual).toFixed(this.state.household.digits);
            left = this.round(left - Math.max(part, 0));
        }
        Object.assign(this.state, { chosen, amounts });
    }

    toggle(charge, ev) {
        this.state.chosen[charge.id] = ev.target.checked;
        if (ev.target.checked && !(this.parse(this.state.amounts[charge.id]) > 0)) {
            this.state.amounts[charge.id] = charge.residual.toFixed(this.state.household.digits);
        }
    }

    onAmount(charge, ev) {
        this.state.amounts[charge.id] = ev.target.value;
        this.state.chosen[charge.id] = this.parse(ev.target.value) !== 0;
    }

    chooseMethod(method) {
        this.state.methodId = method.id;
    }

    // Paying ------------------------------------------------------------------------------------------------------

    async pay() {
        if (this.state.paying || !this.state.household || this.problem) {
            return;
        }
        this.state.paying = true;
        const { household } = this.state;
        try {
            const done = await this.orm.call("pm.payment", "counter_pay", [
                {
                    request_key: this.key,
                    unit_id: household.id,
                    partner_id: this.state.payerId,
                    method_id: this.state.methodId,
                    amount: this.amount,
                    cash_given: this.isCash && this.received ? this.received : 0,
                    allow_credit: this.state.keepCredit,
                    note: this.state.note,
                    lines: this.charges
                        .filter((charge) => this.state.chosen[charge.id])
                        .map((charge) => ({ charge_id: charge.id, amount: this.round(this.parse(this.state.amounts[charge.id])) })),
                },
            ]);
            await this.open(household.id);
            this.state.last = done;
            if (done.session_id) {
                this.state.setup.sessions[household.property_id] = done.session_id;
            }
            this.notification.add(_t("Receipt %s", done.receipt), { type: "success" });
            await this.action.doAction(done.report);
        } catch (error) {
            // A refusal, not a lost connection: nothing was booked, and what is owed may no longer be what is shown.
            if (error instanceof RPCError) {
                await this.refresh();
            }
            throw error;
        } finally {
            this.state.paying = false;
        }
    }

    async useCredit() {
        if (this.state.paying) {
            return;
        }
        this.state.paying = true;
        const { household, payerId } = this.state;
        try {
            const chosen = this.charges.filter((charge) => this.state.chosen[charge.id]).map((charge) => charge.id);
            const { used } = await this.orm.call("pm.payment", "counter_use_credit", [household.id, payerId, chosen]);
            await this.open(household.id);
            this.notification.add(_t("%s of the credit was used.", this.money(used)), { type: "success" });
        } finally {
            this.state.paying = false;
        }
    }

    printAgain() {
        return this.action.doAction(this.state.last.report);
    }

    openReceipt(row) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "pm.payment",
            res_id: row.id,
            views: [[false, "form"]],
        });
    }

    openSession() {
        const sessionId = this.state.setup.sessions[this.state.household?.property_id];
        return this.action.doAction("pm_fees.pm_cash_session_action", sessionId ? { props: { resId: sessionId }, viewType: "form" } : {});
    }
}

registry.category("actions").add("pm_fees.counter", Counter);
