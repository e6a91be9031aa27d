"""The program behind ./pm: sets up Odoo 19 in .odoo/, serves it, tests it. Standard library only."""
