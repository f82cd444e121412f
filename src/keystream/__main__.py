"""``python -m keystream`` is the ``keystream`` command."""

from keystream._cli import main

if __name__ == "__main__":
    raise SystemExit(main())
