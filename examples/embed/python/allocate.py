"""Gives sticky addresses by core.wasm: allocate.py CORE CIDR IDENTITY... One file to copy from; guide: docs/ABI.md."""

import sys
from ipaddress import ip_address, ip_network

from wasmtime import Instance, Module, Store

# Places of the io area, as docs/ABI.md has them: where each begins.
ORDINAL, TIME, IDENTITY = 0, 16, 64
LONGEST = 255


class Refused(Exception):
    """A negative status of the core; nothing has changed."""

    def __init__(self, call, status):
        super().__init__(f"{call}: status {status}")
        self.status = status


class Subnet:
    """One subnet in a core of its own. Its network address, and in IPv4 its broadcast address, are never given."""

    def __init__(self, core, cidr):
        self._net = ip_network(cidr)
        self._store = Store()
        self._exports = Instance(self._store, Module.from_file(self._store.engine, core), []).exports(self._store)
        if (version := self._call("abi_version")) != 1:
            raise ValueError(f"version {version} of the ABI is not known here")
        last = self._net.num_addresses - 1
        excluded = [] if last <= 1 else [0, last] if self._net.version == 4 else [0]
        for at, ordinal in enumerate(excluded):
            self._write("window", at * 32, ordinal.to_bytes(16, "little") * 2)
        self._write("io", ORDINAL, int(self._net.network_address).to_bytes(16, "little"))
        create = self._net.version, self._net.prefixlen, 0, len(excluded)
        self._number = self._done("subnet_create", *create)

    def allocate(self, identity):
        """The identity's address: its own, or the next free one."""
        self._about("allocate", identity)
        ordinal = int.from_bytes(self._read("io", ORDINAL, 16), "little")
        return ip_address(int(self._net.network_address) + ordinal)

    def release(self, identity, time):
        """It no longer runs, since then (milliseconds since the epoch); its address stays its own."""
        self._write("io", TIME, time.to_bytes(8, "little"))
        self._about("release", identity)

    def snapshot(self):
        """The whole state, which any host can restore."""
        self._done("snapshot_begin", self._number)
        return b"".join(self._read("window", 0, size) for size in iter(lambda: self._call("snapshot_next"), 0))

    def _about(self, call, identity):
        text = identity.encode()
        if not 1 <= len(text) <= LONGEST:
            raise ValueError(f"{identity!r}: an identity has 1 to {LONGEST} bytes")
        self._write("io", IDENTITY, text)
        self._done(call, self._number, len(text))

    def _done(self, call, *args):
        if (status := self._call(call, *args)) < 0:
            raise Refused(call, status)
        return status

    def _call(self, call, *args):
        return self._exports[call](self._store, *args)

    def _write(self, area, offset, content):
        self._exports["memory"].write(self._store, content, (self._call(area) & 0xFFFFFFFF) + offset)

    def _read(self, area, offset, size):
        start = (self._call(area) & 0xFFFFFFFF) + offset
        return bytes(self._exports["memory"].read(self._store, start, start + size))


def main():
    if len(sys.argv) < 4:
        sys.exit("usage: allocate.py CORE CIDR IDENTITY...")
    core, cidr, *identities = sys.argv[1:]
    try:
        net = Subnet(core, cidr)
        for identity in identities:
            print(identity, net.allocate(identity))
    except (OSError, Refused, ValueError) as problem:
        sys.exit(f"allocate: {problem}")


if __name__ == "__main__":
    main()
