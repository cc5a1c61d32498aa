"""The language server: what ``qfs audit`` finds, in the editor, with its fixes.

- Open, change and save start an audit of the whole project, in which unwritten text counts, under
  the settings of the nearest [tool.qfs]; without one, of the open files alone.
- One audit at a time, the newest text wins; an audit that fails is said, never silence.
- A quick fix is the edit that ``--fix`` would make; one that changes results says so in its title.
- Source: Language Server Protocol 3.17.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import TextDocument

from qfs import __version__
from qfs.app.audit import AuditReport, AuditRequest, Finding, audit, today
from qfs.app.audit_fix import rewritten
from qfs.app.failure import QFSError
from qfs.shell.sources import NOTEBOOK, read_settings

QUIET_S = 0.2
"""How long nothing may be typed before an audit starts."""
_SEVERITIES = {
    "violation": lsp.DiagnosticSeverity.Error,
    "confirmed": lsp.DiagnosticSeverity.Error,
    "possible": lsp.DiagnosticSeverity.Warning,
    "unknown": lsp.DiagnosticSeverity.Information,
}


@dataclass(slots=True)
class _State:
    """What the server knows."""

    findings: dict[str, list[Finding]] = field(default_factory=dict)
    """Under the URI of their file; of every file that has diagnostics."""
    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


def serve() -> None:
    """Serve one editor on standard input and output until it says exit."""
    make().start_io()


def make() -> LanguageServer:
    """Return the server."""
    server = LanguageServer(
        "qfs", __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Full
    )
    state = _State()

    def touched(_about: Any) -> None:
        state.wanted.set()
        if state.task is None:
            state.task = asyncio.get_running_loop().create_task(_work(server, state))

    for event in (
        lsp.TEXT_DOCUMENT_DID_OPEN,
        lsp.TEXT_DOCUMENT_DID_CHANGE,
        lsp.TEXT_DOCUMENT_DID_SAVE,
        lsp.TEXT_DOCUMENT_DID_CLOSE,
    ):
        server.feature(event)(touched)

    @server.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix]),
    )
    def actions(wanted: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        document = server.workspace.get_text_document(wanted.text_document.uri)
        known = state.findings.get(document.uri, [])
        return [
            action
            for each in known
            if (action := _action(each, document, wanted.range)) is not None
        ]

    return server


async def _work(server: LanguageServer, state: _State) -> None:
    """Audit whenever something has changed and then been quiet."""
    while True:
        await state.wanted.wait()
        state.wanted.clear()
        await asyncio.sleep(QUIET_S)
        if state.wanted.is_set():
            continue
        documents = {
            path: document
            for document in server.workspace.text_documents.values()
            if (path := _path(document)) is not None
        }
        texts = {path: document.source.encode() for path, document in documents.items()}
        try:
            results = await asyncio.to_thread(_audited, texts)
        except (QFSError, OSError, MemoryError) as error:
            said = lsp.ShowMessageParams(lsp.MessageType.Error, f"qfs: {error}")
            server.window_show_message(said)
            continue
        if not state.wanted.is_set():
            _publish(server, state, results)


def _path(document: TextDocument) -> Path | None:
    """Return where a document lies; None for one that is no file yet, or that is not audited."""
    name = to_fs_path(document.uri)
    if name is None or not name.endswith((".py", NOTEBOOK)) or not Path(name).is_file():
        return None
    return Path(name)


def _audited(texts: Mapping[Path, bytes]) -> list[tuple[Path, AuditReport]]:
    """Audit the projects of the open files; return each one's root and report."""
    wanted: dict[Path, list[Path]] = {}
    for path in sorted(texts):
        root, settings = read_settings(path)
        inside = path.is_relative_to(root)
        wanted.setdefault(root, []).append(root if settings and inside else path)
    out = []
    for root, paths in wanted.items():
        request = AuditRequest(
            paths=tuple(dict.fromkeys(paths)),
            unsaved=tuple(texts.items()),
            today=today(),
            cache=True,
        )
        out.append((root, audit(request)))
    return out


