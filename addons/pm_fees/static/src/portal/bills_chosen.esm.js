import {Interaction} from "@web/public/interaction";
import {registry} from "@web/core/registry";

/** Beside "Pay": what the chosen charges come to, so that nobody must add up to know what he is about to pay. */
export class BillsChosen extends Interaction {
    static selector = ".o_pm_bills";
    // What a handler changed is shown after it: Interaction updates the content by itself.
    dynamicContent = {
        "input[name=charge_id]": {"t-on-change": this.markAll},
        ".o_pm_bills_all": {"t-on-change": this.chooseAll},
        ".o_pm_bills_sum": {"t-out": () => this.sum()},
        ".o_pm_bills_pay": {"t-att-disabled": () => !this.chosen().length},
    };

    start() {
        this.markAll();
    }

    boxes() {
        return [...this.el.querySelectorAll("input[name=charge_id]")];
    }

    chosen() {
        return this.boxes().filter((box) => box.checked);
    }

    markAll() {
        this.el.querySelector(".o_pm_bills_all").checked = this.chosen().length === this.boxes().length;
    }

    chooseAll(ev) {
        this.boxes().forEach((box) => {
            box.checked = ev.currentTarget.checked;
        });
    }

    sum() {
        const {lang} = document.documentElement;
        const {symbol, position, digits} = this.el.dataset;
        const amount = this.chosen().reduce((total, box) => total + Number(box.dataset.amount), 0);
        const options = {minimumFractionDigits: Number(digits), maximumFractionDigits: Number(digits)};
        const number = amount.toLocaleString(lang || undefined, options);
        return position === "before" ? `${symbol}\u00a0${number}` : `${number}\u00a0${symbol}`;
    }
}

registry.category("public.interactions").add("pm_fees.bills_chosen", BillsChosen);
