package race

import "fmt"

// answers checks what a peer answered, by ordinals and whatever its policy: only free ordinals are given, each once,
// and an identity gets its own. The twin of answers.ts.
type answers struct {
	script *script
	taken  []bool
	// slots: what the slots of churn hold. homes: the ordinal of each identity, 0 while it has none.
	slots []uint32
	homes []uint32
}

func newAnswers(s *script) *answers {
	a := &answers{
		script: s,
		taken:  make([]bool, 1<<(32-s.Prefix)),
		slots:  append([]uint32(nil), s.slots...),
		homes:  make([]uint32, len(s.names)),
	}
	a.taken[0] = true
	a.taken[len(a.taken)-1] = true
	if s.every != 0 {
		for i := range a.taken[:len(a.taken)-1] {
			a.taken[i] = i == 0 || uint32(i)%s.every != 0
		}
	}
	return a
}

// home notes what the set-up gave to an identity.
func (a *answers) home(identity, ordinal uint32) error {
	a.homes[identity] = ordinal
	return a.take(ordinal)
}

// check fails with the operation and its wrong answer.
func (a *answers) check(ordinals []uint32) error {
	for i, ordinal := range ordinals {
		arg := a.script.args[i]
		var err error
		switch {
		case a.script.Kind == "churn":
			a.taken[a.slots[arg]] = false
			a.slots[arg] = ordinal
			err = a.take(ordinal)
		case a.script.Kind == "take":
			err = a.take(ordinal)
		case a.homes[arg] == 0:
			err = a.home(arg, ordinal)
		case a.homes[arg] != ordinal:
			err = fmt.Errorf("identity %d got ordinal %d; its own is %d", arg, ordinal, a.homes[arg])
		}
		if err != nil {
			return fmt.Errorf("operation %d: %w", i, err)
		}
	}
	return nil
}

func (a *answers) take(ordinal uint32) error {
	if uint64(ordinal) >= uint64(len(a.taken)) || a.taken[ordinal] {
		return fmt.Errorf("ordinal %d was given out though it is taken or outside", ordinal)
	}
	a.taken[ordinal] = true
	return nil
}
