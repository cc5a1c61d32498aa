"""`qfs tui`: walk through a log with the keyboard: packets, commands, state, changes, search.

- What takes time runs beside the screen, and gives way to the next question.
- Nothing is decided here: every text comes from `qfs.app.browsing`.
"""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import ContentSwitcher, Footer, Input, Static, Tree
from textual.worker import Worker, get_current_worker

from qfs.app.browsing import Browser, Cancelled
from qfs.app.failure import Halt, QFSError
from qfs_cli.tui.packets import PacketList
from qfs_cli.tui.trees import ChangesPane, Node, PacketPane, Pane, StatePane

PANES = ("packet", "state", "changes")
PAUSE_S = 0.05
"""So long the cursor must rest before a packet is looked into."""

HELP = """\
[b]Walk[/b]      ↑ ↓ or k j   a packet back, on
          PgUp PgDn    a page            Home End  first, last
          g            go to a packet: 17, end, or -5 from the end
[b]Look[/b]      1 2 3        the packet, the state after it, the changes
          Tab          between the list and what is beside it
          Enter        open and close a line; load more keys
[b]Compare[/b]   m            mark: changes are those since this packet
[b]Search[/b]    /            packets: by account, key, text, refusal
                       beside the list, in the state: places
          n N          the next packet found, the one before
[b]Leave[/b]     q            nothing was written: the log is read-only

          [green]✓[/green] accepted   [bold red]✗[/bold red] refused   [dim]·[/dim] not derived yet
          [b yellow]bold[/b yellow]     changed since the last look

[dim]Any key closes this page. Signatures are trusted; roots are derived.[/dim]"""


class Help(ModalScreen[None]):
    """The keys."""

    def compose(self) -> ComposeResult:
        """Show the keys."""
        yield Static(HELP, id="help")

    def on_key(self) -> None:
        """Close the page."""
        self.dismiss()


