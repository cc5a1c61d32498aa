"""Each tidy check finds its bad example and lets its good one pass."""

import pytest

from tests.tidy import checks

LONG = "x = 1\n" * 501
LONG_FUNCTION = "def f():\n" + "    x = 1\n" * 60
PHRASE = "quantum " + "financial system"

CASES: tuple[tuple[checks.Check, str, str], ...] = (
    (checks.file_is_too_long, LONG, "x = 1\n" * 500),
    (checks.function_is_too_long, LONG_FUNCTION, "def f():\n" + "    x = 1\n" * 59),
    (checks.module_docstring_is_missing, "x = 1\n", '"""What it is."""\nx = 1\n'),
    (checks.module_docstring_is_missing, '"""' + "line\n" * 16 + '"""\n', '"""Short."""\n'),
    (checks.assert_outside_tests, "assert x\n", "check(x, Code.ROOT_MISMATCH)\n"),
    (
        checks.wide_except,
        "try:\n    f()\nexcept:\n    pass\n",
        "try:\n    f()\nexcept OSError:\n    pass\n",
    ),
    (
        checks.wide_except,
        "try:\n    f()\nexcept (OSError, Exception):\n    pass\n",
        "raise Exception\n",
    ),
    (
        checks.wide_except,
        "with suppress(Exception):\n    f()\n",
        "with suppress(KeyError):\n    f()\n",
    ),
    (
        checks.wide_except,
        "try:\n    f()\nexcept BaseException as e:\n    raise E from e\n",
        "try:\n    f()\nexcept BaseException:\n    undo()\n    raise\n",
    ),
    (checks.path_of_one_machine, "C:\\Users\\ada\n", "a drive C: is named\n"),
    (checks.suppression_without_code, "x = 1  # noqa\n", "x = 1  # noqa: E501 (why)\n"),
    (checks.suppression_without_code, "x = 1  # type: ignore\n", "x = 1  # type: ignore[misc]\n"),
    (checks.audit_suppression, "x = f()  # qfs: allow[QFS101]\n", "x = f()  # allowed\n"),
    (checks.path_of_one_machine, "see /home/someone/notes\n", "see docs/how-to/replay.md\n"),
    (checks.path_of_one_machine, 'open("/root/x")\n', 'URL = "https://example.org/home/x"\n'),
    (checks.private_host, "http://10.0.0.5/simple\n", "https://docs.python.org/3/\n"),
    (checks.private_host, "http://buildhost/simple\n", "https://example.org/simple\n"),
    (checks.private_host, "http://index.local/\n", "http://127.0.0.1:8000/ http://localhost:1/\n"),
    (checks.index_address, "pip install --index-url X\n", "pip-compile --no-emit-index-url\n"),
    (checks.expanded_name, f"the {PHRASE}\n", "QFS makes a state machine deterministic\n"),
    (checks.expanded_name, PHRASE.replace(" ", "\n").title(), "a financial system\n"),
    (checks.makes_admitted, "a = kernel.Admitted(1)\n", "def f(a: Admitted) -> None: ...\n"),
    (checks.unlocked_requirement, "rich>=13\n", "rich==13.0 \\\n    --hash=sha256:00\n"),
    (checks.unlocked_requirement, "rich==13.0\n", "rich==13.0 \\\n    --hash=sha256:00  # via x\n"),
)


@pytest.mark.parametrize(("check", "bad", "good"), CASES)
def test_a_check_finds_the_bad_example_and_passes_the_good_one(
    check: checks.Check, bad: str, good: str
) -> None:
    assert check(bad) != []
    assert check(good) == []


def test_every_check_has_its_examples() -> None:
    written = {
        name
        for name, value in vars(checks).items()
        if callable(value)
        and not name.startswith("_")
        and getattr(value, "__module__", "") == checks.__name__
    }
    assert written == {check.__name__ for check, _, _ in CASES}
