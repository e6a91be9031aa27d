from . import account_statement_import
from . import account_statement_import_camt_parser
from . import account_statement_import_sheet_parser
from . import pm_payment_reverse
