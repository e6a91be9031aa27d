from . import portal
from . import queue
from . import faq
from . import service
from . import moves
from . import survey
