"""Where an OpenSSL of 3.5 or newer is: the libcrypto in a locked wheel, whose code is never run."""

import sysconfig
from pathlib import Path

WHEEL = "psycopg2_binary.libs"


def newer() -> Path:
    """The library's file."""
    (found,) = (Path(sysconfig.get_path("platlib")) / WHEEL).glob("libcrypto-*.so.*")
    return found
