from . import portal
from . import faq
from . import service
