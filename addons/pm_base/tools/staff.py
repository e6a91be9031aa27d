from functools import wraps

from odoo.exceptions import AccessError


def staff_only(method):
    """Refuse residents a method that the web client calls.

    A resident logs in too, and RPC asks for no menu: what he may read by his record rules is less than what a screen of
    the staff tells about it (phones of the other people of a unit, what was done for those who lived there before).

    :raises AccessError: the caller is no employee
    """

    @wraps(method)
    def guarded(self, *args, **kwargs):
        if not self.env.user._is_internal():
            raise AccessError(self.env._("Only staff may use this screen."))
        return method(self, *args, **kwargs)

    return guarded
