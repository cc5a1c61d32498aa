"""`qfs import`: a history that another program kept, as a QFS log; `qfs export`: that file again.

- Each record is one transaction for the machine ``records``, in its order; a packet holds up to
  ``batch`` of them. So the log has a root a packet, and two histories can be bisected and replayed.
- Nothing of the import is chance or clock: two imports of one file differ in signatures alone, and
  two files imported with the same key and format share their genesis.
- Without a key the packets are signed by a key that everybody has: such a signature shows that the
  log is whole, and nobody's consent.
- The log is made beside its name and put there whole, after what was kept has been compared with
  the source; the source is read twice, record by record, and never held in memory.
"""

import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, mkdtemp

from qfs import gate
from qfs import packet as packet_
from qfs.app.machines import MACHINES, REACTIONS
from qfs.app.worlds import QFS, derive_all, found_of, snapshot_file
from qfs.canon import ZERO_DIGEST, Digest
from qfs.crypto import Profile
from qfs.errors import EnvironmentFault, InputError, UsageError
from qfs.halt import Code, check
from qfs.kernel import Genesis, Order, Transactions, World, apply, found
from qfs.keys import COMMANDS as KEY_COMMANDS
from qfs.keys import Enrol, Role
from qfs.machines.history.records.commands import COMMANDS, Open, Record
from qfs.machines.history.records.state import State
from qfs.shell import exports, histories, keystore, log, providers
from qfs.shell.files import unwritten
from qfs.shell.histories import Entry, Format
from qfs.shell.keystore import PrivateKey
from qfs.shell.log import LogWriter
from qfs.shell.log_frames import Frame

NAMES = tuple([one.name for one in histories.FORMATS])
BATCH = 1_000
BATCH_MAX = 10_000
SNAPSHOT_RECORDS = 5_000
"""A snapshot is kept so often, and never more often than there are streams in it."""
_LOOK_BYTES = 65_536
"""So much is read before anything is made: what is no history at all leaves no trace."""
_STREAM = "history"
"""Of records that name none."""
_STREAM_MAX = 1024
_NAMES_SHOWN = 8
_BODY_BYTES = 2 * 1024 * 1024  # 2_097_152: a packet that has more is closed
_BODY_FIELDS = 100_000
_PUBLIC_SEED = sha256(b"qfs import: everybody has this key").digest()

Progress = Callable[[int, int], None]
"""Called with (bytes of the source done, bytes in all); a database's bytes are counted loosely."""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to import, and where to."""

    source: Path
    log: Path
    """The folder to make."""
    form: str = ""
    """One of NAMES; empty: told by the source's name."""
    stream: str = ""
    """The field whose value names a record's stream; empty: the format's own way."""
    batch: int = BATCH
    """Records a packet, 1 .. BATCH_MAX."""
    key: Path | None = None
    """Private key file; None: the key that everybody has."""
    passphrase_file: Path | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """A history that was imported."""

    form: str
    records: int
    streams: int
    packets: int
    size: int
    """Bytes of the source."""
    source: Digest
    """SHA-256 of the source."""
    ledger: Digest
    state_root: Digest
    key: str
    """Id of the key that signed."""
    own_key: bool
    """Whether it is the caller's; False: everybody has it."""

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.import/1",
            "format": self.form,
            "records": self.records,
            "streams": self.streams,
            "packets": self.packets,
            "bytes": self.size,
            "source": self.source.hex(),
            "ledger": self.ledger.hex(),
            "state_root": self.state_root.hex(),
            "key": self.key,
            "own_key": self.own_key,
        }


@dataclass(frozen=True, slots=True)
class ExportReport:
    """A history that was written as it had been."""

    form: str
    records: int
    packets: int
    size: int
    """Bytes of the file."""
    state_root: Digest

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.export/1",
            "format": self.form,
            "records": self.records,
            "packets": self.packets,
            "bytes": self.size,
            "state_root": self.state_root.hex(),
        }


def import_history(request: ImportRequest, progress: Progress | None = None) -> ImportReport:
    """Make a log of a history.

    Raises UsageError when the log exists or the format cannot be told, InputError for a source
    that cannot be read or is not of the format, with line and column; then nothing is made.
    """
    size = _size(request.source)
    form = _format_of(request)
    key = _key(request)
    if request.log.exists() or request.log.is_symlink():
        raise UsageError("exists", place=str(request.log), way_out="choose another name")
    entries = _reported(form.entries(request.source), size, progress)
    first = _looked(entries)
    if not first:
        way_out = "pass a file with a record in it"
        raise InputError("no records", place=str(request.source), way_out=way_out)
    try:
        beside = Path(mkdtemp(prefix=f".{request.log.name}-", dir=request.log.parent))
    except OSError as error:
        raise unwritten(error, request.log, "cannot be made") from None
    try:
        run = _Import(request, form, key, beside)
        with run.writer:
            world = run.take(chain(first, entries))
        if request.stream and not run.named:
            names = ", ".join(list(dict(first[0].fields))[:_NAMES_SHOWN])
            what = f"no record has the field {request.stream!r}"
            raise UsageError(what, place="--stream", way_out=f"the first has {names or 'none'}")
        source = _same(request.source, form, run)
        beside.chmod(0o755)  # mkdtemp's own mode would keep readers out
        beside.rename(request.log)
    except EnvironmentFault as fault:  # of a folder that is gone when its name is read
        way_out = "make room, and import again: nothing was made"
        raise EnvironmentFault(fault.what, place=str(request.log), way_out=way_out) from None
    finally:
        if beside.exists():
            rmtree(beside)
    return ImportReport(
        form=form.name,
        records=run.records,
        streams=len(_state(world, request.log).streams),
        packets=world.seq,
        size=size,
        source=source,
        ledger=world.ledger,
        state_root=world.root,
        key=key.public.id.hex(),
        own_key=request.key is not None,
    )


