"""One member of an artefact, to be shown to another tool.

- The artefact has been compared before: what is corrupt or unsafe in it was refused there.
"""

from qfs.repro.archive import GZIP_MAGIC, ZIP_MAGIC, gunzip, open_tar, open_zip, read_member


def member(name: str, data: bytes, path: str) -> bytes | None:
    """Return the content of a regular file in a zip, or in a gzipped tar archive.

    None if there is none of that name, as with an archive inside the archive. Raises ArchiveError.
    """
    if data.startswith(ZIP_MAGIC):
        archive = open_zip(data, name)
        entries = [entry for entry in archive.infolist() if entry.filename == path]
        return read_member(archive, entries[0], name) if entries else None
    if data.startswith(GZIP_MAGIC):
        unpacked = gunzip(data, name)
        if unpacked[257:262] != b"ustar":
            return None
        tar = open_tar(unpacked, name)
        found = [each for each in tar.getmembers() if each.name == path and each.isreg()]
        file = tar.extractfile(found[0]) if found else None
        return None if file is None else file.read()
    return None
