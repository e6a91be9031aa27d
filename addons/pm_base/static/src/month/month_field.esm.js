import {registry} from "@web/core/registry";
import {DateTimeField, dateField} from "@web/views/fields/datetime/datetime_field";

/** A date that stands for its month: shown as 2026年11月 or November 2026, chosen by month. */
export class PmMonthField extends DateTimeField {
    getFormattedValue(valueIndex) {
        const value = this.values[valueIndex];
        return value ? value.toLocaleString({year: "numeric", month: "long"}) : "";
    }
}

export const pmMonthField = {
    ...dateField,
    component: PmMonthField,
    extractProps: (fieldInfo, dynamicInfo) => ({
        ...dateField.extractProps(fieldInfo, dynamicInfo),
        minPrecision: "months",
        maxPrecision: "years",
    }),
    listViewWidth: () => 120,
};

registry.category("fields").add("pm_month", pmMonthField);
