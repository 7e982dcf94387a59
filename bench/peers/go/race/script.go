package race

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// script is one case as script.ts wrote it.
type script struct {
	Kind       string          `json:"kind"`
	Prefix     int             `json:"prefix"`
	SetUp      json.RawMessage `json:"setUp"`
	Identities int             `json:"identities"`
	Slots      int             `json:"slots"`
	Operations int             `json:"operations"`
	Full       bool            `json:"full"`

	// bound: every identity has an address at first. every: all but every n-th ordinal is taken at first, unless 0.
	bound bool
	every uint32

	names    []string
	ordinals []uint32
	slots    []uint32
	args     []uint32
}

func readScript(path string) (*script, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	s := &script{}
	if !lines.Scan() {
		return nil, fmt.Errorf("%s is empty", path)
	}
	if err := json.Unmarshal(lines.Bytes(), s); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := s.readSetUp(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for range s.Identities {
		lines.Scan()
		name, ordinal, _ := strings.Cut(lines.Text(), " ")
		number, err := strconv.ParseUint(ordinal, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%s: identity %d: %w", path, len(s.names), err)
		}
		s.names = append(s.names, strings.Clone(name))
		s.ordinals = append(s.ordinals, uint32(number))
	}
	if s.slots, err = numbers(lines, s.Slots); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if s.args, err = numbers(lines, s.Operations); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func (s *script) readSetUp() error {
	var word string
	if json.Unmarshal(s.SetUp, &word) == nil {
		s.bound = word == "bound"
		return nil
	}
	var gaps struct {
		Every uint32 `json:"every"`
	}
	if err := json.Unmarshal(s.SetUp, &gaps); err != nil || gaps.Every == 0 {
		return fmt.Errorf("no set-up is written %s", s.SetUp)
	}
	s.every = gaps.Every
	return nil
}

func numbers(lines *bufio.Scanner, count int) ([]uint32, error) {
	read := make([]uint32, 0, count)
	for range count {
		if !lines.Scan() {
			return nil, fmt.Errorf("cut off after %d of %d numbers", len(read), count)
		}
		number, err := strconv.ParseUint(lines.Text(), 10, 32)
		if err != nil {
			return nil, err
		}
		read = append(read, uint32(number))
	}
	return read, nil
}
