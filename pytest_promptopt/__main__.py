"""``python -m pytest_promptopt``: the command line without its script."""

import sys

from pytest_promptopt.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
