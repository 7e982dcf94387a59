package race

// beside is what the users of an allocator without stickiness write: a map from identity to address. Nothing is given
// back when an identity stops, or it would lose its address.
type beside[A any] struct {
	peer Peer[A]
	own  map[string]binding[A]
}

type binding[A any] struct {
	address A
	live    bool
}

func (b *beside[A]) Stick(identity string) (A, error) {
	if own, ok := b.own[identity]; ok {
		if !own.live {
			own.live = true
			b.own[identity] = own
		}
		return own.address, nil
	}
	address, err := b.peer.Take()
	if err == nil {
		b.own[identity] = binding[A]{address, true}
	}
	return address, err
}

func (b *beside[A]) Release(identity string) error {
	own := b.own[identity]
	own.live = false
	b.own[identity] = own
	return nil
}

func (b *beside[A]) Restore(identities []string, ordinals []uint32) error {
	for i, identity := range identities {
		address := b.peer.Address(ordinals[i])
		if err := b.peer.Occupy(address); err != nil {
			return err
		}
		b.own[identity] = binding[A]{address, true}
	}
	return nil
}
