{
    "name": "Property Fees: Bank Files and Reconciliation",
    "summary": "Bank statements by the OCA importers (CAMT, CSV, XLSX) are matched with charges; the rest in two panes",
    "version": "19.0.1.0.0",
    "category": "Real Estate",
    "author": "pm contributors",
    "license": "AGPL-3",
    "depends": [
        "pm_fees",
        "account_reconcile_oca",
        "account_statement_import_camt",
        "account_statement_import_sheet_file",
        "account_statement_import_sheet_file_xls",
        "account_statement_import_sheet_file_xlsx",
    ],
    "auto_install": True,
    "data": [
        "security/ir.model.access.csv",
        "data/sheet_mapping_data.xml",
        "views/account_bank_statement_line_views.xml",
        "views/account_statement_import_views.xml",
    ],
    "assets": {"web.assets_backend": ["pm_fees_bank_oca/static/src/*"]},
}
