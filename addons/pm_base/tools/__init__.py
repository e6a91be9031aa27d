"""Plain Python helpers without models: reading and writing spreadsheets.

Nothing here needs a database or an Odoo environment, so each file can be tried
by itself. Failures are raised as codes; ``models/pm_import_messages.py`` gives
them their translated words.
"""
