// Command embed runs a script on the core, with wazero: embed CORE SCRIPT [FOLDER]. The form of a script: ../README.md.
package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

type step struct {
	Op, Note, Name, File, Same, Save string
	Args                             []any
	Subnet                           any
	Set, Expect                      map[string]any
}

// failed is a panic about an expectation that does not hold.
type failed struct{ error }

func compare(what string, expected, got any) {
	if expected != got {
		panic(failed{fmt.Errorf("expected %s %v, got %v", what, expected, got)})
	}
}

// host is the core, the numbers that the script has saved, and the folder of its files.
type host struct {
	core
	saved  map[string]int32
	folder string
}

// number is one that a step gives: itself, or the name that it was saved under.
func (h *host) number(given any) int32 {
	if name, ok := given.(string); ok {
		value, ok := h.saved[name]
		demand(ok, "nothing is saved as %s", name)
		return value
	}
	number, ok := given.(json.Number)
	value, err := number.Int64()
	demand(ok && err == nil && value >= -1<<31 && value < 1<<32, "not a number of 32 bits: %v", given)
	return int32(value)
}

func (h *host) perform(s step) int32 {
	path := filepath.Join(h.folder, s.File)
	switch s.Op {
	case "call":
		args := make([]int32, len(s.Args))
		for at, given := range s.Args {
			args[at] = h.number(given)
		}
		return h.call(s.Name, args...)
	case "restore":
		return h.restore(must(os.ReadFile(path)))
	case "snapshot":
		if status := h.call("snapshot_begin", h.number(s.Subnet)); status != 0 {
			return status
		}
		snapshot := h.snapshot()
		if s.Same != "" {
			expected := must(os.ReadFile(filepath.Join(h.folder, s.Same)))
			compare("bytes", hex.EncodeToString(expected), hex.EncodeToString(snapshot))
		}
		if s.File != "" {
			must(0, os.WriteFile(path, snapshot, 0o644))
		}
		return 0
	}
	demand(false, "unknown op %s", s.Op)
	return 0
}

func (h *host) run(s step) {
	for place, value := range s.Set {
		content := encode(place, fmt.Sprint(value))
		copy(h.view(place, len(content)), content)
	}
	result := h.perform(s)
	if s.Save != "" && s.Op == "restore" {
		h.saved[s.Save] = int32(h.u32("end"))
	} else if s.Save != "" {
		h.saved[s.Save] = result
	}
	for place, value := range s.Expect {
		if place == "result" {
			compare(place, h.number(value), result)
			continue
		}
		expected := encode(place, fmt.Sprint(value))
		compare(place, decode(place, expected), decode(place, h.view(place, len(expected))))
	}
}

// runLine gives the exit code, and what is wrong.
func (h *host) runLine(line []byte) (code int, problem any) {
	defer func() {
		switch problem = recover(); problem.(type) {
		case nil:
		case failed, trap:
			code = 1
		default:
			code, problem = 2, fmt.Sprintf("%v: %s", problem, line)
		}
	}()
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	var s step
	must(0, decoder.Decode(&s))
	demand(!decoder.More(), "more than one step on a line")
	h.run(s)
	return 0, nil
}

func main() {
	defer func() {
		if problem := recover(); problem != nil {
			fmt.Fprintln(os.Stderr, "embed CORE SCRIPT [FOLDER]:", problem)
			os.Exit(2)
		}
	}()
	args := append(os.Args[1:], ".", "")[:3]
	h := &host{load(must(os.ReadFile(args[0]))), map[string]int32{}, args[2]}
	steps := 0
	for index, line := range bytes.Split(must(os.ReadFile(args[1])), []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if code, problem := h.runLine(line); code != 0 {
			fmt.Fprintf(os.Stderr, "line %d: %v\n", index+1, problem)
			os.Exit(code)
		}
		steps++
	}
	demand(steps > 0, "the script has no steps")
	fmt.Println(steps, "steps hold")
}
