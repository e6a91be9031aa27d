{
    "name": "Property Fees",
    "summary": "Tariffs, billing runs, charges in the ledger, cashier, bank, reminders",
    "version": "19.0.1.0.0",
    "category": "Real Estate",
    "author": "pm contributors",
    "license": "AGPL-3",
    "application": True,
    "depends": [
        "pm_customer_service",
        "account",
        "account_payment",
        "payment",
    ],
    "data": [
        # security: billing
        "security/fees_groups.xml",
        "security/ir.model.access.csv",
        "security/billing_rules.xml",
        # security: cashier
        "security/ir.model.access-cashier.csv",
        "security/cashier_rules.xml",
        # menu skeleton (both)
        "views/menus.xml",
        # billing
        "data/pm_fees_billing_data.xml",
        "views/pm_charge_views.xml",
        "views/billing_menus.xml",
        # cashier
        "report/receipt_reports.xml",
        "data/cashier_data.xml",
        "data/cashier_dunning_data.xml",
        "views/pm_payment_views.xml",
        "views/pm_cash_session_views.xml",
        "views/pm_bank_views.xml",
        "views/pm_dunning_views.xml",
        "views/pm_unit_money_views.xml",
        "views/portal_bills_templates.xml",
        "views/pm_counter_action.xml",
        "views/cashier_menus.xml",
    ],
    "assets": {
        "web.assets_backend": ["pm_fees/static/src/**/*"],
    },
}
