"""``make release``: build, verify and certify a version, and keep the evidence beside the source.

- Refuses a tree with uncommitted changes, a version without its section in CHANGELOG.md, and one
  whose evidence exists: a release is made once.
- Artefacts go to ``dist/``; ``audit/release/<version>/`` gets their sums, bill of materials, signed
  provenance, certificate, and what build and verify answered, as JSON.
- Stops at the first command that does not answer yes, and then leaves nothing there.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

QFS = Path(sys.executable).with_name("qfs")
ROOT = Path(__file__).resolve().parents[1]


class Stopped(Exception):  # noqa: N818 (it is no error of this program)
    """A release that cannot be made, and why."""


def run(root: Path, *words: str | Path) -> str:
    """Return what a qfs command printed; stops where its answer is not yes."""
    done = subprocess.run(
        [str(QFS), *[str(word) for word in words]],
        cwd=root, stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Stopped(f"qfs {words[0]} ended with exit code {done.returncode}:\n{done.stdout}")
    return done.stdout


def version_of(root: Path) -> str:
    """Return the version to release; stops where the tree is not ready for it."""
    version = str(tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"])
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True, check=True
    )
    if status.stdout.strip():
        raise Stopped(f"uncommitted changes:\n{status.stdout}commit them first")
    if f"## {version} (" not in (root / "CHANGELOG.md").read_text("utf-8"):
        raise Stopped(
            f"CHANGELOG.md has no section {version}: "
            f"python -m tools.changelog release {version} DATE"
        )
    if (root / "audit" / "release" / version).exists():
        raise Stopped(f"audit/release/{version} exists: raise the version in pyproject.toml")
    return version


def release(
    root: Path, key: Path, public_key: Path, secret: list[str], build: tuple[str, ...] = ()
) -> list[Path]:
    """Make the release of a tree and return its artefacts and evidence; raises Stopped.

    secret and build are options for the signing and the building commands.
    """
    version = version_of(root)
    with tempfile.TemporaryDirectory(prefix="qfs-release-") as folder:
        made, evidence = Path(folder) / "made", Path(folder) / "evidence"
        evidence.mkdir()
        sign = ["--key", str(key), *secret]
        run(root, "certify", ".", *sign, "--output", evidence / "certificate.intoto.json")
        built = run(root, "build", ".", "--outdir", made, *sign, *build, "--format", "json")
        (evidence / "build.json").write_text(built, "utf-8")
        (wheel,) = made.glob("*.whl")
        (sdist,) = made.glob("*.tar.gz")
        verified = run(root, "verify", wheel, "--source", sdist, "--format", "json")
        (evidence / "verify.json").write_text(verified, "utf-8")
        for file in sorted(made.iterdir()):
            if file not in (wheel, sdist):
                shutil.copy(file, evidence / file.name)
        provenance = evidence / "provenance.intoto.json"
        for artefact in (wheel, sdist):
            attested = ("--attestation", provenance, "--public-key", public_key)
            run(root, "verify", artefact, *attested)
        (root / "dist").mkdir(exist_ok=True)
        for artefact in (wheel, sdist):
            shutil.copy(artefact, root / "dist" / artefact.name)
        target = root / "audit" / "release" / version
        shutil.copytree(evidence, target)
    artefacts = [root / "dist" / artefact.name for artefact in (sdist, wheel)]
    return [*sorted(artefacts), *sorted(target.iterdir())]


def main() -> None:
    """Make the release that the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--key", type=Path, required=True, help="private key that signs")
    parser.add_argument("--public-key", type=Path, required=True, help="its public key")
    parser.add_argument("--passphrase-file", type=Path, help="of the private key")
    parser.add_argument("--root", type=Path, default=ROOT, help="the tree to release")
    options = parser.parse_args()
    secret = options.passphrase_file
    try:
        files = release(
            options.root,
            options.key.absolute(),
            options.public_key.absolute(),
            ["--passphrase-file", str(secret.absolute())] if secret else [],
        )
    except Stopped as stopped:
        print(f"error: {stopped}", file=sys.stderr)
        sys.exit(2)
    for file in files:
        print(file.relative_to(options.root).as_posix())


if __name__ == "__main__":
    main()
