#!/bin/sh
# Finds a Python that Odoo 19 runs on, and hands over to tooling/. `./pm --help` tells the rest.
here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd) || exit 1
for python in ${PM_PYTHON:-/usr/bin/python3 /usr/bin/python3.11 /usr/bin/python3.12 /usr/bin/python3.13 /usr/bin/python3.10 \
              python3.12 python3.11 python3.13 python3.10 python3}; do
    if "$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
        # The project's files are UTF-8, whatever the terminal's locale.
        PYTHONUTF8=1 exec "$python" "$here/tooling/__main__.py" "$@"
    fi
done
echo "pm: no Python 3.10, 3.11, 3.12 or 3.13 was found${PM_PYTHON:+ (PM_PYTHON=$PM_PYTHON)}. Install the package python3 of Debian 12 or newer, or name one: PM_PYTHON=/path/to/python3.x ./pm ..." >&2
exit 1
