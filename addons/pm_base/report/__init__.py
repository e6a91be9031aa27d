# The documents are imported by the add-on itself, after models: models/pm_document.py needs this package's kit.
