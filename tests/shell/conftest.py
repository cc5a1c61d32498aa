"""In these tests the provider `openssl` is there, whatever the machine's own OpenSSL is."""

from collections.abc import Iterator

import pytest

from qfs.shell.providers import openssl_
from tests.shell.libcrypto import newer


@pytest.fixture(autouse=True)
def newer_openssl(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(openssl_.VARIABLE, str(newer()))
    openssl_.library.cache_clear()
    yield
    openssl_.library.cache_clear()
