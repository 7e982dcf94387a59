// Command allocate gives sticky addresses by core.wasm: allocate CORE CIDR IDENTITY... One file to copy from; the guide
// is docs/ABI.md. What follows main is the whole of a host that needs Allocate, Release and Snapshot.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/big"
	"net/netip"
	"os"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: allocate CORE CIDR IDENTITY...")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "allocate:", err)
		os.Exit(1)
	}
}

func run(core, cidr string, identities []string) error {
	wasm, err := os.ReadFile(core)
	if err != nil {
		return err
	}
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return err
	}
	net, err := New(context.Background(), wasm, prefix)
	if err != nil {
		return err
	}
	for _, identity := range identities {
		address, err := net.Allocate(identity)
		if err != nil {
			return err
		}
		fmt.Println(identity, address)
	}
	return nil
}

// Places of the io area, as docs/ABI.md has them.
const (
	ordinalAt, timeAt, identityAt = 0, 16, 64
	longest                       = 255
)

// Refused is a negative status of the core; nothing has changed.
type Refused struct {
	Call   string
	Status int32
}

func (r Refused) Error() string { return fmt.Sprintf("%s: status %d", r.Call, r.Status) }

// Subnet is one subnet in a core of its own. It is not safe for use by several goroutines.
type Subnet struct {
	ctx    context.Context
	core   api.Module
	io     uint32
	number int32
	prefix netip.Prefix
}

// New makes a subnet whose network address, and in IPv4 its broadcast address, are never given.
func New(ctx context.Context, wasm []byte, prefix netip.Prefix) (*Subnet, error) {
	if prefix != prefix.Masked() {
		return nil, fmt.Errorf("%v has host bits set: the subnet is %v", prefix, prefix.Masked())
	}
	core, err := wazero.NewRuntime(ctx).Instantiate(ctx, wasm)
	if err != nil {
		return nil, err
	}
	s := &Subnet{ctx: ctx, core: core, prefix: prefix}
	if version := s.call("abi_version"); version != 1 {
		return nil, fmt.Errorf("version %d of the ABI is not known here", version)
	}
	s.io = uint32(s.call("io"))
	width := prefix.Addr().BitLen()
	excluded := [][2]*big.Int{{big.NewInt(0), big.NewInt(0)}}
	if host := width - prefix.Bits(); width == 32 && host > 1 {
		last := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(host)), big.NewInt(1))
		excluded = append(excluded, [2]*big.Int{last, last})
	} else if host <= 1 {
		excluded = nil // /31, /32 and /127, /128: every address is one
	}
	window := uint32(s.call("window"))
	for at, each := range excluded {
		s.write(window+uint32(at)*32, little(each[0], 16))
		s.write(window+uint32(at)*32+16, little(each[1], 16))
	}
	s.write(s.io+ordinalAt, little(new(big.Int).SetBytes(prefix.Addr().AsSlice()), 16))
	version := int32(4)
	if width == 128 {
		version = 6
	}
	s.number = s.call("subnet_create", version, int32(prefix.Bits()), 0, int32(len(excluded)))
	if s.number < 0 {
		return nil, Refused{"subnet_create", s.number}
	}
	return s, nil
}

// Allocate gives the identity's address: its own, or the next free one.
func (s *Subnet) Allocate(identity string) (netip.Addr, error) {
	if err := s.about("allocate", identity); err != nil {
		return netip.Addr{}, err
	}
	ordinal := new(big.Int).SetBytes(reversed(s.read(s.io+ordinalAt, 16)))
	sum := ordinal.Add(ordinal, new(big.Int).SetBytes(s.prefix.Addr().AsSlice()))
	address, _ := netip.AddrFromSlice(sum.FillBytes(make([]byte, s.prefix.Addr().BitLen()/8)))
	return address, nil
}

// Release says that the identity no longer runs, since then; its address stays its own. Milliseconds since the epoch.
func (s *Subnet) Release(identity string, time uint64) error {
	s.write(s.io+timeAt, binary.LittleEndian.AppendUint64(nil, time))
	return s.about("release", identity)
}

// Snapshot is the whole state, which any host can restore.
func (s *Subnet) Snapshot() ([]byte, error) {
	if status := s.call("snapshot_begin", s.number); status < 0 {
		return nil, Refused{"snapshot_begin", status}
	}
	var snapshot []byte
	for {
		size := s.call("snapshot_next")
		if size == 0 {
			return snapshot, nil
		}
		snapshot = append(snapshot, s.read(uint32(s.call("window")), uint32(size))...)
	}
}

// about makes a call that takes the subnet and an identity.
func (s *Subnet) about(call, identity string) error {
	if len(identity) == 0 || len(identity) > longest {
		return fmt.Errorf("%q: an identity has 1 to %d bytes", identity, longest)
	}
	s.write(s.io+identityAt, []byte(identity))
	if status := s.call(call, s.number, int32(len(identity))); status < 0 {
		return fmt.Errorf("%q: %w", identity, Refused{call, status})
	}
	return nil
}

// call panics on a trap: it is a bug, and what the core says after it cannot be trusted.
func (s *Subnet) call(name string, args ...int32) int32 {
	stack := make([]uint64, len(args))
	for at, arg := range args {
		stack[at] = api.EncodeI32(arg)
	}
	results, err := s.core.ExportedFunction(name).Call(s.ctx, stack...)
	if err != nil {
		panic(err)
	}
	return api.DecodeI32(results[0])
}

func (s *Subnet) write(at uint32, content []byte) { s.core.Memory().Write(at, content) }

// read copies: the memory may move with the next call.
func (s *Subnet) read(at, size uint32) []byte {
	view, _ := s.core.Memory().Read(at, size)
	return append([]byte(nil), view...)
}

func little(value *big.Int, size int) []byte { return reversed(value.FillBytes(make([]byte, size))) }

func reversed(bytes []byte) []byte {
	turned := make([]byte, len(bytes))
	for at, each := range bytes {
		turned[len(bytes)-1-at] = each
	}
	return turned
}
