"""`python -m daumoi` is `daumoi`."""

from daumoi.cli.app import main

if __name__ == "__main__":
    main()
