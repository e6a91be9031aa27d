from . import test_access
from . import test_generic
from . import test_partner
from . import test_portal
from . import test_property
from . import test_unit_party
from . import test_unit_transfer
