"""The catalogue of causes for which two builds of one source differ, each with its remedy.

- A cause's value is its stable name in reports.
- ``upstream`` is a public thread or page about that cause, or empty where none is known.
- Source: https://reproducible-builds.org/docs/ and the back-ends' trackers.
"""

from enum import Enum
from typing import NamedTuple


class Cause(Enum):
    """Why a byte differs."""

    ZIP_MTIME = "zip-mtime"
    ZIP_MODE = "zip-mode"
    ZIP_ORDER = "zip-order"
    ZIP_HOST = "zip-host"
    ZIP_METHOD = "zip-method"
    ZIP_FLAGS = "zip-flags"
    ZIP_EXTRA = "zip-extra"
    ZIP_COMMENT = "zip-comment"
    ZIP_LAYOUT = "zip-layout"
    DEFLATE = "deflate"
    GZIP_MTIME = "gzip-mtime"
    GZIP_NAME = "gzip-name"
    GZIP_HEADER = "gzip-header"
    TAR_MTIME = "tar-mtime"
    TAR_MODE = "tar-mode"
    TAR_OWNER = "tar-owner"
    TAR_ORDER = "tar-order"
    TAR_TYPE = "tar-type"
    TAR_FORMAT = "tar-format"
    MEMBER_SET = "member-set"
    MEMBER_NAME = "member-name"
    RECORD_ORDER = "record-order"
    RECORD_FOLLOWS = "record-follows"
    GENERATOR = "generator"
    WHEEL_TAG = "wheel-tag"
    TIMESTAMP = "timestamp"
    VERSION_TIME = "version-time"
    SOURCE_MTIME = "source-mtime"
    TIMEZONE = "timezone"
    BUILD_PATH = "build-path"
    HOME = "home"
    TEMP_NAME = "temp-name"
    HOSTNAME = "hostname"
    USER = "user"
    ENVIRONMENT = "environment"
    ENVIRONMENT_ORDER = "environment-order"
    LOCALE = "locale"
    ENCODING = "encoding"
    UMASK = "umask"
    HASH_SEED = "hash-seed"
    FILE_ORDER = "file-order"
    LINE_ORDER = "line-order"
    LINE_ENDINGS = "line-endings"
    ADDRESS = "address"
    RANDOM = "random"
    PROCESS_ID = "process-id"
    CHANCE_ORDER = "chance-order"
    CPU_COUNT = "cpu-count"
    KERNEL = "kernel"
    NETWORK = "network"
    PYC_MTIME = "pyc-mtime"
    PYC_PATH = "pyc-path"
    PYC = "pyc"
    ELF_BUILD_ID = "elf-build-id"
    BUILD_ID = "build-id"
    ELF_DEBUG = "elf-debug"
    ELF = "elf"
    BUILD_FAILS = "build-fails"
    UNKNOWN = "unknown"


class Remedy(NamedTuple):
    """What a cause means and what mends it."""

    title: str
    """The cause in a few words."""
    fix: str
    """What to do, as an imperative sentence."""
    upstream: str = ""
    """Where it is discussed."""


_SDE = "https://reproducible-builds.org/docs/source-date-epoch/"
_HELP = "https://reproducible-builds.org/docs/"

