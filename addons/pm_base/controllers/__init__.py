from . import optout
from . import report
from . import portal
