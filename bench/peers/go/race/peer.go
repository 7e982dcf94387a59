// Package race replays the scripts of bench/peers/script.ts on an allocator written in Go, or driven from Go: the twin
// of replay.ts and its neighbours. Each contestant is a command of its own, with nothing in it but its adapter.
package race

// Peer is an allocator of IPv4 addresses by its own public API; A is an address as that API speaks of it.
type Peer[A any] interface {
	// Open makes an empty 10.0.0.0/prefix in the place of what was there; neither network nor broadcast address may be
	// given out.
	Open(prefix int) error
	// Take answers the next free address, by the allocator's own policy.
	Take() (A, error)
	Give(address A) error
	// Occupy takes this very address.
	Occupy(address A) error
	// Ordinal and Address tell an address from its index in the subnet; outside the clock.
	Ordinal(address A) uint32
	Address(ordinal uint32) A
}

// Sticky is what a peer has that knows identities by itself. Beside any other, a map is put.
type Sticky[A any] interface {
	// Stick answers the identity's own address, a new one at the first time.
	Stick(identity string) (A, error)
	// Release says that the identity no longer runs; its address stays its own.
	Release(identity string) error
	// Restore puts bindings into a subnet without any.
	Restore(identities []string, ordinals []uint32) error
}

// Preparer is a peer that can be told at once which addresses are taken: all but every n-th.
type Preparer interface {
	Prepare(prefix int, every uint32) error
}

// Measured is a peer that says itself how many bytes it uses; of all others Go's heap is measured.
type Measured interface {
	Used() uint64
}

// Base is the first address of every subnet, as a number.
const Base uint32 = 10 << 24

// Last is the last ordinal that may be given out in a subnet of this prefix.
func Last(prefix int) uint32 {
	return uint32(1)<<(32-prefix) - 2
}
