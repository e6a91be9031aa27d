# cashier
from . import portal_bills
from . import portal_money
from . import portal_parking
from . import portal_refund
