"""Runs a script on the core, with wasmtime: main.py CORE SCRIPT [FOLDER]. Guide: docs/ABI.md; form: ../README.md."""

import json
import sys
from binascii import unhexlify
from pathlib import Path

from wasmtime import Func, Instance, Module, Store, Trap, WasmtimeError

# Places in the memory: offset and size in bytes. All are in the io area but the window.
NUMBERS = {"ordinal": (0, 16), "time": (16, 8)}
NUMBERS |= {"state": (24, 4), "length": (28, 4), "position": (32, 4), "end": (36, 4)}
TEXTS, AREAS = {"identity": (64, 255), "other": (320, 255)}, {"io": (0, 576), "window": (0, 65536)}
PLACES = NUMBERS | TEXTS | AREAS


class Failed(Exception):
    """An expectation that does not hold."""


def compare(what, expected, got):
    if expected != got:
        raise Failed(f"expected {what} {expected}, got {got}")


def encode(place, value):
    """The bytes that a value has in memory."""
    if place in TEXTS:
        return value.encode()
    if place in AREAS:
        return unhexlify(value)
    number = int(value) if str(value).isdecimal() else -1  # which does not fit
    return number.to_bytes(NUMBERS[place][1], "little")


def decode(place, memory):
    if place in TEXTS:
        return memory.decode(errors="replace")
    return memory.hex() if place in AREAS else int.from_bytes(memory, "little")


class Core:
    """One instance: calls by name, memory by places, snapshot and restore."""

    def __init__(self, path):
        self.store = Store()
        self.exports = Instance(self.store, Module.from_file(self.store.engine, path), []).exports(self.store)
        if (version := self.call("abi_version")) != 1:
            raise ValueError(f"version {version} of the ABI is not known here")

    def call(self, name, *args):
        """Answers 0 where the export has no result."""
        function = self.exports[name]
        if not isinstance(function, Func) or len(function.type(self.store).params) != len(args):
            raise ValueError(f"no call {name} of {len(args)} arguments")
        return function(self.store, *args) or 0

    def _start(self, place, size):
        offset, most = PLACES[place]
        if size > most:
            raise ValueError(f"{place} has no {size} bytes")
        return (self.call("window" if place == "window" else "io") & 0xFFFFFFFF) + offset

    def read(self, place, size):
        start = self._start(place, size)
        return bytes(self.exports["memory"].read(self.store, start, start + size))

    def write(self, place, memory):
        self.exports["memory"].write(self.store, memory, self._start(place, len(memory)))

    def number(self, place):
        return decode(place, self.read(place, 4))

    def restore(self, snapshot):
        """The last status: 1 when io.end is the number of a new subnet."""
        self.call("restore_begin")
        status, taken = 0, 1
        while status == 0 and taken > 0:
            piece = snapshot[: AREAS["window"][1]]
            self.write("window", piece)
            status, taken = self.call("restore_feed", len(piece)), self.number("position")
            snapshot = snapshot[taken:]
        if status == 0:
            self.call("restore_abort")
        return status

    def snapshot(self):
        """The one that snapshot_begin has begun."""
        return b"".join(self.read("window", size) for size in iter(lambda: self.call("snapshot_next"), 0))


class Script:
    """The steps of a script: the fields of a line are the arguments of `step`."""

    def __init__(self, core, folder):
        self.core, self.folder, self.saved = core, folder, {}

    def number(self, given):
        value = self.saved[given] if isinstance(given, str) else given
        if not -(2**31) <= value < 2**32:
            raise ValueError(f"not a number of 32 bits: {value}")
        return (value + 2**31) % 2**32 - 2**31

    def step(self, op, note="", set={}, name="", args=(), subnet=None, file="", same="", save="", expect={}):
        for place, value in set.items():
            self.core.write(place, encode(place, value))
        if op == "call":
            result = self.core.call(name, *map(self.number, args))
        elif op == "restore":
            result = self.core.restore((self.folder / file).read_bytes())
        elif op == "snapshot":
            result = self.core.call("snapshot_begin", self.number(subnet))
            snapshot = self.core.snapshot() if result == 0 else None
            if same and snapshot is not None:
                compare("bytes", (self.folder / same).read_bytes().hex(), snapshot.hex())
            if file and snapshot is not None:
                (self.folder / file).write_bytes(snapshot)
        else:
            raise ValueError(f"unknown op {op}")
        if save:
            self.saved[save] = self.core.number("end") if op == "restore" else result
        for place, value in expect.items():
            if place == "result":
                compare(place, self.number(value), result)
            else:
                expected = encode(place, value)
                compare(place, decode(place, expected), decode(place, self.core.read(place, len(expected))))


def main(core, path, folder="."):
    script = Script(Core(core), Path(folder))
    steps = [step for step in enumerate(Path(path).read_text().split("\n"), 1) if step[1].strip()]
    for number, line in steps:
        try:
            script.step(**json.loads(line))
        except (Failed, Trap) as problem:
            return 1, f"line {number}: {problem}"
        except Exception as problem:
            return 2, f"line {number}: {problem!r}: {line}"
    return (0, f"{len(steps)} steps hold") if steps else (2, "the script has no steps")


if __name__ == "__main__":
    try:
        code, message = main(*sys.argv[1:])
    except (OSError, TypeError, ValueError, WasmtimeError) as problem:
        code, message = 2, f"main.py CORE SCRIPT [FOLDER]: {problem}"
    print(message, file=sys.stderr if code else sys.stdout)
    sys.exit(code)
