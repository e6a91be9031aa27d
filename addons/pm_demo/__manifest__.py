{
    "name": "Property Management Sample Property",
    "summary": "Loads the files of data/ as a living property: staff, a year of bills and payments, tickets, renovations",
    "version": "19.0.1.0.0",
    "category": "Real Estate",
    "author": "pm contributors",
    "license": "AGPL-3",
    "depends": [
        "pm_renovation",
        "payment_demo",
    ],
    "data": ["views/payment_demo_templates.xml"],
    "post_init_hook": "post_init_hook",
}