class LogApp(App[None]):
    """A log through time."""

    CSS = """
    #title { height: 1; background: $primary; color: $text; padding: 0 1; }
    #packets { width: 36; background: $surface; overflow-x: hidden; }
    #packets:focus { background: $panel; }
    .-wide #packets { width: 60; }
    .packets--cursor { background: $accent; color: $text; text-style: bold; }
    .packets--mark { color: $warning; text-style: bold; }
    .packets--dim { color: $text-muted; }
    .packets--yes { color: $success; }
    .packets--no { color: $error; text-style: bold; }
    #right { width: 1fr; }
    #tabs { height: 1; padding: 0 1; background: $boost; }
    #panes { height: 1fr; }
    Pane { height: 1fr; padding: 0 0 0 1; background: $background; }
    #detail { height: 4; padding: 0 1; border-top: solid $primary; color: $text-muted; }
    PacketList, Pane { scrollbar-size: 1 1; }
    Pane { overflow-x: hidden; }
    #prompt { height: 1; border: none; padding: 0 1; display: none; background: $boost; }
    #prompt.asked { display: block; }
    Help { align: center middle; }
    #help { width: 78; height: auto; padding: 1 2; border: round $accent; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g,colon", "ask('go')", "Go to"),
        Binding("slash", "ask('search')", "Search"),
        Binding("n", "again(0)", "Next", show=False),
        Binding("N", "again(1)", "Previous", show=False),
        Binding("m", "mark", "Mark"),
        Binding("1", "pane('packet')", "Packet"),
        Binding("2", "pane('state')", "State"),
        Binding("3", "pane('changes')", "Changes"),
        Binding("question_mark,f1", "help", "Help"),
        Binding("escape", "leave", "Back", show=False),
        Binding("q", "quit", "Quit"),
    ]
    ENABLE_COMMAND_PALETTE = False
    TITLE = "QFS"

    def __init__(self, browser: Browser) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
        self.browser = browser
        self.asked = ""
        """What the open prompt is for: ``go`` or ``search``."""
        self.wanted = ""
        """The text that was searched last."""
        self.filtered = ""
        """The text whose places the state shows; empty: all."""
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield Static(id="title")
        with Horizontal():
            yield PacketList(self.browser)
            with Vertical(id="right"):
                yield Static(id="tabs")
                with ContentSwitcher(id="panes", initial="packet"):
                    yield PacketPane("packet")
                    yield StatePane("state")
                    yield ChangesPane("changes")
                yield Static(id="detail", markup=False)
        yield Input(id="prompt")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin at the packet that is near."""
        self.packets.focus()
        self.query_one(StatePane).open = {(): 0}
        self.packets.go(self.browser.begin())
        self._titles()
        self._soon()

    @property
    def packets(self) -> PacketList:
        """The list."""
        return self.query_one(PacketList)

    @property
    def pane(self) -> str:
        """The pane that is shown, one of PANES."""
        return self.query_one("#panes", ContentSwitcher).current or PANES[0]

    def on_packet_list_moved(self) -> None:
        """Look into the packet when the cursor rests."""
        self._titles()
        self._soon()

    def on_resize(self) -> None:
        """Lines that are seen anew may not be derived yet."""
        self._soon()

    def on_pane_pointed(self, event: Pane.Pointed) -> None:
        """Show all of a line."""
        self.query_one("#detail", Static).update(event.text)

    def action_pane(self, name: str) -> None:
        """Show another pane; whoever was in one goes on in the other."""
        inside = isinstance(self.focused, Pane)
        self.query_one("#panes", ContentSwitcher).current = name
        if inside:
            self.query_one(f"#{name}", Pane).focus()
        self._titles()
        self._show()

    def action_mark(self) -> None:
        """Mark the packet under the cursor, or take the mark away."""
        packets = self.packets
        packets.mark = None if packets.mark == packets.cursor else packets.cursor
        self.action_pane("changes")

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(Help())

    def action_ask(self, what: str) -> None:
        """Open the prompt."""
        self.asked = what
        prompt = self.query_one("#prompt", Input)
        in_state = self.pane == "state" and self.focused is self.query_one(StatePane)
        if what == "search" and in_state:
            self.asked = "places"
        prompt.placeholder = {
            "go": f"packet {self.browser.first} .. {self.browser.last}",
            "search": "packets with this account, key, text or refusal",
            "places": "keys and values with this text",
        }[self.asked]
        prompt.value = ""
        prompt.add_class("asked")
        prompt.focus()

    def action_leave(self) -> None:
        """Close the prompt; take the filter away; give up what takes long."""
        self.workers.cancel_all()
        if self.query_one("#prompt", Input).has_class("asked"):
            self._close()
        elif self.filtered:
            self.filtered = ""
            self._show()

    def action_again(self, backward: int) -> None:
        """Search on from the cursor."""
        if self.wanted:
            self._search(self.wanted, backward=bool(backward))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Do what the prompt was opened for."""
        asked, text = self.asked, event.value.strip()
        self._close()
        if not text:
            return
        if asked == "go":
            try:
                self.packets.go(self.browser.at(text))
            except QFSError as error:
                self.notify(f"{error.what}: {error.way_out}", severity="warning")
        elif asked == "places":
            self.filtered = text
            self._show()
        else:
            self.wanted = text
            self._search(text, backward=False)

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Node]) -> None:
        """Load what is inside a place of the state."""
        data = event.node.data
        tree = event.node.tree
        if isinstance(tree, StatePane) and data is not None and data.way not in ((), *tree.open):
            tree.open[data.way] = 0
            self._show(data.way)

    def on_tree_node_collapsed(self, event: Tree.NodeCollapsed[Node]) -> None:
        """Forget that a place was open."""
        data = event.node.data
        if isinstance(event.node.tree, StatePane) and data is not None and data.way:
            event.node.tree.open.pop(data.way, None)

    def on_tree_node_selected(self, event: Tree.NodeSelected[Node]) -> None:
        """Load more keys."""
        data, tree = event.node.data, event.node.tree
        if isinstance(tree, StatePane) and data is not None and data.text.startswith("…"):
            tree.open[data.way] = data.start
            self._show(data.way)

    def _close(self) -> None:
        self.query_one("#prompt", Input).remove_class("asked")
        (self.query_one(StatePane) if self.asked == "places" else self.packets).focus()
        self.asked = ""

    def _soon(self) -> None:
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE_S, self._show)

    def _titles(self) -> None:
        overview, seq = self.browser.overview, self.packets.cursor
        root = self.browser.frames[seq].root.hex()
        title = Text.assemble(("QFS ", "bold"), overview.name, ("  packet ", "dim"), f"{seq}")
        title.append(f" of {overview.packets}", "dim")
        title.append("  root ", "dim").append(root[:16])
        if overview.damage:
            title.append(f"  {overview.damage}", "bold red")
        self.query_one("#title", Static).update(title)
        line = self.browser.line(seq)
        signed = f"signed by {line.signer[:24]}…" if line.signer else "signed by nobody"
        detail = f"{line.time} UTC  {line.kind}\n{signed}\nroot      {root[:24]}…"
        self.query_one("#detail", Static).update(detail)
        mark = self.packets.mark
        against = "" if mark is None else f" ◆{mark}"
        tabs = Text()
        for number, name in enumerate(PANES, start=1):
            text = f" {number} {name.capitalize()}{against if name == 'changes' else ''} "
            tabs.append(text, "reverse bold" if name == self.pane else "dim").append(" ")
        self.query_one("#tabs", Static).update(tabs)

    @property
    def busy(self) -> bool:
        """Whether something that was asked for is not shown yet."""
        return self._pause is not None or any(not one.is_finished for one in self.workers)

    def _show(self, way: tuple[str, ...] = ()) -> None:
        """Ask for what the pane that is shown needs."""
        if self._pause is not None:
            self._pause.stop()
            self._pause = None
        self._ask(self.packets.cursor, self.pane, way)

    @work(thread=True, exclusive=True, group="show", exit_on_error=False)
    def _ask(self, seq: int, pane: str, way: tuple[str, ...]) -> None:
        """Derive, beside the screen, what a pane shows; then what the list still lacks."""
        worker = get_current_worker()
        progress = partial(self._progress, worker, "deriving")
        try:
            fill = self._answer(seq, pane, way, progress)
            if not worker.is_cancelled:
                self.call_from_thread(fill)
            first, last = self.packets.seen()
            if any(
                self.browser.line(one).accepted is None for one in range(max(1, first), last + 1)
            ):
                self.browser.sight(first, last, progress)
            self.call_from_thread(self.packets.refresh)
        except Cancelled:
            return
        except (Halt, QFSError) as error:
            tree = self.query_one(f"#{pane}", Pane)
            self.call_from_thread(tree.say, f"{error}", "bold red")

    def _answer(
        self,
        seq: int,
        pane: str,
        way: tuple[str, ...],
        progress: Callable[[int, int], None],
    ) -> Callable[[], None]:
        browser = self.browser
        if pane == "packet":
            view = browser.packet(seq, progress)
            return lambda: self.query_one(PacketPane).fill(view)
        if pane == "changes":
            mark = self.packets.mark
            a = max(browser.first, seq - 1) if mark is None else mark
            found = browser.compare(min(a, seq), max(a, seq), progress)
            return lambda: self.query_one(ChangesPane).fill(found)
        state = self.query_one(StatePane)
        if self.filtered:
            text = self.filtered
            places, more = browser.find_places(seq, text, progress)
            return lambda: state.list_found(text, places, more=more)
        opened = dict(state.open)
        inside = {}
        for one, start in sorted(opened.items()):
            if one == () or one[:-1] in inside:
                inside[one] = browser.places(seq, one, start, progress)
        return lambda: state.fill(inside, way)

    @work(thread=True, exclusive=True, group="search", exit_on_error=False)
    def _search(self, text: str, *, backward: bool) -> None:
        """Look for the next packet that holds a text."""
        worker = get_current_worker()
        progress = partial(self._progress, worker, "searching")
        step = -1 if backward else 1
        try:
            found = self.browser.search(
                text, self.packets.cursor + step, backward=backward, progress=progress
            )
        except Cancelled:
            return
        if found is None:
            self.call_from_thread(self.notify, f"no packet holds {text!r}", severity="warning")
        else:
            self.call_from_thread(self.packets.go, found)
            self.call_from_thread(self._titles)

    def _progress(self, worker: "Worker[None]", what: str, done: int, total: int) -> None:
        """Say how far a question is, and give up one that nobody asks any more."""
        if worker.is_cancelled:
            raise Cancelled
        if total > 1_000 and done % 512 == 0:
            detail = self.query_one("#detail", Static)
            self.call_from_thread(detail.update, f"{what} {done} of {total} packets   (Esc: stop)")
