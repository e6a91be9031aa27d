# cashier
from . import portal_bills
