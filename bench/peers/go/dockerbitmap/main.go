// Command dockerbitmap is the bitmap below Docker's allocator as a contestant, by itself: ordinals in, ordinals out.
package main

import (
	"github.com/docker/docker/libnetwork/bitmap"

	"limpet.invalid/bench/peers/race"
)

type peer struct {
	bits *bitmap.Bitmap
}

func (p *peer) Open(prefix int) error {
	p.bits = bitmap.New(1 << (32 - prefix))
	if err := p.bits.Set(0); err != nil {
		return err
	}
	return p.bits.Set(uint64(race.Last(prefix)) + 1)
}

func (p *peer) Take() (uint64, error) {
	return p.bits.SetAny(true)
}

func (p *peer) Give(ordinal uint64) error {
	return p.bits.Unset(ordinal)
}

func (p *peer) Occupy(ordinal uint64) error {
	return p.bits.Set(ordinal)
}

func (p *peer) Ordinal(ordinal uint64) uint32 {
	return uint32(ordinal)
}

func (p *peer) Address(ordinal uint32) uint64 {
	return uint64(ordinal)
}

func main() {
	race.Serve(&peer{}, "github.com/docker/docker")
}
