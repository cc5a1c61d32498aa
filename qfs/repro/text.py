"""Why two texts differ: known traces of each build are masked, the most specific first.

- A mask that takes out different things on the two sides is a cause; what it took is the evidence.
- What is equal after masking is explained; what is not is reordered lines or words, or UNKNOWN.
- Chance cannot be told from a hash or a process number by looking: those causes are soft, and a
  build that changes one thing at a time decides (``qfs.repro.bisect``).
"""

import re
from collections import Counter
from collections.abc import Iterator

from qfs.repro.causes import Cause
from qfs.repro.dates import (
    DATES,
    is_clock_of_build,
    is_of_build,
    is_of_source,
    is_same_moment_elsewhere,
)
from qfs.repro.difference import Side

Why = tuple[Cause, str]
_LINES_MAX = 2_000
_WORD = re.compile(r"\w+|[^\w\s]")
_TEMPORARY = re.compile(r"\btmp[a-z0-9_]{8}\b|\.mesonpy-[a-z0-9_]{8}|\bpip-[a-z-]+-[a-z0-9_]{8}\b")
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")
_CHANCE = re.compile(
    r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"
    r"|\b0\.\d{12,}\b|\b(?=[0-9a-f]*\d)[0-9a-f]{16,128}\b"
)
_CLOCK = re.compile(r"\b[0-2]\d:[0-5]\d:[0-6]\d\b")
_SETTING = re.compile(
    r"^(?P<name>[A-Z_][A-Z0-9_]*)=(?P<value>.*)$"
    r"|(?P<quote>['\"])(?P<key>[A-Z_][A-Z0-9_]*)(?P=quote): (?P<text>'[^'\n]*'|\"[^\"\n]*\")",
    re.MULTILINE,
)
_DUMPED_MIN = 3
"""Variables whose known values make a text a dump of the environment."""
_SAME = "\x00"


def why_texts_differ(
    first: str, second: str, sides: tuple[Side, Side], *, name: bool = False
) -> list[Why]:
    """Return the causes, at least one, each once; `name` says that the texts are single names."""
    whys = _why(first, second, sides, name=name)
    return list({why[0]: why for why in reversed(whys)}.values())[::-1]


def _why(first: str, second: str, sides: tuple[Side, Side], *, name: bool) -> list[Why]:
    if not name and first.replace("\r\n", "\n") == second.replace("\r\n", "\n"):
        return [(Cause.LINE_ENDINGS, "CRLF and LF")]
    lines = first.split("\n"), second.split("\n")
    if sorted(lines[0]) == sorted(lines[1]):
        return [_order(*lines)]
    ours, theirs = _only(*lines), _only(lines[1], lines[0])
    if not ours or not theirs:
        lone = (ours or theirs)[0].strip()
        return [(Cause.UNKNOWN, f"lines that one build alone has: {lone[:100]!r}")]
    masked = "\n".join(ours), "\n".join(theirs)
    found: list[Why] = []
    for taken in _masks(*masked, sides):
        masked, whys = taken
        found += whys
        if masked[0] == masked[1]:
            return found or [(Cause.UNKNOWN, _excerpt(ours, theirs))]
    words = _WORD.findall(masked[0]), _WORD.findall(masked[1])
    if sorted(words[0]) == sorted(words[1]):
        swapped = _order(*words)
        return [*[why for why in found if why[0] is not Cause.TIMESTAMP], swapped]
    if sorted(masked[0].split("\n")) == sorted(masked[1].split("\n")):
        return [*found, _order(masked[0].split("\n"), masked[1].split("\n"))]
    left = _only(masked[0].split("\n"), masked[1].split("\n"))
    right = _only(masked[1].split("\n"), masked[0].split("\n"))
    return [*found, (Cause.UNKNOWN, _excerpt(left, right))]


def _only(lines: list[str], others: list[str]) -> list[str]:
    """Return the lines, in order, that the other text does not have as often."""
    spare = Counter(others)
    out = []
    for line in lines:
        if spare[line]:
            spare[line] -= 1
        else:
            out.append(line)
    return out[:_LINES_MAX]


def _masks(
    first: str, second: str, sides: tuple[Side, Side]
) -> Iterator[tuple[tuple[str, str], list[Why]]]:
    """Yield the two texts after each mask, and the causes that the mask found."""
    texts = first, second
    for mask in (_dumped, _known):
        texts, whys = mask(texts, sides)
        yield texts, whys
    for pattern, cause in ((_TEMPORARY, Cause.TEMP_NAME), (_ADDRESS, Cause.ADDRESS)):
        texts, whys = _pattern(texts, pattern, cause)
        yield texts, whys
    texts, whys = _dates(texts, sides)
    yield texts, whys
    yield _pattern(texts, _CHANCE, Cause.RANDOM)


def _dumped(texts: tuple[str, str], sides: tuple[Side, Side]) -> tuple[tuple[str, str], list[Why]]:
    """Mask ``NAME=value`` and ``'NAME': 'value'`` if they list the environment of the build."""
    names: list[frozenset[str]] = []
    for text, side in zip(texts, sides, strict=True):
        values = frozenset([value for _, value in _traces(side)])
        settings = [
            (match["name"] or match["key"], match["value"] or (match["text"] or "")[1:-1])
            for match in _SETTING.finditer(text)
        ]
        names.append(frozenset([name for name, value in settings if value in values]))
    common = sorted(names[0] & names[1])
    if len(common) < _DUMPED_MIN:
        return texts, []
    masked = _SETTING.sub(_SAME, texts[0]), _SETTING.sub(_SAME, texts[1])
    return masked, [(Cause.ENVIRONMENT, f"the variables {', '.join(common)} and others")]


