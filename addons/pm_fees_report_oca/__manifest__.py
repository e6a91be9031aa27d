{
    "name": "Property Fees: Accountant's Reports",
    "summary": "Trial balance, general ledger, open items, aged balances and VAT of the OCA beside the fees, in Chinese",
    "version": "19.0.1.0.0",
    "category": "Real Estate",
    "author": "pm contributors",
    "license": "AGPL-3",
    "depends": ["pm_fees", "account_financial_report"],
    "auto_install": True,
    "data": ["report/dates.xml", "views/wizards.xml", "views/menus.xml"],
}
