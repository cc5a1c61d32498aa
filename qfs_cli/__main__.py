"""The way into the program ``qfs``, also as ``python -m qfs_cli``.

- The imports stand inside the guard: they take most of the time before a command begins, and who
  interrupts them wants no traceback.
"""

import sys


def main() -> None:
    """Import the program and run it; ``qfs_cli.main`` says what its exit codes mean."""
    try:
        from qfs_cli.main import main as run  # noqa: PLC0415 (see above)

        run()
    except KeyboardInterrupt:
        sys.exit(130)  # qfs.app.failure.EXIT_INTERRUPTED, which may not be there yet
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("qfs", "qfs_cli"):
            raise
        sys.exit(_missing(error))


def _missing(error: ModuleNotFoundError) -> int:
    sys.stderr.write(f"error[QFS-ENVIRONMENT]: a library is missing: {error}\n")
    return 2


if __name__ == "__main__":
    main()
