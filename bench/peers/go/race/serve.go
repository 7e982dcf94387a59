package race

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

type command struct {
	Do      string  `json:"do"`
	File    string  `json:"file"`
	Seconds float64 `json:"seconds"`
	Count   int     `json:"count"`
}

type answer struct {
	Error       string `json:"error,omitempty"`
	Version     string `json:"version,omitempty"`
	Nanoseconds int64  `json:"nanoseconds,omitempty"`
	Bytes       *int64 `json:"bytes,omitempty"`
	Done        int    `json:"done,omitempty"`
	Of          int    `json:"of,omitempty"`
}

// Serve answers commands, a line of JSON each, until the input ends: the protocol of bench/peers/runner.ts. The module
// is the one whose version says what has been measured.
func Serve[A any](peer Peer[A], module string) {
	out := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	r := &replay[A]{peer: peer}
	for lines.Scan() {
		var c command
		var a answer
		err := json.Unmarshal(lines.Bytes(), &c)
		if err == nil {
			a, err = r.obey(c)
		}
		var slow tooSlow
		if errors.As(err, &slow) {
			a = answer{Done: slow.done, Of: slow.of}
		} else if err != nil {
			a = answer{Error: err.Error()}
		}
		if c.Do == "version" && err == nil {
			a.Version = versionOf(module)
		}
		if err := out.Encode(a); err != nil {
			os.Exit(1) // nobody is listening any more
		}
	}
}

func (r *replay[A]) obey(c command) (a answer, err error) {
	switch c.Do {
	case "load":
		r.script, err = readScript(c.File)
	case "setUp":
		err = r.setUp(time.Duration(c.Seconds * float64(time.Second)))
	case "round":
		var elapsed time.Duration
		elapsed, err = r.round(c.Count)
		a.Nanoseconds = elapsed.Nanoseconds()
	case "memory":
		var bytes int64
		if bytes, err = r.memory(c.File, time.Duration(c.Seconds*float64(time.Second))); err == nil {
			a.Bytes = &bytes
		}
	}
	return a, err
}

// memory is the bytes that the state of a case takes: in Go's heap, or as the peer says.
func (r *replay[A]) memory(file string, limit time.Duration) (int64, error) {
	var err error
	if r.script, err = readScript(file); err != nil {
		return 0, err
	}
	prefix := r.script.Prefix
	r.script.Prefix = 30
	if err = r.reopen(); err != nil {
		return 0, err
	}
	r.script.Prefix = prefix
	r.answers = newAnswers(r.script)
	before := r.used()
	if err = r.state(limit); err != nil {
		return 0, err
	}
	return int64(r.used()) - int64(before), nil
}

func (r *replay[A]) used() uint64 {
	if measured, ok := r.peer.(Measured); ok {
		return measured.Used()
	}
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	runtime.KeepAlive(r)
	return stats.HeapAlloc
}

func versionOf(module string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range info.Deps {
			if dependency.Path == module {
				return dependency.Version
			}
		}
	}
	return "of an unknown version"
}
