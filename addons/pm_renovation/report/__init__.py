from . import renovation_documents
from . import renovation_notices
from . import renovation_case_file
from . import deposit_documents
from . import day_close