def _publish(
    server: LanguageServer, state: _State, results: list[tuple[Path, AuditReport]]
) -> None:
    """Send every file's diagnostics, none where there were some before."""
    findings: dict[str, list[Finding]] = {}
    told: dict[str, list[lsp.Diagnostic]] = {uri: [] for uri in state.findings}
    told.update({uri: [] for uri in server.workspace.text_documents})
    for root, report in results:
        for error in report.errors:
            uri = _uri(root / error.path)
            findings.setdefault(uri, [])
            told.setdefault(uri, []).append(_error(error.line, error.message))
        for each in report.findings:
            uri = _uri(root / each.path)
            findings.setdefault(uri, []).append(each)
            document = server.workspace.get_text_document(uri)
            told.setdefault(uri, []).append(_diagnostic(each, document, root))
    state.findings = findings
    for uri in sorted(told):
        document = server.workspace.text_documents.get(uri)
        version = None if document is None else document.version
        server.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri, told[uri], version)
        )


def _uri(path: Path) -> str:
    return from_fs_path(str(path)) or path.as_uri()


def _error(line: int, message: str) -> lsp.Diagnostic:
    place = lsp.Position(max(0, line - 1), 0)
    return lsp.Diagnostic(
        lsp.Range(place, place),
        f"not audited: {message}",
        severity=lsp.DiagnosticSeverity.Error,
        source="qfs",
    )


def _diagnostic(finding: Finding, document: TextDocument, root: Path) -> lsp.Diagnostic:
    way = [
        lsp.DiagnosticRelatedInformation(
            lsp.Location(
                _uri(root / step.path),
                lsp.Range(lsp.Position(step.line - 1, 0), lsp.Position(step.line - 1, 0)),
            ),
            step.name,
        )
        for step in finding.chain
    ]
    return lsp.Diagnostic(
        _range(finding, document),
        f"{finding.message}. {finding.instead}",
        severity=_SEVERITIES[finding.verdict],
        code=finding.rule,
        source="qfs",
        related_information=way,
    )


def _range(finding: Finding, document: TextDocument) -> lsp.Range:
    """Return a finding's place as editors count: lines and characters from 0, in their units."""
    lines = document.lines
    ends = ((finding.line, finding.column), (finding.end_line, finding.end_column))
    places = []
    for line, column in ends:
        text = lines[line - 1] if line <= len(lines) else ""
        before = text.encode()[: column - 1].decode("utf-8", "ignore")
        places.append(lsp.Position(line - 1, len(before)))
    return document.position_codec.range_to_client_units(lines, lsp.Range(*places))


def _action(finding: Finding, document: TextDocument, wanted: lsp.Range) -> lsp.CodeAction | None:
    """Return the quick fix of a finding that stands in a range, or None."""
    place = _range(finding, document)
    if not finding.fix or place.end < wanted.start or wanted.end < place.start:
        return None
    data = document.source.encode()
    safe = True
    made, done = rewritten(data, [finding], unsafe=False)
    if not done:
        safe = False
        made, done = rewritten(data, [finding], unsafe=True)
    if not done:
        return None
    risk = "" if safe else " (changes results)"
    change = _edit(document, made.decode())
    return lsp.CodeAction(
        f"qfs {finding.rule}: {finding.instead}{risk}",
        kind=lsp.CodeActionKind.QuickFix,
        is_preferred=safe,
        edit=lsp.WorkspaceEdit(changes={document.uri: [change]}),
    )


def _edit(document: TextDocument, new: str) -> lsp.TextEdit:
    """Return the lines that differ, as one edit."""
    before, after = document.lines, new.splitlines(keepends=True)
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    same = 0
    while same < min(len(before), len(after)) - start and before[-1 - same] == after[-1 - same]:
        same += 1
    place = lsp.Range(lsp.Position(start, 0), lsp.Position(len(before) - same, 0))
    return lsp.TextEdit(place, "".join(after[start : len(after) - same]))
