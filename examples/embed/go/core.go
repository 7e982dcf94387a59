package main

// The core as a Go value: calls by name, memory by the places of docs/ABI.md, snapshot and restore. main.go is the
// script.

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

const windowSize = 65536

// places in the memory: the area, the offset in it, the size in bytes, and what stands there.
var places = map[string]struct {
	area   string
	offset uint32
	size   int
	kind   string
}{
	"ordinal": {"io", 0, 16, "number"}, "time": {"io", 16, 8, "number"}, "state": {"io", 24, 4, "number"},
	"length": {"io", 28, 4, "number"}, "position": {"io", 32, 4, "number"}, "end": {"io", 36, 4, "number"},
	"identity": {"io", 64, 255, "text"}, "other": {"io", 320, 255, "text"},
	"io": {"io", 0, 576, "hex"}, "window": {"window", 0, windowSize, "hex"},
}

// demand panics: main tells a script that is malformed by it. A trap of the core panics with a trap.
func demand(condition bool, format string, values ...any) {
	if !condition {
		panic(fmt.Errorf(format, values...))
	}
}

type trap struct{ error }

func must[T any](value T, err error) T {
	demand(err == nil, "%w", err)
	return value
}

// encode gives the bytes that a value has in memory.
func encode(place, value string) []byte {
	switch p := places[place]; p.kind {
	case "text":
		return []byte(value)
	case "hex":
		return must(hex.DecodeString(value))
	default:
		number, ok := new(big.Int).SetString(value, 10)
		demand(ok && !strings.ContainsAny(value, "+-") && number.BitLen() <= 8*p.size, "%s cannot be %s", place, value)
		bytes := number.FillBytes(make([]byte, p.size))
		slices.Reverse(bytes)
		return bytes
	}
}

// decode is the reverse.
func decode(place string, bytes []byte) string {
	switch places[place].kind {
	case "text":
		return string(bytes)
	case "hex":
		return hex.EncodeToString(bytes)
	default:
		bytes = slices.Clone(bytes)
		slices.Reverse(bytes)
		return new(big.Int).SetBytes(bytes).String()
	}
}

type core struct{ api.Module }

func load(wasm []byte) core {
	ctx := context.Background()
	c := core{must(wazero.NewRuntime(ctx).Instantiate(ctx, wasm))}
	demand(c.call("abi_version") == 1, "version %d of the ABI is not known here", c.call("abi_version"))
	return c
}

// call answers 0 where the export has no result.
func (c core) call(name string, args ...int32) int32 {
	function := c.ExportedFunction(name)
	demand(function != nil && len(function.Definition().ParamTypes()) == len(args), "no call %s of %d arguments", name, len(args))
	stack := make([]uint64, len(args)+1)
	for at, arg := range args {
		stack[at] = api.EncodeI32(arg)
	}
	if err := function.CallWithStack(context.Background(), stack); err != nil {
		panic(trap{err})
	}
	return api.DecodeI32(stack[0]) * int32(len(function.Definition().ResultTypes()))
}

// view is the first bytes of a place as the memory is now: it moves when it grows.
func (c core) view(place string, size int) []byte {
	p, ok := places[place]
	demand(ok && size <= p.size, "%s has no %d bytes", place, size)
	view, _ := c.Memory().Read(uint32(c.call(p.area))+p.offset, uint32(size))
	return view
}

func (c core) u32(place string) uint32 { return binary.LittleEndian.Uint32(c.view(place, 4)) }

// restore gives the last status: 1 when io.end is the number of a new subnet.
func (c core) restore(snapshot []byte) (status int32) {
	c.call("restore_begin")
	for taken := uint32(1); status == 0 && taken > 0; snapshot = snapshot[taken:] {
		window := c.view("window", min(len(snapshot), windowSize))
		copy(window, snapshot)
		status = c.call("restore_feed", int32(len(window)))
		taken = c.u32("position")
	}
	if status == 0 {
		c.call("restore_abort")
	}
	return status
}

// snapshot gives the one that snapshot_begin has begun.
func (c core) snapshot() (snapshot []byte) {
	for size := c.call("snapshot_next"); size > 0; size = c.call("snapshot_next") {
		snapshot = append(snapshot, c.view("window", int(size))...)
	}
	return snapshot
}
