"""``qfs rules``: the catalogue of every shipped pack, or one rule."""

from dataclasses import dataclass

from qfs.app.audit import rulebook
from qfs.app.failure import UsageError


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule as people read it."""

    code: str
    name: str
    pack: str
    effect: str
    what: str
    why: str
    instead: str
    source: str
    targets: tuple[str, ...]
    bad: tuple[str, ...]
    good: tuple[str, ...]


def rules(code: str = "") -> tuple[RuleView, ...]:
    """Return every rule in the order of codes, or the one of a code or name.

    Raises UsageError for a code that no pack has.
    """
    book = rulebook(("all",))
    chosen = [each for each in book.rules if not code or code in {each.code, each.name}]
    if not chosen:
        raise UsageError(f"no rule {code!r}", way_out="`qfs rules` lists them all")
    return tuple(
        [
            RuleView(
                each.code, each.name, each.pack, each.effect, each.what, each.why, each.instead,
                each.source, each.targets,
                tuple([example.code for example in each.bad]),
                tuple([example.code for example in each.good]),
            )
            for each in chosen
        ]
    )  # fmt: skip