def _known(texts: tuple[str, str], sides: tuple[Side, Side]) -> tuple[tuple[str, str], list[Why]]:
    """Mask the values that are known of each build: paths, names, settings."""
    taken: tuple[list[tuple[Cause, str]], list[tuple[Cause, str]]] = ([], [])
    out: list[str] = []
    for text, side, found in zip(texts, sides, taken, strict=True):
        traces = sorted(_traces(side), key=lambda trace: (-len(trace[1]), trace[1]))
        if not traces:
            out.append(text)
            continue
        causes = {value: cause for cause, value in reversed(traces)}
        pattern = re.compile(
            "|".join([f"(?<![A-Za-z0-9]){re.escape(v)}(?![A-Za-z0-9])" for _, v in traces])
        )

        def take(
            match: re.Match[str],
            found: list[tuple[Cause, str]] = found,
            causes: dict[str, Cause] = causes,
        ) -> str:
            found.append((causes[match.group()], match.group()))
            return _SAME

        out.append(pattern.sub(take, text))
    return (out[0], out[1]), _different(*taken)


def _traces(side: Side) -> Iterator[tuple[Cause, str]]:
    """Yield what a build can leave behind, long enough not to be there by accident."""
    for path in side.paths:
        yield Cause.BUILD_PATH, path
    for cause, value in (
        (Cause.TEMP_NAME, side.temporary),
        (Cause.HOME, side.home),
        (Cause.HOSTNAME, side.host),
        (Cause.USER, side.user),
        (Cause.USER, str(side.user_number) if side.user_number > 999 else ""),
        (Cause.TIMEZONE, side.timezone),
        (Cause.TIMEZONE, re.split(r"[-+\d]", side.timezone)[0]),
        (Cause.LOCALE, side.locale),
        (Cause.LOCALE, side.locale.partition(".")[0]),
        (Cause.HASH_SEED, side.hash_seed),
    ):
        if len(value) >= 3:
            yield cause, value
    for value in side.variables:
        yield Cause.ENVIRONMENT, value


def _pattern(
    texts: tuple[str, str], pattern: re.Pattern[str], cause: Cause
) -> tuple[tuple[str, str], list[Why]]:
    taken = tuple([[(cause, found) for found in pattern.findall(text)] for text in texts])
    return (pattern.sub(_SAME, texts[0]), pattern.sub(_SAME, texts[1])), _different(*taken)


def _dates(texts: tuple[str, str], sides: tuple[Side, Side]) -> tuple[tuple[str, str], list[Why]]:
    """Mask dates and times that belong to the build or to its source files."""
    whys: list[Why] = []
    for pattern, read in DATES:
        found = [[match.group() for match in pattern.finditer(text)] for text in texts]
        if found[0] == found[1] or len(found[0]) != len(found[1]):
            continue
        a, b = next((a, b) for a, b in zip(*found, strict=True) if a != b)
        spans = read(a), read(b)
        if spans[0] is None or spans[1] is None:
            continue
        if is_of_build(spans[0], sides[0]) and is_of_build(spans[1], sides[1]):
            cause = Cause.TIMESTAMP
        elif is_of_source(spans[0], sides[0]) and is_of_source(spans[1], sides[1]):
            cause = Cause.SOURCE_MTIME
        elif is_same_moment_elsewhere(spans[0], spans[1]):
            cause = Cause.TIMEZONE
        else:
            continue
        whys.append((cause, f"{a!r} and {b!r}"))
        texts = pattern.sub(_SAME, texts[0]), pattern.sub(_SAME, texts[1])
    found = [_CLOCK.findall(text) for text in texts]
    if found[0] != found[1] and len(found[0]) == len(found[1]):
        a, b = next((a, b) for a, b in zip(*found, strict=True) if a != b)
        if is_clock_of_build(a, sides[0]) and is_clock_of_build(b, sides[1]):
            whys.append((Cause.TIMESTAMP, f"{a!r} and {b!r}"))
            texts = _CLOCK.sub(_SAME, texts[0]), _CLOCK.sub(_SAME, texts[1])
    return texts, whys


def _different(ours: list[tuple[Cause, str]], theirs: list[tuple[Cause, str]]) -> list[Why]:
    """Return each cause whose values are not the same on both sides, with the first such pair."""
    whys: list[Why] = []
    for cause in dict.fromkeys([cause for cause, _ in ours + theirs]):
        a = [value for c, value in ours if c is cause]
        b = [value for c, value in theirs if c is cause]
        if sorted(a) != sorted(b):
            x, y = (next(iter(_only(*pair)), "nothing") for pair in ((a, b), (b, a)))
            whys.append((cause, f"{x!r} and {y!r}"))
    return whys


def _order(first: list[str], second: list[str]) -> Why:
    """Name a reordering; builds list folders forward in one and backward in the other."""
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    ours, theirs = [a for a, _ in pairs], [b for _, b in pairs]
    evidence = f"{ours[0].strip()[:60]!r} where the other has {theirs[0].strip()[:60]!r}"
    forward = ours == sorted(ours) or theirs == sorted(theirs)
    if forward and ours == theirs[::-1] and len(ours) > 2:
        return Cause.FILE_ORDER, evidence
    return Cause.LINE_ORDER, evidence


def _excerpt(ours: list[str], theirs: list[str]) -> str:
    a = ours[0].strip() if ours else ""
    b = theirs[0].strip() if theirs else ""
    return f"{a[:70]!r} and {b[:70]!r}".replace(_SAME, "*").replace("\\x00", "*")
