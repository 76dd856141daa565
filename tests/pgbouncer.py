"""Finds PgBouncer for the tests; prints its program and, on a second line, where its libraries are.

    python3 tests/pgbouncer.py TARGET_DIRECTORY

The tests call it, nobody else has to. It takes the program that GAPDECK_TEST_PGBOUNCER names, the installed one, or
else Debian's package, unpacked into TARGET_DIRECTORY/pgbouncer, which needs apt but no root.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

from server import call, locked, say

# What the program needs and a small machine may lack.
PACKAGES = ("pgbouncer", "libevent-2.1-7", "libc-ares2", "libpam0g", "libsystemd0")
INSTALL = "install PgBouncer (`apt-get install pgbouncer`), or name it in GAPDECK_TEST_PGBOUNCER"


def main():
    named = os.environ.get("GAPDECK_TEST_PGBOUNCER") or shutil.which("pgbouncer") or shutil.which(
        "pgbouncer", path="/usr/sbin:/usr/local/sbin")
    if named:
        print(named)
        return
    target = pathlib.Path(sys.argv[1]).resolve()
    home = target / "pgbouncer"
    if os.geteuid() == 0 and not all(part.stat().st_mode & 0o001 for part in (target, *target.parents)):
        # PgBouncer runs as another user, who cannot reach the target directory.
        home = pathlib.Path("/var/tmp/gapdeck-pgbouncer-" + hashlib.sha256(str(target).encode()).hexdigest()[:12])
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    with locked(home / "lock"):
        program = home / "root/usr/sbin/pgbouncer"
        if not program.exists():
            unpack(home)
    print(program)
    print(":".join(str(path) for path in (home / "root").glob("**/*-linux-*") if path.is_dir()))


def unpack(home):
    """Downloads the packages and unpacks them into home/root."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        sys.exit(f"there is no PgBouncer here, and no apt to get it with: {INSTALL}")
    say(f"unpacking Debian's PgBouncer into {home}")
    downloads, new = home / "downloads", home / "root.new"
    for directory in (downloads, new):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
    for attempt in (1, 2):
        done = subprocess.run(["apt-get", "download", *PACKAGES], cwd=downloads, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        if done.returncode == 0:
            break
        if attempt == 1 and os.geteuid() == 0:
            call("apt-get", "update", "--quiet")  # A new machine's list is empty.
            continue
        sys.exit(f"cannot download PgBouncer: {done.stdout.strip()}\n{INSTALL}")
    for package in downloads.glob("*.deb"):
        call("dpkg-deb", "--extract", package, new)
    call("chmod", "-R", "a+rX", new)
    shutil.rmtree(downloads)
    os.rename(new, home / "root")


if __name__ == "__main__":
    main()
