"""``site``: a construct of the language that the engine recognises by its meaning.

Targets are the names in SITES; what each means is written beside it.
"""

from qfs.errors import InputError
from qfs.scan.rules.rule import Index, Rule

SITES = {
    "float-literal": "a literal with a fraction or an exponent, or an imaginary one",
    "true-division": "/ whose operands are numbers",
    "float-power": "** with a negative or fractional exponent",
    "float-result": "a built-in that turns its arguments into a float",
    "float-format": "text made from a float, or a float from text",
    "float-sum": "a sum of floats",
    "json-number": "arithmetic on a number of a JSON text that may be a float",
    "ambient-rounding": "a Decimal that is rounded as the thread's context says",
    "set-sequence": "a sequence whose order is a set's and reaches a use that keeps order",
    "set-pick": "one element taken out of a set",
    "set-text": "text made from a set",
    "set-tie": "a tie between elements of a set, decided by their order",
    "set-fold": "a fold over a set whose result depends on the order",
    "set-argument": "a set handed to something outside that keeps its order",
    "listing-order": "a directory listing used in the order in which the system gave it",
    "arrival-order": "results used in the order in which they arrived",
    "salted-hash": "hash() of a value whose hash differs between processes",
    "object-identity": "is beside a number or text, of which there may be several equal objects",
    "default-repr": "text of an object that prints its address",
    "global-write": "a module-level variable that a function changes",
    "shared-iterator": "a module-level iterator that a function advances",
    "class-state": "a class attribute that an instance changes",
    "mutable-default": "a mutable default argument that the function changes",
    "finaliser": "__del__ with an effect",
    "dynamic-code": "code made at run time",
    "dynamic-import": "an import whose module is a value",
    "dynamic-attribute": "setattr or delattr on a module or class",
    "assert": "assert outside tests",
    "swallowed": "an except that drops every exception",
    "broad-except": "an except that catches everything and goes on",
    "locale-format": "a format that asks for the locale",
    "local-time": "a time in the zone of the machine",
    "path-literal": "__file__ and the like",
    "caught-limit": "an except for the end of the stack or the memory, after which all goes on",
    "module-names": "the names that a module outside the program holds",
    "native-layout": "a format in the machine's own sizes and byte order",
    "sql-function": "SQL that asks for chance or the clock",
    "print": "output",
    "money-rounding": "a division of money that does not name its rounding",
    "effect-before-write": "something outside is called between reading a state and writing it",
    "unchecked-input": "an amount of an input that changes a state and was never compared",
    "missing-role": "a privileged change that is told who asks, and does not look",
    "unresolved-call": "a call whose target the engine cannot know",
    "unknown-summary": "a call into code that is neither in the program nor summarised",
    "unused-allowance": "an allowance that hides nothing",
    "bare-allowance": "an allowance without a reason",
    "expired-allowance": "an allowance after its date",
}


def register(rule: Rule, index: Index) -> None:
    """Enter a rule's targets; raises InputError for one that the engine does not know."""
    for target in rule.targets:
        if target not in SITES:
            raise InputError(
                f"{rule.code}: no construct {target!r}", way_out=f"use {', '.join(SITES)}"
            )
        index.sites.setdefault(target, []).append(rule)
