from . import test_bank_oca_generic
from . import test_reconcile_panes
from . import test_statement_import
