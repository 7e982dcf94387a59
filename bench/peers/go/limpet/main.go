// Command limpet is Limpet's core driven from Go as a contestant: dist/core.wasm in wazero's compiler, by docs/ABI.md.
// Its argument is the path of the module.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"limpet.invalid/bench/peers/race"
)

const (
	changed  = 1
	identity = 64
	timeAt   = 16
	record   = 28
	window   = 65536
)

type peer struct {
	ctx    context.Context
	module api.Module
	memory api.Memory
	calls  map[string]api.Function
	// The calls of the hot paths, and what they are called with: CallWithStack makes nothing.
	holdNext, unhold, allocate, release api.Function
	stack                               [4]uint64
	io, window                          uint32
	subnet                              uint64
	open                                bool
}

func newPeer(path string) (*peer, error) {
	code, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p := &peer{ctx: context.Background(), calls: map[string]api.Function{}}
	runtime := wazero.NewRuntimeWithConfig(p.ctx, wazero.NewRuntimeConfigCompiler())
	if p.module, err = runtime.Instantiate(p.ctx, code); err != nil {
		return nil, err
	}
	p.memory = p.module.Memory()
	for name := range p.module.ExportedFunctionDefinitions() {
		p.calls[name] = p.module.ExportedFunction(name)
	}
	p.holdNext, p.unhold = p.calls["hold_next"], p.calls["unhold"]
	p.allocate, p.release = p.calls["allocate"], p.calls["release"]
	p.io = uint32(p.must("io"))
	p.window = uint32(p.must("window"))
	return p, nil
}

// call answers the status or number; a trap is an error.
func (p *peer) call(function api.Function, arguments ...uint64) (int32, error) {
	copy(p.stack[:], arguments)
	err := function.CallWithStack(p.ctx, p.stack[:])
	return int32(p.stack[0]), err
}

// must is for calls that do not belong to a race: a trap ends the process.
func (p *peer) must(name string, arguments ...uint64) int32 {
	answered, err := p.call(p.calls[name], arguments...)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
	return answered
}

func (p *peer) bytes(at, length uint32) []byte {
	view, ok := p.memory.Read(at, length)
	if !ok {
		panic(fmt.Sprintf("%d bytes at %d lie outside the memory", length, at))
	}
	return view
}

func (p *peer) Open(prefix int) error {
	if p.open {
		p.must("subnet_destroy", p.subnet)
	}
	excluded := p.bytes(p.window, 64)
	clear(excluded)
	for i, ordinal := range []uint32{0, 0, race.Last(prefix) + 1, race.Last(prefix) + 1} {
		binary.LittleEndian.PutUint32(excluded[i*16:], ordinal)
	}
	p.putOrdinal(race.Base)
	made := p.must("subnet_create", 4, uint64(prefix), 0, 2)
	if made < 0 {
		return fmt.Errorf("subnet_create: status %d", made)
	}
	p.subnet, p.open = uint64(made), true
	return nil
}

func (p *peer) putOrdinal(ordinal uint32) {
	io := p.bytes(p.io, 16)
	clear(io)
	binary.LittleEndian.PutUint32(io, ordinal)
}

func (p *peer) putIdentity(name string) uint64 {
	copy(p.bytes(p.io+identity, 255), name)
	return uint64(len(name))
}

// answered is the ordinal that a call has put into the io area, unless its status is an error.
func (p *peer) answered(call string, status int32, err error) (uint32, error) {
	if err != nil {
		return 0, err
	}
	if status < 0 {
		return 0, fmt.Errorf("%s: status %d", call, status)
	}
	ordinal, _ := p.memory.ReadUint32Le(p.io)
	return ordinal, nil
}

func (p *peer) Take() (uint32, error) {
	status, err := p.call(p.holdNext, p.subnet)
	return p.answered("hold_next", status, err)
}

func (p *peer) Give(ordinal uint32) error {
	p.putOrdinal(ordinal)
	status, err := p.call(p.unhold, p.subnet)
	if err == nil && status != changed {
		err = fmt.Errorf("unhold %d: status %d", ordinal, status)
	}
	return err
}

func (p *peer) Occupy(ordinal uint32) error {
	p.putOrdinal(ordinal)
	if status := p.must("hold", p.subnet); status != changed {
		return fmt.Errorf("hold %d: status %d", ordinal, status)
	}
	return nil
}

func (p *peer) Stick(name string) (uint32, error) {
	status, err := p.call(p.allocate, p.subnet, p.putIdentity(name))
	return p.answered("allocate", status, err)
}

func (p *peer) Release(name string) error {
	p.memory.WriteUint64Le(p.io+timeAt, 1)
	status, err := p.call(p.release, p.subnet, p.putIdentity(name))
	_, err = p.answered("release", status, err)
	return err
}

// Restore packs the bindings as docs/ABI.md says and feeds them, a window at a time.
func (p *peer) Restore(identities []string, ordinals []uint32) error {
	p.must("rebuild_begin", p.subnet)
	piece := p.bytes(p.window, window)
	at := 0
	for i, name := range identities {
		if at+record+len(name) > window {
			if refused := p.must("rebuild_feed", p.subnet, uint64(at)); refused != 0 {
				return fmt.Errorf("rebuild_feed: %d", refused)
			}
			piece, at = p.bytes(p.window, window), 0
		}
		clear(piece[at : at+record])
		binary.LittleEndian.PutUint32(piece[at:], ordinals[i])
		piece[at+25] = 1
		piece[at+27] = byte(len(name))
		at += record + copy(piece[at+record:], name)
	}
	if refused := p.must("rebuild_feed", p.subnet, uint64(at)); refused != 0 {
		return fmt.Errorf("rebuild_feed: %d", refused)
	}
	p.must("rebuild_resolve", p.subnet)
	if status := p.must("rebuild_commit", p.subnet); status != changed {
		return fmt.Errorf("rebuild_commit: status %d", status)
	}
	return nil
}

// Used is what the core says: its linear memory is one buffer of Go's heap, with room to grow.
func (p *peer) Used() uint64 {
	return uint64(uint32(p.must("memory_used")))
}

func (p *peer) Ordinal(ordinal uint32) uint32 {
	return ordinal
}

func (p *peer) Address(ordinal uint32) uint32 {
	return ordinal
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: limpet CORE.WASM")
		os.Exit(2)
	}
	p, err := newPeer(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	race.Serve(p, "github.com/tetratelabs/wazero")
}
