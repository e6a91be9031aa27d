import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

/** Of the categories of a request, offer those that go with the chosen type; one that names no type goes with all. */
export class CategoryChoice extends Interaction {
    static selector = ".o_pm_new_ticket";
    dynamicContent = {
        "select[name=type_id]": { "t-on-change": this.offer },
    };

    setup() {
        this.select = this.el.querySelector("select[name=category_id]");
        this.options = this.select ? [...this.select.options] : [];
    }

    start() {
        if (this.select) {
            this.registerCleanup(() => this.select.replaceChildren(...this.options));
            this.offer();
        }
    }

    offer() {
        const chosen = this.select.value;
        const kind = this.el.querySelector("select[name=type_id]").value;
        const fitting = this.options.filter(({ dataset }) => !dataset.types || dataset.types.split(",").includes(kind));
        // Taken out, not hidden: some telephones show hidden options all the same.
        this.select.replaceChildren(...fitting);
        this.select.value = fitting.some((option) => option.value === chosen) ? chosen : "";
    }
}

registry.category("public.interactions").add("pm_customer_service.category_choice", CategoryChoice);
