"""`python -m nitro_cli` is the same program as `nitro`."""

from nitro_cli.main import main

if __name__ == "__main__":
    main()
