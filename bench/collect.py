"""Measure the collector.

Syslog over TCP on this machine into an archive, with live matching, from one or more senders.

    python -m bench.collect [--size MB] [--senders N] [--list FILE] [--folder DIR]

If installed, rsyslog (imtcp to omfile) and syslog-ng are also measured, writing the same lines to a file on
the same machine in the same run. Processor time is that of the whole process, including its start.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from lamsach.archive.archive import Archive
from lamsach.archive.verification import verify

RSYSLOG_PORT, SYSLOG_NG_PORT = 20514, 20515
START = "import sys; from lamsach.cli import main; main(sys.argv[1:])"


def payload(size: int) -> bytes:
    """Return a block of firewall lines as syslog, repeated to about this size."""
    import random
    from datetime import UTC, datetime

    from bench.retro import lines_of_a_day

    rng = random.Random(1)
    names = [f"n{n}.example.org" for n in range(20_000)]
    lines: list[bytes] = []
    total = 0
    for line in lines_of_a_day(rng, "fortigate", datetime(2022, 9, 1, tzinfo=UTC), names):
        lines.append(b"<189>" + line.encode())
        total += len(lines[-1]) + 1
        if total > size:
            break
    return b"\n".join(lines) + b"\n"


def send(port: int, block: bytes, times: int) -> None:
    """Send as one sender."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for _ in range(times):
            connection.sendall(block)


def senders(port: int, block: bytes, size: int, count: int) -> int:
    """Send about `size` bytes by `count` senders at once; return the number of lines sent."""
    times = max(1, size // len(block) // count)
    threads = [threading.Thread(target=send, args=(port, block, times)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times * count * block.count(b"\n")


def collector(folder: Path, block: bytes, size: int, count: int, listed: Path | None) -> None:
    """Measure lamsach collect until all lines are in segments."""
    path = folder / "archive"
    shutil.rmtree(path, ignore_errors=True)
    words = ["collect", "--archive", str(path), "--host", "127.0.0.1", "--syslog-tcp", "0"]
    words += ["-i", str(listed), "-o", str(folder / "sightings.jsonl")] if listed else []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    child = subprocess.Popen(
        [sys.executable, "-c", START, *words],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "LANG": "en_US.UTF-8"},
    )
    assert child.stdout is not None
    port = int(child.stdout.readline().split("tcp ")[1].split()[0])
    start = time.perf_counter()
    lines = senders(port, block, size, count)
    accepted = time.perf_counter() - start
    peak = _peak(child.pid)
    child.send_signal(signal.SIGTERM)
    child.wait()
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    checked = verify(Archive(str(path)))
    show(
        "lamsach collect",
        checked.raw_bytes,
        lines,
        seconds,
        accepted_seconds=round(accepted, 2),
        stored=checked.stored_bytes,
        processor_seconds=round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2),
        peak_mb=peak,
        lost=lines - checked.lines,
        live_matching=listed is not None,
    )


def rsyslog(folder: Path, block: bytes, size: int, count: int) -> None:
    """Measure rsyslogd writing to a file."""
    out = folder / "rsyslog.log"
    settings = folder / "rsyslog.conf"
    settings.write_text(
        f'module(load="imtcp")\nglobal(workDirectory="{folder}")\n'
        'template(name="raw" type="string" string="%rawmsg%\\n")\n'
        f'ruleset(name="r") {{ action(type="omfile" file="{out}" template="raw" ioBufferSize="1m") }}\n'
        f'input(type="imtcp" port="{RSYSLOG_PORT}" address="127.0.0.1" ruleset="r")\n'
    )
    words = ["rsyslogd", "-n", "-f", str(settings), "-i", str(folder / "rsyslog.pid")]
    peer("rsyslog to a file", words, RSYSLOG_PORT, out, (block, size, count))


def syslog_ng(folder: Path, block: bytes, size: int, count: int) -> None:
    """Measure syslog-ng writing to a file."""
    out = folder / "syslog-ng.log"
    settings = folder / "syslog-ng.conf"
    settings.write_text(
        f'@version: current\nsource s {{ network(ip("127.0.0.1") port({SYSLOG_NG_PORT}) '
        'transport("tcp") flags(no-parse) '
        f"log-iw-size(100000) max-connections(64)); }};\n"
        f'destination d {{ file("{out}" template("$MSG\\n")); }};\n'
        "log { source(s); destination(d); flags(flow-control); };\n"
    )
    words = ["syslog-ng", "-F", "-f", str(settings), "--no-caps", "-R", str(folder / "syslog-ng.persist")]
    words += ["-c", str(folder / "syslog-ng.ctl"), "-p", str(folder / "syslog-ng.pid")]
    peer("syslog-ng to a file", words, SYSLOG_NG_PORT, out, (block, size, count))


def peer(what: str, words: list[str], port: int, out: Path, sent: tuple[bytes, int, int]) -> None:
    """Measure a program that writes its input to a file, from the first byte until all is written."""
    program = shutil.which(words[0]) or shutil.which(words[0], path="/usr/sbin")
    if program is None:
        print(json.dumps({"what": what, "note": f"{words[0]} is not installed"}))
        return
    block, size, count = sent
    out.unlink(missing_ok=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    child = subprocess.Popen([program, *words[1:]], stderr=subprocess.DEVNULL)
    if not listening(port, child):
        print(
            json.dumps({"what": what, "note": f"{words[0]} did not begin to listen (status {child.poll()})"})
        )
        child.kill()
        child.wait()
        return
    start = time.perf_counter()
    lines = senders(port, block, size, count)
    accepted, expected = time.perf_counter() - start, lines // block.count(b"\n") * len(block)
    while not out.exists() or out.stat().st_size < expected:
        if time.perf_counter() - start > accepted + 60:
            break
        time.sleep(0.05)
    seconds = time.perf_counter() - start
    child.terminate()
    child.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    stored = out.stat().st_size
    more = {"accepted_seconds": round(accepted, 2), "stored": stored, "processor_seconds": round(used, 2)}
    show(what, stored, lines, seconds, **more)
    out.unlink()


def listening(port: int, child: subprocess.Popen[bytes], patience_s: float = 20.0) -> bool:
    """Wait until the child listens on the port; return False when it ended or takes too long."""
    until = time.monotonic() + patience_s
    while child.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


def _peak(process: int) -> int:
    try:
        text = Path(f"/proc/{process}/status").read_text()
        return int(text.split("VmHWM:")[1].split()[0]) // 1024
    except (OSError, IndexError, ValueError):
        return 0


def show(what: str, total: int, lines: int, seconds: float, **more: object) -> None:
    """Print one measurement."""
    print(
        json.dumps(
            {
                "what": what,
                "bytes": total,
                "lines": lines,
                "seconds": round(seconds, 2),
                "MB/s": round(total / seconds / 1e6, 1),
                "lines/s": round(lines / seconds),
                **more,
            }
        ),
        flush=True,
    )


def main() -> None:
    """Measure the collector and the other programs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=1000, help="MB to send")
    parser.add_argument("--senders", type=int, default=2)
    parser.add_argument("--list", type=Path)
    parser.add_argument("--folder", type=Path, default=Path("bench-out/collect"))
    options = parser.parse_args()
    options.folder = options.folder.resolve()
    options.folder.mkdir(parents=True, exist_ok=True)
    block = payload(8_000_000)
    collector(options.folder, block, options.size * 1_000_000, options.senders, options.list)
    for measure in (rsyslog, syslog_ng):
        measure(options.folder, block, options.size * 1_000_000, options.senders)


if __name__ == "__main__":
    main()