def export_history(path: Path, output: Path, progress: Progress | None = None) -> ExportReport:
    """Write the file that a log was imported from; everything is derived again on the way.

    Raises InputError for what is no whole log or a file that exists, UsageError for a log that
    holds no imported history; halts when the log cannot be derived.
    """
    reading, corrupt = log.survey(path)
    counted = _Counted()
    verifier = providers.verifier()

    def data() -> Iterator[bytes]:
        for step in derive_all(path, reading, verifier=verifier, corrupt=corrupt):
            counted.packets, counted.root = step.world.seq, step.world.root
            if progress is not None:
                progress(step.frame.seq + 1, len(reading.frames))
            if step.frame.seq:
                yield from counted.records_in(step.frame.body)

    if reading.torn_at is not None and corrupt is None:
        what = f"cut in the middle of packet {len(reading.frames)}, at byte {reading.torn_at}"
        raise InputError(what, place=str(path), way_out="export from a copy that is whole")
    if reading.pruned is not None:
        way_out = "export from a copy that holds every packet"
        raise UsageError("packets were pruned", place=str(path), way_out=way_out)
    form = recorded_format(path, reading.frames[0])
    if form.rebuilt is None:
        size = exports.write_new(output, data())
    else:
        size = _rebuilt(form.rebuilt, output, data())
    return ExportReport(form.name, counted.records, counted.packets, size, counted.root)


def _looked(entries: Iterator[Entry]) -> list[Entry]:
    """Return the first entries, at most _LOOK_BYTES of data and one entry more."""
    first: list[Entry] = []
    size = 0
    for entry in entries:
        first.append(entry)
        size += len(entry.data)
        if size > _LOOK_BYTES:
            break
    return first


class _Import:
    """One history on its way into one log."""

    def __init__(self, request: ImportRequest, form: Format, key: PrivateKey, folder: Path) -> None:
        self.request = request
        self.key = key
        self.signer = key.signer()
        self.verifier = providers.verifier()
        genesis = _genesis(form, key)
        self.world: World = found(MACHINES, genesis, REACTIONS)
        self.writer: LogWriter = log.create(folder, genesis.to_bytes(), self.world.root)
        self.folder = folder
        self.records = 0
        self.named = 0
        """Records with the field that names their stream."""
        self.unsaved = 0
        """Records behind the last snapshot."""
        self.kept = sha256()
        """Over the data of every record."""

    def take(self, entries: Iterable[Entry]) -> World:
        """Append every entry, durably; returns the last world."""
        groups: list[tuple[Order, ...]] = []
        size = fields = 0
        for entry in entries:
            groups.append((Order("records", COMMANDS.pack(self.record(entry))),))
            self.kept.update(entry.data)
            self.records += 1
            size += len(entry.data) + sum([len(name) + len(text) for name, text in entry.fields])
            fields += len(entry.fields)
            full = len(groups) == self.request.batch
            if full or size > _BODY_BYTES or fields > _BODY_FIELDS:
                self.send(groups)
                groups, size, fields = [], 0, 0
        if groups:
            self.send(groups)
        self.writer.sync()
        return self.world

    def record(self, entry: Entry) -> Record:
        """Return the command that keeps an entry."""
        stream = entry.stream or _STREAM
        if self.request.stream:
            own = dict(entry.fields).get(self.request.stream)
            self.named += own is not None
            stream = stream if own is None else own
        if len(stream) > _STREAM_MAX:
            raise InputError(
                f"record {self.records}: a stream's name of {len(stream)} characters",
                place=str(self.request.source),
                way_out=f"name a field with --stream whose values have at most {_STREAM_MAX}",
            )
        return Record(stream, entry.data, entry.fields)

    def send(self, groups: list[tuple[Order, ...]]) -> None:
        """Sign, admit, apply and append one packet."""
        world = self.world
        body = packet_.draft(
            ledger=world.ledger,
            seq=world.seq + 1,
            time_us=0,
            seed=bytes(32),
            previous=world.head,
            key=self.key.public.id,
            action=Transactions(tuple(groups)),
        ).to_bytes()
        signature = self.signer.sign(packet_.signing_message(body), packet_.CONTEXT)
        envelope = packet_.encode(body, signature)
        admitted = gate.verify(envelope, world, self.verifier)
        if isinstance(admitted, gate.Refusal):
            raise UsageError(f"the gate refuses the key: {admitted.name}", place="--key")
        self.world, receipt = apply(MACHINES, REACTIONS, world, admitted)
        refused = [answer for answer in receipt.answers if answer is not None]
        check(not refused, Code.PACKET_REFUSED, seq=self.world.seq, refused=len(refused))
        self.writer.append(envelope, self.world.root)
        self.unsaved += len(groups)
        streams = len(_state(self.world, self.folder).streams)
        if self.unsaved >= max(SNAPSHOT_RECORDS, streams):
            # So that whoever bisects or looks into the log need not derive all that is before.
            file = snapshot_file(self.folder, self.world.seq)
            file.parent.mkdir(exist_ok=True)
            exports.put(file, self.world.snapshot())
            self.unsaved = 0


