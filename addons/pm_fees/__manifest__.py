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
        # menu skeleton (both)
        "views/menus.xml",
        # billing
        "data/pm_fees_billing_data.xml",
        "views/pm_charge_views.xml",
        "views/billing_menus.xml",
        # cashier
    ],
}
