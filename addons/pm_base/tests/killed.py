"""A worker that dies in the middle of its work, as by `kill -9` or a power cut."""

import os
import signal

import odoo
from odoo.sql_db import Cursor, db_connect
from odoo.tests.common import get_db_name


class KilledWork:
    """Mix into a test case whose ``_work(database)`` does the work, committing as the job does."""

    def _killed_at(self, statement):
        """Work in a child process that kills itself with SIGKILL before its n-th SQL statement or while committing.

        :return: whether it was killed
        """
        pid = os.fork()
        if not pid:
            try:
                # Connections of the parent are not the child's: it opens its own.
                odoo.sql_db._Pool = odoo.sql_db._Pool_readonly = None
                count = [0]
                execute = Cursor.execute

                def counted(cursor, *args, **kwargs):
                    count[0] += 1
                    if count[0] == statement:
                        os.kill(os.getpid(), signal.SIGKILL)
                    return execute(cursor, *args, **kwargs)

                Cursor.execute = counted
                self._work(db_connect(get_db_name()))
            except BaseException:
                os._exit(3)
            os._exit(0)
        _pid, status = os.waitpid(pid, 0)
        if os.WIFEXITED(status):
            self.assertEqual(os.WEXITSTATUS(status), 0, "the child failed for another reason")
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