class _Counted:
    """The records of a log, counted as they are read."""

    def __init__(self) -> None:
        self.records = 0
        self.packets = 0
        self.root = ZERO_DIGEST

    def records_in(self, body: bytes) -> Iterator[bytes]:
        """Yield the data of each record in a packet."""
        packet = packet_.decode(body).packet
        action = packet_.action_of(packet.kind, packet.payload)
        for group in action.groups if isinstance(action, Transactions) else ():
            for order in group:
                command = COMMANDS.unpack(order.record) if order.machine == "records" else None
                if isinstance(command, Record):
                    self.records += 1
                    yield command.data


def _genesis(form: Format, key: PrivateKey) -> Genesis:
    roles = (Role.ROOT, Role.OPERATOR, Role.SUBMITTER)
    enrol = Enrol(key.profile, key.public.raw, roles)
    orders = (
        Order("keys", KEY_COMMANDS.pack(enrol)),
        Order("records", COMMANDS.pack(Open(f"{form.name}/1"))),
    )
    return Genesis("history", (("keys", 1), ("records", 1)), orders)


def _format_of(request: ImportRequest) -> Format:
    if not 1 <= request.batch <= BATCH_MAX:
        way_out = f"give 1 .. {BATCH_MAX}"
        raise UsageError(f"{request.batch} records a packet", place="--batch", way_out=way_out)
    for form in histories.FORMATS:
        suffix = request.source.suffix.lower()
        if request.form == form.name or (not request.form and suffix in form.suffixes):
            return form
    what = f"{request.form!r} is no format" if request.form else "its name tells no format"
    raise UsageError(what, place=str(request.source), way_out=f"name one: --as {'|'.join(NAMES)}")


def _size(source: Path) -> int:
    """Return the size of a regular file that can be read; raises InputError for anything else."""
    try:
        status = source.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError("is no file", place=str(source), way_out="pass a readable file")
        with source.open("rb"):
            return status.st_size
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", place=str(source), way_out="pass a readable file"
        ) from None


def _key(request: ImportRequest) -> PrivateKey:
    if request.key is None:
        return PrivateKey(Profile.ML_DSA_87, _PUBLIC_SEED)
    given = request.passphrase_file
    passphrase = None if given is None else keystore.read_passphrase(given)
    return keystore.read_private(request.key, passphrase)


def _reported(entries: Iterable[Entry], size: int, progress: Progress | None) -> Iterator[Entry]:
    done = 0
    for number, entry in enumerate(entries):
        yield entry
        done += len(entry.data)
        if progress is not None and number % BATCH == 0:
            progress(min(done, size), size)


def _same(source: Path, form: Format, run: _Import) -> Digest:
    """Return the digest of the source, which the records of a text must have too."""
    whole = sha256()
    with source.open("rb") as file:
        while part := file.read(1 << 20):
            whole.update(part)
    if form.rebuilt is None and whole.digest() != run.kept.digest():
        raise InputError(
            "changed while it was read",
            place=str(source),
            way_out="import a copy that nobody writes",
        )
    return Digest(whole.digest())


def _state(world: World, path: Path) -> State:
    state = world.states.get("records")
    if not isinstance(state, State) or not state.format:
        way_out = "make one with qfs import"
        raise UsageError("no imported history", place=str(path), way_out=way_out)
    return state


def recorded_format(path: Path, frame: Frame) -> Format:
    """Return the format that a log's genesis names; raises UsageError for no imported history."""
    name = _state(found_of(frame, QFS), path).format
    for form in histories.FORMATS:
        if name == f"{form.name}/1":
            return form
    what = f"a history of the format {name!r}"
    raise UsageError(what, place=str(path), way_out="take a newer qfs")


def _rebuilt(
    make: Callable[[Path, Iterable[bytes]], None], output: Path, data: Iterable[bytes]
) -> int:
    if output.exists() or output.is_symlink():
        raise InputError("exists", place=str(output), way_out="choose another name")
    try:
        with TemporaryDirectory(prefix=".qfs-", dir=output.parent) as folder:
            beside = Path(folder) / output.name
            make(beside, data)
            beside.rename(output)
        return output.stat().st_size
    except OSError as error:
        raise unwritten(error, output, "cannot be made") from None
