from . import account_bank_statement_line
from . import bank_line_panes
