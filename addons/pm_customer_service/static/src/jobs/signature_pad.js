/* global SignaturePad */

import { Component, onWillStart, useEffect, useRef } from "@odoo/owl";
import { loadJS } from "@web/core/assets";

const RATIO = 2.2;

/** A field to sign in with a finger. `onChange` gets the picture as a data URL, or "" when it was wiped. */
export class PmSignaturePad extends Component {
    static template = "pm_customer_service.SignaturePad";
    static props = { onChange: Function };

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadJS("/web/static/lib/signature_pad/signature_pad.umd.js"));
        useEffect(
            (el) => {
                el.width = el.clientWidth;
                el.height = Math.round(el.clientWidth / RATIO);
                this.pad = new SignaturePad(el, { penColor: "black", backgroundColor: "white", minWidth: 1, maxWidth: 2.5 });
                this.pad.addEventListener("endStroke", () => this.props.onChange(this.pad.toDataURL("image/png")));
                return () => this.pad.off();
            },
            () => [this.canvas.el]
        );
    }

    wipe() {
        this.pad.clear();
        this.props.onChange("");
    }
}
