"""The three panes beside the list: a packet, the state after it, what changed; each a tree."""

from dataclasses import dataclass

from rich.text import Text
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from qfs.app.browsing_views import Change, Comparison, PacketView, Place, TransactionView

TRANSACTIONS_MAX = 2_000
OPEN_AT_ONCE = 3
"""So few transactions are shown with all that is in them."""
_LABEL = 160
_BRIEF = 60
_IDENTITY = 64  # hexadecimal digits of a digest

YES, NO, DIM, NAME = "green", "bold red", "dim", "cyan"


@dataclass(frozen=True, slots=True)
class Node:
    """What a line of a tree stands for."""

    text: str
    """All of it; the line may be too short."""
    way: tuple[str, ...] = ()
    """The place in the state that it opens."""
    start: int = 0
    """From which key on."""


class Pane(Tree[Node]):
    """A tree without a root, whose lines stand for texts."""

    class Pointed(Message):
        """Another line is under the cursor; this is all of it."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    def __init__(self, name: str) -> None:
        super().__init__("", id=name)
        self.show_root = False
        self.guide_depth = 2

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[Node]) -> None:
        """Pass on what the line is too short for."""
        event.stop()
        if event.node.data is not None:
            self.post_message(self.Pointed(event.node.data.text))

    def on_focus(self) -> None:
        """Begin with the first line."""
        self.cursor_line = max(self.cursor_line, 0)

    def begin(self) -> None:
        """Forget every line, and where one stood."""
        self.clear()
        self.scroll_home(animate=False)

    def say(self, text: str, style: str = DIM) -> None:
        """Show one sentence instead of a tree."""
        self.begin()
        for line in text.splitlines():
            self.root.add_leaf(Text(line, style), Node(text))
        self.post_message(self.Pointed(text))


def labelled(name: str, value: str, style: str = NAME) -> Text:
    """Return a line of a tree: a name and a value."""
    return Text.assemble((name, style), ("  ", ""), shown(value))


def shown(value: str) -> str:
    """Return as much of a value as any line can hold."""
    return value if len(value) <= _LABEL else f"{value[:_LABEL]}…"


def gist(parts: tuple[tuple[str, str], ...], longest: int = _LABEL) -> str:
    """Return a record in one line, without identities and what is longer than longest."""
    brief = [
        f"{name.rpartition('.')[2]} {value}"
        for name, value in parts
        if len(value) <= longest and (len(value) < _IDENTITY or " " in value)
    ]
    return shown(", ".join(brief))


class PacketPane(Pane):
    """The commands of a packet and their answers."""

    def fill(self, view: PacketView) -> None:
        """Show a packet."""
        self.begin()
        count = len(view.transactions)
        refused = sum(1 for one in view.transactions if one.answer)
        title = Text(f"packet {view.seq}", "bold") if view.seq else Text("genesis", "bold")
        if count:
            title.append(f"  {count} transaction{'' if count == 1 else 's'}", DIM)
        if refused:
            title.append(f", {refused} refused", NO)
        head = self.root.add(title, Node(title.plain), expand=not count)
        for name, value in view.facts:
            head.add_leaf(labelled(name, value), Node(f"{name}: {value}"))
        for one in view.transactions[:TRANSACTIONS_MAX]:
            self._transaction(one, expand=count <= OPEN_AT_ONCE)
        if count > TRANSACTIONS_MAX:
            text = f"and {count - TRANSACTIONS_MAX} more"
            self.root.add_leaf(Text(text, DIM), Node(text))

    def _transaction(self, one: TransactionView, *, expand: bool) -> None:
        line = Text.assemble(("✗" if one.answer else "✓", NO if one.answer else YES))
        line.append(f" {one.number} ", DIM)
        title = one.orders[0].title if one.orders else ""
        if one.answer:
            # First, and without the machine where it is the order's own: a line may be short.
            machine, _, reason = one.answer.partition(" ")
            line.append(f"{reason if title.startswith(f'{machine} ') else one.answer}  ", NO)
        line.append(title)
        if len(one.orders) > 1:
            line.append(f" and {len(one.orders) - 1} more", DIM)
        if one.orders and not one.answer:
            line.append(f"  {gist(one.orders[0].parts, _BRIEF)}", DIM)
        node = self.root.add(line, Node(line.plain), expand=expand)
        for order in one.orders:
            inside: TreeNode[Node] = node
            if len(one.orders) > 1:
                asked = Text(order.title)
                if order.refusal:
                    asked.append(f"  {order.refusal}", NO)
                inside = node.add(asked, Node(asked.plain), expand=expand)
            for name, value in order.parts:
                inside.add_leaf(labelled(name, value), Node(f"{name}: {value}"))


class StatePane(Pane):
    """The state after a packet; what is open stays open while one walks through time."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.open: dict[tuple[str, ...], int] = {}
        """Ways that are open, with the key from which on each is shown."""
        self.known: dict[tuple[tuple[str, ...], str], str] = {}
        """The values that were shown last, so that new ones stand out."""
        self.seen: set[tuple[str, ...]] = set()
        """The ways that were shown last."""

    def fill(
        self, found: dict[tuple[str, ...], tuple[tuple[Place, ...], int]], way: tuple[str, ...]
    ) -> None:
        """Show the places of the ways that are open, the cursor on one of the ways if it is there.

        found holds each way's places and how many there are.
        """
        before, self.known = self.known, {}
        self.seen = {one for one, _ in before}
        at = self.scroll_offset
        self.begin()
        self._inside(self.root, (), found, before)
        self.scroll_to(y=at.y, animate=False)
        target = self._node_of(self.root, way) if way else None
        if target is not None:
            self.call_after_refresh(self.move_cursor, target)

    def _inside(
        self,
        node: TreeNode[Node],
        way: tuple[str, ...],
        found: dict[tuple[str, ...], tuple[tuple[Place, ...], int]],
        before: dict[tuple[tuple[str, ...], str], str],
    ) -> None:
        places, total = found.get(way, ((), 0))
        start = self.open.get(way, 0)
        if start:
            text = f"… {start} before"
            node.add_leaf(Text(text, DIM), Node(text, way, max(0, start - len(places))))
        for one in places:
            self.known[way, one.name] = one.value
            new = way in self.seen and before.get((way, one.name)) != one.value
            brief = gist(one.parts) or one.value
            line = labelled(one.name, brief, "bold yellow" if new else NAME)
            data = Node(f"{one.name}: {one.value}", one.way)
            if one.way:
                inside = node.add(line, data, expand=one.way in found)
                self._inside(inside, one.way, found, before)
            elif len(one.parts) > 1:
                parts = node.add(line, data)
                for name, value in one.parts:
                    parts.add_leaf(labelled(name, value), Node(f"{name}: {value}"))
            else:
                node.add_leaf(line, data)
        if total > start + len(places):
            text = f"… {total - start - len(places)} more"
            node.add_leaf(Text(text, DIM), Node(text, way, start + len(places)))

    def _node_of(self, node: TreeNode[Node], way: tuple[str, ...]) -> TreeNode[Node] | None:
        for child in node.children:
            if child.data is not None and child.data.way == way and not child.data.start:
                return child
            found = self._node_of(child, way)
            if found is not None:
                return found
        return None

    def list_found(self, text: str, places: tuple[Place, ...], *, more: bool) -> None:
        """Show the places that hold a text."""
        self.begin()
        count = f"{len(places)}{' and more' if more else ''} with {text!r}   (Esc: all)"
        self.root.add_leaf(Text(count, DIM), Node(count))
        for one in places:
            brief = gist(one.parts) or one.value
            node = self.root.add(labelled(one.name, brief), Node(f"{one.name}: {one.value}"))
            node.allow_expand = len(one.parts) > 1
            for name, value in one.parts:
                node.add_leaf(labelled(name, value), Node(f"{name}: {value}"))


class ChangesPane(Pane):
    """What differs between the states after two packets."""

    def fill(self, found: Comparison) -> None:
        """Show a comparison."""
        self.begin()
        count = f"{len(found.changes)}{' and more' if found.more else ''}"
        title = f"packet {found.a} → {found.b}: {count} change{'' if count == '1' else 's'}"
        self.root.add_leaf(Text(title, "bold"), Node(title))
        for change in found.changes:
            self._change(change)

    def _change(self, change: Change) -> None:
        text = f"{change.place}\n- {change.before}\n+ {change.after}"
        node = self.root.add(Text(change.place, NAME), Node(text), expand=True)
        node.add_leaf(Text(f"- {shown(change.before)}", "red"), Node(text))
        node.add_leaf(Text(f"+ {shown(change.after)}", YES), Node(text))
