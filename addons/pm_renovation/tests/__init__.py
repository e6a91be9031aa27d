from . import test_access
from . import test_clocks
from . import test_deposit
from . import test_documents
from . import test_generic
from . import test_portal
from . import test_renovation
from . import test_site
