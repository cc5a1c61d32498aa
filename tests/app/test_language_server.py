"""The language server as an editor meets it: a real process, a real client, real files."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

from tests.app.test_audit import write

HELPER = "import time\n\n\ndef now():\n    return time.time()\n"
SETTINGS = '[tool.qfs]\nzone = ["core"]\n'
SORTED = '"""Names."""\n\n\ndef names():\n    return "é", list({"b", "ä"})\n'
SECONDS = 60


class Editor:
    """A client that keeps what was published last for each file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.client = LanguageClient("test", "1")
        self.told: asyncio.Queue[lsp.PublishDiagnosticsParams] = asyncio.Queue()
        self.said: asyncio.Queue[lsp.ShowMessageParams] = asyncio.Queue()
        for name, queue in (
            (lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, self.told),
            (lsp.WINDOW_SHOW_MESSAGE, self.said),
        ):
            self.client.feature(name)(lambda what, into=queue: into.put_nowait(what))

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    def open(self, name: str) -> None:
        text = (self.root / name).read_text(encoding="utf-8")
        item = lsp.TextDocumentItem(self.uri(name), lsp.LanguageKind.Python, 1, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    def change(self, name: str, text: str, version: int) -> None:
        about = lsp.VersionedTextDocumentIdentifier(version, self.uri(name))
        whole = lsp.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(about, [whole]))

    def save(self, name: str) -> None:
        about = lsp.TextDocumentIdentifier(self.uri(name))
        self.client.text_document_did_save(lsp.DidSaveTextDocumentParams(about))

    async def diagnostics(self, name: str, version: int | None) -> list[lsp.Diagnostic]:
        """Wait for what is said about a file's version."""
        while True:
            params = await asyncio.wait_for(self.told.get(), SECONDS)
            if (params.uri, params.version) == (self.uri(name), version):
                return list(params.diagnostics)

    async def fixes(self, name: str, where: lsp.Range) -> list[lsp.CodeAction]:
        wanted = lsp.CodeActionParams(
            lsp.TextDocumentIdentifier(self.uri(name)), where, lsp.CodeActionContext([])
        )
        found = await self.client.text_document_code_action_async(wanted)
        return [each for each in found or () if isinstance(each, lsp.CodeAction)]


def edit(root: Path, script: Callable[[Editor], Awaitable[None]]) -> None:
    """Run a script against a server of its own, and end both in the way that editors do."""

    async def run() -> None:
        editor = Editor(root)
        cache = str(root / "cache")
        await editor.client.start_io(
            sys.executable, "-m", "qfs_cli.main", "lsp", cwd=root, env={"XDG_CACHE_HOME": cache}
        )
        server = editor.client._server
        assert server is not None
        await editor.client.initialize_async(
            lsp.InitializeParams(capabilities=lsp.ClientCapabilities(), root_uri=root.as_uri())
        )
        editor.client.initialized(lsp.InitializedParams())
        await script(editor)
        await editor.client.shutdown_async(None)
        editor.client.exit(None)
        await editor.client.stop()
        assert server.returncode == 0
        server._transport.close()  # type: ignore[attr-defined] # its pipes, before the loop ends

    asyncio.run(run())


def test_findings_come_and_go_with_the_text_before_it_is_saved(tmp_path: Path) -> None:
    core = "from helper import now\n\n\ndef step():\n    return now()\n"
    write(tmp_path, {"pyproject.toml": SETTINGS, "core/step.py": core, "helper.py": HELPER})

    async def script(editor: Editor) -> None:
        editor.open("core/step.py")
        found = await editor.diagnostics("helper.py", None)
        assert [(each.code, each.severity) for each in found] == [
            ("QFS101", lsp.DiagnosticSeverity.Error)
        ]
        assert found[0].range == lsp.Range(lsp.Position(4, 11), lsp.Position(4, 22))
        way = [(each.location.uri, each.message) for each in found[0].related_information or ()]
        assert way[0] == (editor.uri("core/step.py"), "step:step")
        editor.change("core/step.py", "def step():\n    return 1\n", 2)
        assert await editor.diagnostics("core/step.py", 2) == []
        assert await editor.diagnostics("helper.py", None) == []
        editor.change("core/step.py", "def step(:\n", 3)
        broken = await editor.diagnostics("core/step.py", 3)
        assert "not Python" in broken[0].message
        editor.change("core/step.py", core, 4)
        assert await editor.diagnostics("core/step.py", 4) == []
        editor.save("core/step.py")
        assert [each.code for each in await editor.diagnostics("helper.py", None)] == ["QFS101"]

    edit(tmp_path, script)


def test_a_quick_fix_is_what_fix_makes_and_says_when_results_change(tmp_path: Path) -> None:
    write(tmp_path, {"m.py": SORTED})

    async def script(editor: Editor) -> None:
        editor.open("m.py")
        found = await editor.diagnostics("m.py", 1)
        assert [each.code for each in found] == ["QFS401"]
        assert found[0].range.start == lsp.Position(4, 16)
        actions = await editor.fixes("m.py", found[0].range)
        assert [(each.is_preferred, each.kind) for each in actions] == [(True, "quickfix")]
        assert actions[0].edit is not None
        changes = (actions[0].edit.changes or {})[editor.uri("m.py")]
        assert [each.new_text for each in changes] == ['    return "é", sorted({"b", "ä"})\n']
        fixed = SORTED.replace("list(", "sorted(")
        assert changes[0].range == lsp.Range(lsp.Position(4, 0), lsp.Position(5, 0))
        editor.change("m.py", fixed, 2)
        assert await editor.diagnostics("m.py", 2) == []
        editor.change("m.py", "def half(n: int):\n    return n / 2\n", 3)
        found = await editor.diagnostics("m.py", 3)
        risky = await editor.fixes("m.py", found[0].range)
        assert [each.is_preferred for each in risky] == [False]
        assert risky[0].title.endswith("(changes results)")
        nowhere = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 1))
        assert await editor.fixes("m.py", nowhere) == []

    edit(tmp_path, script)


def test_settings_that_make_no_sense_are_said_and_the_server_stays(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": '[tool.qfs]\nfloat-policy = "maybe"\n', "m.py": HELPER})

    async def script(editor: Editor) -> None:
        editor.open("m.py")
        said = await asyncio.wait_for(editor.said.get(), SECONDS)
        assert "no float policy 'maybe'" in said.message
        (tmp_path / "pyproject.toml").write_text("[tool.qfs]\n", encoding="utf-8")
        editor.save("m.py")
        assert [each.code for each in await editor.diagnostics("m.py", 1)] == ["QFS101"]

    edit(tmp_path, script)
