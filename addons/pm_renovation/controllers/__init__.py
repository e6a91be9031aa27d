from . import permit
from . import portal
from . import portal_deposit
from . import site
