// Command kubernetes is the range that Kubernetes allocates service addresses from, in memory, as a contestant. It
// chooses at random.
package main

import (
	"encoding/binary"
	"net"

	"k8s.io/kubernetes/pkg/registry/core/service/ipallocator"

	"limpet.invalid/bench/peers/race"
)

type peer struct {
	addresses *ipallocator.Range
}

func subnet(prefix int) *net.IPNet {
	return &net.IPNet{IP: net.IPv4(10, 0, 0, 0).To4(), Mask: net.CIDRMask(prefix, 32)}
}

func (p *peer) Open(prefix int) (err error) {
	p.addresses, err = ipallocator.NewInMemory(subnet(prefix))
	return err
}

func (p *peer) Take() (net.IP, error) {
	return p.addresses.AllocateNext()
}

func (p *peer) Give(address net.IP) error {
	return p.addresses.Release(address)
}

func (p *peer) Occupy(address net.IP) error {
	return p.addresses.Allocate(address)
}

func (p *peer) Prepare(prefix int, every uint32) error {
	return p.addresses.Restore(subnet(prefix), race.Gaps(prefix, every))
}

func (p *peer) Ordinal(address net.IP) uint32 {
	return binary.BigEndian.Uint32(address.To4()) - race.Base
}

func (p *peer) Address(ordinal uint32) net.IP {
	return binary.BigEndian.AppendUint32(nil, race.Base+ordinal)
}

func main() {
	race.Serve(&peer{}, "k8s.io/kubernetes")
}