REMEDIES: dict[Cause, Remedy] = {
    Cause.ZIP_MTIME: Remedy(
        "modification time in a zip entry",
        "set SOURCE_DATE_EPOCH, which the back-end then writes in place of file times",
        _SDE,
    ),
    Cause.ZIP_MODE: Remedy(
        "file mode in a zip entry",
        "build under `umask 022`, or repack with `qfs build --repack`",
        "https://github.com/pypa/wheel/issues/362",
    ),
    Cause.ZIP_ORDER: Remedy(
        "order of zip entries",
        "sort the list of files before they are added",
        _HELP + "stable-inputs/",
    ),
    Cause.ZIP_HOST: Remedy(
        "operating system that wrote a zip entry",
        "build on one operating system, or set ZipInfo.create_system = 3",
    ),
    Cause.ZIP_METHOD: Remedy(
        "compression method of a zip entry", "name the method and do not choose it by size or time"
    ),
    Cause.ZIP_FLAGS: Remedy(
        "version or flags of a zip entry", "write the archive with one version of one library"
    ),
    Cause.ZIP_EXTRA: Remedy(
        "extra field of a zip entry",
        "leave extra fields out (`zip -X`): they carry times and owners",
        _HELP + "archives/",
    ),
    Cause.ZIP_COMMENT: Remedy(
        "comment of the zip archive", "leave archive comments out, or make them constant"
    ),
    Cause.ZIP_LAYOUT: Remedy(
        "layout of the zip archive", "repack with `qfs build --repack`", _HELP + "archives/"
    ),
    Cause.DEFLATE: Remedy(
        "deflate stream of the same content",
        "use one zlib and one compression level, or store entries uncompressed",
        _HELP + "archives/",
    ),
    Cause.GZIP_MTIME: Remedy(
        "time in the gzip header",
        "pass mtime=SOURCE_DATE_EPOCH to gzip.GzipFile, or repack with `qfs build --repack`",
        "https://github.com/pypa/setuptools/issues/2133",
    ),
    Cause.GZIP_NAME: Remedy(
        "file name in the gzip header", "pass filename='' to gzip.GzipFile (`gzip -n`)"
    ),
    Cause.GZIP_HEADER: Remedy(
        "level, system or flags in the gzip header", "use one compression level and one gzip"
    ),
    Cause.TAR_MTIME: Remedy(
        "modification time in a tar entry",
        "set TarInfo.mtime from SOURCE_DATE_EPOCH, or repack with `qfs build --repack`",
        "https://github.com/pypa/setuptools/issues/2133",
    ),
    Cause.TAR_MODE: Remedy(
        "file mode in a tar entry",
        "set TarInfo.mode to 0644 or 0755, build under `umask 022`, or repack with "
        "`qfs build --repack`",
    ),
    Cause.TAR_OWNER: Remedy(
        "owner of a tar entry",
        "set TarInfo.uid = gid = 0 and uname = gname = '', or repack with `qfs build --repack`",
    ),
    Cause.TAR_ORDER: Remedy(
        "order of tar entries",
        "sort the list of files before they are added",
        _HELP + "stable-inputs/",
    ),
    Cause.TAR_TYPE: Remedy(
        "kind or target of a tar entry", "add the same kind of entry in every build"
    ),
    Cause.TAR_FORMAT: Remedy(
        "format, headers or padding of the tar archive", "name one tarfile format and its headers"
    ),
    Cause.MEMBER_SET: Remedy(
        "a file that only one build contains",
        "list the files to package; do not take whatever the folder or the machine holds",
        _HELP + "stable-inputs/",
    ),
    Cause.MEMBER_NAME: Remedy(
        "a file name that differs for the same content",
        "derive the name from the content or the source, not from chance, time or place",
    ),
    Cause.RECORD_ORDER: Remedy(
        "order of lines in RECORD", "sort the files before RECORD is written"
    ),
    Cause.RECORD_FOLLOWS: Remedy(
        "hashes in RECORD, a consequence of other differences", "mend the other differences"
    ),
    Cause.GENERATOR: Remedy(
        "back-end or its version", "pin the back-end in build-system.requires with `==`"
    ),
    Cause.WHEEL_TAG: Remedy(
        "tags of the wheel: which Pythons and systems it is for",
        "set what the tags follow from in the project's files, not on the command line",
    ),
    Cause.TIMESTAMP: Remedy(
        "time of the build in a file", "write SOURCE_DATE_EPOCH in its place, or no time", _SDE
    ),
    Cause.VERSION_TIME: Remedy(
        "time of the build in the version",
        "take the version from the source or its tag, not from the clock",
        _HELP + "timestamps/",
    ),
    Cause.SOURCE_MTIME: Remedy(
        "modification time of a source file in a file",
        "do not read file times: a checkout sets them anew",
        _HELP + "timestamps/",
    ),
    Cause.TIMEZONE: Remedy(
        "time zone of the machine",
        "format times in UTC (time.gmtime, datetime.UTC)",
        _HELP + "timezones/",
    ),
    Cause.BUILD_PATH: Remedy(
        "path of the build folder",
        "write paths relative to the project; for compilers -ffile-prefix-map=OLD=NEW",
        _HELP + "build-path/",
    ),
    Cause.HOME: Remedy("home folder of the user", "do not write paths under the home folder"),
    Cause.TEMP_NAME: Remedy(
        "random name of a temporary file or folder",
        "compile and generate under a constant path; do not write the temporary name",
        "https://github.com/mesonbuild/meson-python/issues/671",
    ),
    Cause.HOSTNAME: Remedy("name of the machine", "do not write the machine's name"),
    Cause.USER: Remedy("name or number of the user", "do not write the user's name or number"),
    Cause.ENVIRONMENT: Remedy(
        "environment variables", "read only variables that the build documents and sets"
    ),
    Cause.ENVIRONMENT_ORDER: Remedy(
        "order of the environment variables",
        "sort the names of os.environ before writing them",
        _HELP + "stable-inputs/",
    ),
    Cause.LOCALE: Remedy(
        "locale of the machine",
        "sort and format without the locale (LC_ALL=C.UTF-8)",
        _HELP + "locales/",
    ),
    Cause.ENCODING: Remedy(
        "character encoding of a text file",
        "pass encoding='utf-8' when reading and writing",
        _HELP + "locales/",
    ),
    Cause.UMASK: Remedy("umask of the user", "set modes explicitly; do not write the umask"),
    Cause.HASH_SEED: Remedy(
        "order of a set or of hashes (PYTHONHASHSEED)",
        "sort before writing; use hashlib in place of hash()",
        _HELP + "stable-inputs/",
    ),
    Cause.FILE_ORDER: Remedy(
        "order in which a folder lists its files",
        "sort the result of os.listdir, glob, os.walk and Path.iterdir",
        _HELP + "stable-inputs/",
    ),
    Cause.LINE_ORDER: Remedy(
        "order of the same lines or words",
        "sort the lines or words before writing them",
        _HELP + "stable-outputs/",
    ),
    Cause.LINE_ENDINGS: Remedy(
        "line endings", "pass newline='\\n' when writing text, and normalise in .gitattributes"
    ),
    Cause.ADDRESS: Remedy(
        "memory address of an object", "do not write id() or the default repr() of an object"
    ),
    Cause.RANDOM: Remedy(
        "chance: random numbers, secrets or UUIDs",
        "derive the value from the source (hashlib), or seed it with a constant",
        _HELP + "randomness/",
    ),
    Cause.PROCESS_ID: Remedy("number of a process", "do not write os.getpid()"),
    Cause.CHANCE_ORDER: Remedy(
        "order that changes from build to build: threads, processes or a shuffle",
        "collect results in order (Executor.map) or sort them; seed what shuffles",
        _HELP + "stable-outputs/",
    ),
    Cause.CPU_COUNT: Remedy(
        "number of processors", "do not let os.cpu_count() reach the output", _HELP
    ),
    Cause.KERNEL: Remedy("kernel name or release", "do not write platform.release() or os.uname()"),
    Cause.NETWORK: Remedy(
        "something fetched from the network", "vendor it, or pin it in build-system.requires"
    ),
    Cause.PYC_MTIME: Remedy(
        "time of the source in compiled Python",
        "leave .pyc files out, or compile with --invalidation-mode unchecked-hash",
        "https://peps.python.org/pep-0552/",
    ),
    Cause.PYC_PATH: Remedy(
        "path of the source in compiled Python",
        "leave .pyc files out, or pass stripdir/prependdir to compileall",
        "https://github.com/pypa/pip/issues/5648",
    ),
    Cause.PYC: Remedy("body of compiled Python", "leave .pyc files out: installers compile", _HELP),
    Cause.ELF_BUILD_ID: Remedy(
        "build-id of a compiled extension",
        "mend the other differences; it is a digest of the rest",
        _HELP + "build-path/",
    ),
    Cause.BUILD_ID: Remedy(
        "build-id of a compiled extension that is the same otherwise",
        "link with -Wl,--build-id=sha1 or none; if it was stripped after, compile with -g0",
        _HELP + "build-path/",
    ),
    Cause.ELF_DEBUG: Remedy(
        "debug information of a compiled extension",
        "compile with -g0, or with -ffile-prefix-map=OLD=NEW",
        _HELP + "build-path/",
    ),
    Cause.ELF: Remedy(
        "code or data of a compiled extension", "compile in one order, with one compiler", _HELP
    ),
    Cause.BUILD_FAILS: Remedy(
        "the build ends in an error in one environment only",
        "read the error under the difference; the environment that broke it is named there",
    ),
    Cause.UNKNOWN: Remedy("not explained", "compare the two files by hand, or with diffoscope"),
}

CONSEQUENCES = frozenset((Cause.RECORD_FOLLOWS, Cause.ELF_BUILD_ID))
"""Causes that follow from another one: dropped when there is another one."""
