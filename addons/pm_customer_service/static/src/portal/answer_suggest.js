import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

const PATIENCE = 400; // ms after the last key

/** While a customer writes the subject of a request, show the answers that may already settle it. */
export class AnswerSuggest extends Interaction {
    static selector = ".o_pm_new_ticket";
    dynamicContent = {
        "input[name=name]": { "t-on-input": this.debounced(this.suggest, PATIENCE) },
    };

    async suggest(ev) {
        const box = this.el.querySelector(".o_pm_answers");
        const list = box.querySelector(".list-group");
        const text = ev.target.value.trim();
        const answers = text ? await this.waitFor(rpc("/my/answers/suggest", { text })) : [];
        if (ev.target.value.trim() !== text) {
            return; // typed on meanwhile: the next answer is on its way
        }
        list.replaceChildren(
            ...answers.map((answer) => {
                const link = document.createElement("a");
                link.className = "list-group-item list-group-item-action";
                link.href = answer.url;
                link.target = "_blank";
                const title = document.createElement("div");
                title.className = "fw-bold";
                title.textContent = answer.name;
                const teaser = document.createElement("div");
                teaser.className = "small text-muted";
                teaser.textContent = answer.teaser;
                link.append(title, teaser);
                return link;
            })
        );
        box.classList.toggle("d-none", !answers.length);
    }
}

registry.category("public.interactions").add("pm_customer_service.answer_suggest", AnswerSuggest);
