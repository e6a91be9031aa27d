import sys
from pathlib import Path

# Run as a file, so that no PYTHONPATH leaks into the programs that pm starts.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from tooling.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
