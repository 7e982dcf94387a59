// Command docker is Docker's own allocator as a contestant, asked as Swarm asks it: serially.
package main

import (
	"encoding/binary"
	"fmt"
	"net"

	"github.com/docker/docker/libnetwork/ipamapi"
	"github.com/docker/docker/libnetwork/ipams/defaultipam"

	"limpet.invalid/bench/peers/race"
)

type peer struct {
	allocator *defaultipam.Allocator
	pool      string
}

var serially = map[string]string{ipamapi.AllocSerialPrefix: "true"}

func (p *peer) Open(prefix int) (err error) {
	if p.allocator, err = defaultipam.NewAllocator(nil, nil); err != nil {
		return err
	}
	space, _, err := p.allocator.GetDefaultAddressSpaces()
	if err != nil {
		return err
	}
	pool, err := p.allocator.RequestPool(ipamapi.PoolRequest{
		AddressSpace: space,
		Pool:         fmt.Sprintf("10.0.0.0/%d", prefix),
	})
	p.pool = pool.PoolID
	return err
}

func (p *peer) Take() (net.IP, error) {
	given, _, err := p.allocator.RequestAddress(p.pool, nil, serially)
	if err != nil {
		return nil, err
	}
	return given.IP, nil
}

func (p *peer) Give(address net.IP) error {
	return p.allocator.ReleaseAddress(p.pool, address)
}

func (p *peer) Occupy(address net.IP) error {
	_, _, err := p.allocator.RequestAddress(p.pool, address, nil)
	return err
}

func (p *peer) Ordinal(address net.IP) uint32 {
	return binary.BigEndian.Uint32(address.To4()) - race.Base
}

func (p *peer) Address(ordinal uint32) net.IP {
	return binary.BigEndian.AppendUint32(nil, race.Base+ordinal)
}

func main() {
	race.Serve(&peer{}, "github.com/docker/docker")
}
