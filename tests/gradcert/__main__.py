"""``python -m gradcert``: the command line."""

from gradcert.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
