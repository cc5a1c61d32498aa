"""The list of packets: a line each, drawn when it is seen, so that a log may be of any length."""

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from qfs.app.browsing import Browser
from qfs.app.browsing_views import PacketLine

_WIDE = 50
"""Columns from which on the date is shown, and more of the key."""


class PacketList(ScrollView, can_focus=True):
    """Every packet of a log, one of which is under the cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "packets--cursor",
        "packets--mark",
        "packets--dim",
        "packets--yes",
        "packets--no",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Back", show=False),
        Binding("down,j", "move(1)", "On", show=False),
        Binding("pageup,b", "page(-1)", "Page back", show=False),
        Binding("pagedown,space", "page(1)", "Page on", show=False),
        Binding("home", "jump(0)", "First", show=False),
        Binding("end,G", "jump(-1)", "Last", show=False),
    ]
    cursor: reactive[int] = reactive(0)
    """Sequence number of the packet under the cursor."""
    mark: reactive[int | None] = reactive(None)
    """The packet with which others are compared."""

    class Moved(Message):
        """The cursor stands on another packet."""

        def __init__(self, seq: int) -> None:
            self.seq = seq
            super().__init__()

    def __init__(self, browser: Browser) -> None:
        super().__init__(id="packets")
        self.browser = browser

    def on_mount(self) -> None:
        """Say how long the list is."""
        self.virtual_size = Size(1, self.browser.last + 1)

    def go(self, seq: int) -> None:
        """Put the cursor on a packet."""
        self.cursor = min(max(seq, self.browser.first), self.browser.last)

    def action_move(self, step: int) -> None:
        """Move the cursor by a line."""
        self.go(self.cursor + step)

    def action_page(self, step: int) -> None:
        """Move the cursor by what is seen at a time."""
        self.go(self.cursor + step * max(1, self.size.height - 1))

    def action_jump(self, place: int) -> None:
        """Move the cursor to the first packet (0) or the last (-1)."""
        self.go(place % (self.browser.last + 1))

    def watch_cursor(self, before: int, seq: int) -> None:
        """Keep the cursor in sight, in the middle after a leap, and tell the others."""
        leap = abs(seq - before) > self.size.height
        self.scroll_to_region(Region(0, seq, 1, 1), animate=False, force=True, center=leap)
        self.refresh()
        self.post_message(self.Moved(seq))

    def watch_mark(self) -> None:
        """Draw the mark anew."""
        self.refresh()

    def seen(self) -> tuple[int, int]:
        """Return the first and the last packet that are seen."""
        top = self.scroll_offset.y
        return top, min(self.browser.last, top + max(0, self.size.height - 1))

    def render_line(self, y: int) -> Strip:
        """Draw one line of the list."""
        width = self.size.width
        seq = self.scroll_offset.y + y
        if seq > self.browser.last:
            return Strip.blank(width, self.rich_style)
        base = self.rich_style
        if seq == self.cursor:
            base += self.get_component_rich_style("packets--cursor")
        marked = seq == self.mark
        segments = [Segment("◆" if marked else " ", self._tone("mark", base))]
        segments += self._cells(self.browser.line(seq), width, base)
        return Strip(segments).adjust_cell_length(width, base)

    def _cells(self, line: PacketLine, width: int, base: Style) -> list[Segment]:
        dim = self._tone("dim", base)
        digits = max(4, len(str(self.browser.last)))
        when = line.time if width >= _WIDE else line.time[-8:]
        what = line.signer[: 12 if width >= _WIDE else 6]
        if line.kind != "transactions":
            what = line.kind
        cells = [
            Segment(f"{line.seq:>{digits}} ", base),
            Segment(f"{when:>{19 if width >= _WIDE else 8}} ", dim),
            Segment(f"{what:<{12 if width >= _WIDE else 8}} ", dim),
        ]
        if line.accepted is None:
            return [*cells, Segment("·", dim)]
        if line.accepted:
            cells.append(Segment(f"✓{line.accepted} ", self._tone("yes", base)))
        if line.refused:
            cells.append(Segment(f"✗{line.refused}", self._tone("no", base)))
        return cells

    def _tone(self, name: str, base: Style) -> Style:
        """Return a style's own colour on the line's ground; under the cursor the line's own."""
        if base != self.rich_style:
            return base
        found = self.get_component_rich_style(f"packets--{name}")
        return base + Style(color=found.color, bold=found.bold)
