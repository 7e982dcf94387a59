package race

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// tooSlow is a set-up that was not finished in its time.
type tooSlow struct{ done, of int }

func (t tooSlow) Error() string {
	return fmt.Sprintf("%d of %d steps of the set-up were done in the time given", t.done, t.of)
}

// replay plays a script on a peer: set-up and checks outside the clock, the operations inside it.
type replay[A any] struct {
	peer    Peer[A]
	script  *script
	sticky  Sticky[A]
	slots   []A
	answers *answers
}

func (r *replay[A]) reopen() error {
	if sticky, ok := r.peer.(Sticky[A]); ok {
		r.sticky = sticky
	} else {
		r.sticky = &beside[A]{r.peer, map[string]binding[A]{}}
	}
	r.slots = nil
	r.answers = newAnswers(r.script)
	return r.peer.Open(r.script.Prefix)
}

// setUp brings the peer to where the case begins.
func (r *replay[A]) setUp(limit time.Duration) error {
	watch := until(time.Now().Add(limit))
	if err := r.reopen(); err != nil {
		return err
	}
	if r.script.bound {
		if err := r.bind(watch); err != nil {
			return err
		}
	}
	if r.script.every != 0 {
		if err := r.takeAllBut(watch); err != nil {
			return err
		}
	}
	for _, ordinal := range r.script.slots {
		r.slots = append(r.slots, r.peer.Address(ordinal))
	}
	return nil
}

func (r *replay[A]) bind(watch func(done, of int) error) error {
	for i, name := range r.script.names {
		if err := watch(i, len(r.script.names)); err != nil {
			return err
		}
		address, err := r.sticky.Stick(name)
		if err != nil {
			return err
		}
		if err := r.answers.home(uint32(i), r.peer.Ordinal(address)); err != nil {
			return err
		}
	}
	return nil
}

func (r *replay[A]) takeAllBut(watch func(done, of int) error) error {
	if quick, ok := r.peer.(Preparer); ok {
		return quick.Prepare(r.script.Prefix, r.script.every)
	}
	last := Last(r.script.Prefix)
	steps := int(last + last/r.script.every)
	for i := range int(last) {
		if err := watch(i, steps); err != nil {
			return err
		}
		if _, err := r.peer.Take(); err != nil {
			return err
		}
	}
	for i := r.script.every; i <= last; i += r.script.every {
		if err := watch(int(last+i/r.script.every), steps); err != nil {
			return err
		}
		if err := r.peer.Give(r.peer.Address(i)); err != nil {
			return err
		}
	}
	return nil
}

// round replays the first operations; where the case begins with nothing, on a subnet made anew.
func (r *replay[A]) round(count int) (time.Duration, error) {
	fresh := !r.script.bound && r.script.every == 0
	if fresh {
		if err := r.reopen(); err != nil {
			return 0, err
		}
	}
	given := make([]A, count)
	started := time.Now()
	err := r.run(given)
	elapsed := time.Since(started)
	if err != nil {
		return 0, err
	}
	if r.script.Kind == "restore" {
		return elapsed, r.checkRestored(count)
	}
	ordinals := make([]uint32, count)
	for i, address := range given {
		ordinals[i] = r.peer.Ordinal(address)
	}
	if err := r.answers.check(ordinals); err != nil {
		return 0, err
	}
	if r.script.Full && count == r.script.Operations {
		if address, err := r.peer.Take(); err == nil {
			return 0, fmt.Errorf("a full subnet gave one more address, ordinal %d", r.peer.Ordinal(address))
		}
	}
	if r.script.Kind == "take" && !fresh {
		return elapsed, r.giveBack(given, ordinals)
	}
	return elapsed, nil
}

func (r *replay[A]) run(given []A) (err error) {
	switch r.script.Kind {
	case "take":
		for i := range given {
			if given[i], err = r.peer.Take(); err != nil {
				return err
			}
		}
	case "churn":
		for i := range given {
			slot := &r.slots[r.script.args[i]]
			if err = r.peer.Give(*slot); err != nil {
				return err
			}
			if *slot, err = r.peer.Take(); err != nil {
				return err
			}
			given[i] = *slot
		}
	case "stick":
		for i := range given {
			if given[i], err = r.sticky.Stick(r.script.names[r.script.args[i]]); err != nil {
				return err
			}
		}
	case "return":
		for i := range given {
			name := r.script.names[r.script.args[i]]
			if err = r.sticky.Release(name); err != nil {
				return err
			}
			if given[i], err = r.sticky.Stick(name); err != nil {
				return err
			}
		}
	case "restore":
		return r.sticky.Restore(r.script.names[:len(given)], r.script.ordinals[:len(given)])
	default:
		return fmt.Errorf("no work is of the kind %q", r.script.Kind)
	}
	return nil
}

func (r *replay[A]) giveBack(addresses []A, ordinals []uint32) error {
	for i, address := range addresses {
		if err := r.peer.Give(address); err != nil {
			return err
		}
		r.answers.taken[ordinals[i]] = false
	}
	return nil
}

// checkRestored: some of the identities must have got the ordinals listed, and a newcomer none of them.
func (r *replay[A]) checkRestored(count int) error {
	for i := 0; i < count; i += max(1, count/1000) {
		address, err := r.sticky.Stick(r.script.names[i])
		if err != nil {
			return err
		}
		if got := r.peer.Ordinal(address); got != r.script.ordinals[i] {
			return fmt.Errorf("%s was restored to ordinal %d and has %d", r.script.names[i], r.script.ordinals[i], got)
		}
	}
	address, err := r.sticky.Stick("a-newcomer")
	if err != nil {
		return err
	}
	for _, ordinal := range r.script.ordinals[:count] {
		if ordinal == r.peer.Ordinal(address) {
			return fmt.Errorf("ordinal %d was given out twice", ordinal)
		}
	}
	return nil
}

// state builds what the memory of is measured, with identities that nobody else holds.
func (r *replay[A]) state(limit time.Duration) error {
	if r.script.every != 0 {
		return r.setUp(limit)
	}
	if err := r.reopen(); err != nil {
		return err
	}
	if quick, ok := r.peer.(Preparer); ok && r.script.Full {
		return quick.Prepare(r.script.Prefix, math.MaxUint32)
	}
	watch := until(time.Now().Add(limit))
	steps := r.script.Operations
	if r.script.bound {
		steps = len(r.script.names)
	}
	for i := range steps {
		if err := watch(i, steps); err != nil {
			return err
		}
		var err error
		if r.script.bound {
			_, err = r.sticky.Stick(strings.Clone(r.script.names[i]))
		} else {
			_, err = r.peer.Take()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// until fails with tooSlow from that moment on.
func until(deadline time.Time) func(done, of int) error {
	return func(done, of int) error {
		if done%16 == 0 && time.Now().After(deadline) {
			return tooSlow{done, of}
		}
		return nil
	}
}
