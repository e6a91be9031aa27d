import { Component, onWillStart, onWillUnmount, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { deserializeDateTime, serializeDateTime } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { PmSignaturePad } from "./signature_pad";

const { DateTime } = luxon;
const MAX_EDGE = 1920;
const REFRESH_MS = 60000;

/** The picture in a file as a JPEG data URL whose longer edge has at most MAX_EDGE pixels: telephones take larger ones than anybody looks at. */
async function shrink(file) {
    const bitmap = await createImageBitmap(file);
    const factor = Math.min(1, MAX_EDGE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * factor);
    canvas.height = Math.round(bitmap.height * factor);
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/jpeg", 0.85);
}

/** The technician's page, made for a telephone: my jobs, the pool, and one job from arrival to signature. */
export class Jobs extends Component {
    static template = "pm_customer_service.Jobs";
    static components = { PmSignaturePad };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
        this.bus = useService("bus_service");
        this.labels = { onSite: _t("On site") };
        this.state = useState({ board: null, tab: "mine", job: null, busy: false, ...this.blank() });
        onWillStart(() => this.refresh());
        this.onNews = () => (this.state.job ? this.reload() : this.refresh());
        this.bus.subscribe("pm_customer_service.jobs", this.onNews);
        const timer = setInterval(() => document.hidden || this.state.job || this.refresh(), REFRESH_MS);
        onWillUnmount(() => {
            clearInterval(timer);
            this.bus.unsubscribe("pm_customer_service.jobs", this.onNews);
        });
    }

    /** What is typed on a job before it is saved. */
    blank() {
        return {
            result: "",
            explained: false,
            signature: "",
            signedBy: "",
            unsigned: false,
            reason: "",
            material: "",
            quantity: "1",
            unit: "",
            planning: false,
            planned: "",
            vain: false,
            vainReason: "",
            slip: "",
            differing: false,
            difference: "",
        };
    }

    // Reading -----------------------------------------------------------------------------------------------------------

    async refresh() {
        this.state.board = await this.orm.call("pm.ticket", "jobs_board", []);
    }

    async open(card) {
        const job = await this.orm.call("pm.ticket", "job_detail", [card.id]);
        Object.assign(this.state, { job, ...this.blank(), signedBy: job.contact, result: job.solution });
    }

    /** Read the open job anew and leave what is typed: the customer may have agreed to another price meanwhile. */
    async reload() {
        const { id } = this.state.job;
        const job = await this.orm.call("pm.ticket", "job_detail", [id]);
        if (this.state.job?.id === id) {
            this.state.job = job;
        }
    }

    async back() {
        this.state.job = null;
        await this.refresh();
    }

    time(text) {
        return deserializeDateTime(text).toFormat("HH:mm");
    }

    day(text) {
        const moment = deserializeDateTime(text);
        const days = moment.startOf("day").diff(DateTime.now().startOf("day"), "days").days;
        return days === 0 ? _t("Today") : days === 1 ? _t("Tomorrow") : moment.toFormat("MM-dd");
    }

    late(card) {
        return card.overdue || (card.visit && card.visit.state === "planned" && deserializeDateTime(card.visit.start) < DateTime.now());
    }

    photoUrl(photo) {
        return `/web/image/pm.ticket.photo/${photo.id}/image_256`;
    }

    photosOf(moment) {
        return this.state.job.photos.filter((photo) => photo.moment === moment);
    }

    get arrived() {
        return this.state.job.visit && this.state.job.visit.state === "arrived";
    }

    /** What still keeps the job from being finished; empty when nothing does. */
    get problem() {
        const { job, result, signature, signedBy, unsigned, reason, slip } = this.state;
        if (job.order && job.order.state !== "dispatched") {
            return _t("The work rests until the customer agrees to the price.");
        }
        if (!result.trim()) {
            return _t("Write what was done.");
        }
        if (job.checks.some((check) => check.mandatory && !check.done)) {
            return _t("Tick the checklist.");
        }
        if (job.signs && !unsigned && !signature) {
            return _t("The customer has not signed yet.");
        }
        if (job.signs && !unsigned && !signedBy.trim()) {
            return _t("Write the name of who signs.");
        }
        if (job.order && unsigned) {
            return slip ? "" : _t("Photograph the slip that the customer signed.");
        }
        if (job.signs && unsigned && !reason.trim()) {
            return _t("Write why the customer does not sign.");
        }
        return "";
    }

    // Acting ------------------------------------------------------------------------------------------------------------

    /** Call a method of the job once, however often the button is tapped; `keep` is what it returns for the job. */
    async act(method, args = [], keep = true) {
        if (this.state.busy) {
            return false;
        }
        this.state.busy = true;
        try {
            const answer = await this.orm.call("pm.ticket", method, [this.state.job.id, ...args]);
            if (keep) {
                this.state.job = answer;
            } else {
                this.state.board = answer;
                this.state.job = null;
            }
            return true;
        } finally {
            this.state.busy = false;
        }
    }

    async grab() {
        let taken = false;
        try {
            taken = await this.act("job_grab");
        } catch (error) {
            await this.back(); // somebody was quicker: behind the sentence stands what is still to take
            throw error;
        }
        if (taken) {
            this.state.tab = "mine";
            const { visit } = this.state.job;
            this.notification.add(
                visit ? _t("Yours: the customer expects you by %s.", this.time(visit.start)) : _t("It is yours."),
                { type: "success" }
            );
        }
    }

    async arrive() {
        await this.act("job_arrive");
    }

    startPlanning() {
        const { visit } = this.state.job;
        const moment = visit ? deserializeDateTime(visit.start) : DateTime.now().plus({ hours: 1 }).startOf("hour");
        Object.assign(this.state, { planning: true, planned: moment.toFormat("yyyy-MM-dd'T'HH:mm") });
    }

    async plan() {
        const moment = DateTime.fromISO(this.state.planned);
        if (moment.isValid && (await this.act("job_plan", [serializeDateTime(moment)]))) {
            this.state.planning = false;
            this.notification.add(_t("Agreed: the customer is told."), { type: "success" });
        }
    }

    async nobodyThere() {
        if (await this.act("job_no_access", [this.state.vainReason], false)) {
            this.notification.add(_t("The customer is told that nobody was there."), { type: "info" });
        }
    }

    /** The pictures chosen in a field for files, made smaller; what is no picture is named and left out. */
    async pictures(input) {
        const contents = [];
        for (const file of input.files) {
            try {
                contents.push(await shrink(file));
            } catch {
                this.notification.add(_t("%s is not a picture.", file.name), { type: "danger" });
            }
        }
        input.value = "";
        return contents;
    }

    async addPhoto(moment, ev) {
        for (const content of await this.pictures(ev.target)) {
            await this.act("job_photo", [moment, content]);
        }
    }

    async addSlip(ev) {
        const [slip] = await this.pictures(ev.target);
        this.state.slip = slip || "";
    }

    async reportDifference() {
        if (await this.act("job_order_differs", [this.state.difference])) {
            Object.assign(this.state, { differing: false, difference: "" });
            this.notification.add(_t("The service centre agrees the new price with the customer."), { type: "info" });
        }
    }

    async removePhoto(photo) {
        await this.act("job_photo_delete", [photo.id]);
    }

    async check(line) {
        await this.act("job_check", [line.id, !line.done]);
    }

    async addMaterial() {
        const { material, quantity, unit } = this.state;
        if (await this.act("job_material", [material, quantity.replace(",", "."), unit])) {
            Object.assign(this.state, { material: "", quantity: "1", unit: "" });
        }
    }

    async removeMaterial(line) {
        await this.act("job_material_delete", [line.id]);
    }

    onSigned(picture) {
        this.state.signature = picture;
    }

    async finish() {
        if (this.problem) {
            return;
        }
        const { job, result, explained, signature, signedBy, unsigned, reason, slip } = this.state;
        const values = { result, explained };
        if (job.order) {
            Object.assign(values, unsigned ? { signed_slip: slip } : { signature, signed_by: signedBy });
        } else if (job.signs) {
            Object.assign(values, unsigned ? { no_signature_reason: reason } : { signature, signed_by: signedBy });
        }
        if (await this.act("job_finish", [values], false)) {
            this.notification.add(_t("Finished. Thank you."), { type: "success" });
        }
    }
}

registry.category("actions").add("pm_customer_service.jobs", Jobs);
