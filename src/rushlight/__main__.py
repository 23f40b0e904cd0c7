"""``python -m rushlight program.py [args]``."""

from .command import main

raise SystemExit(main())
