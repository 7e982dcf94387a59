// Command cilium is the range that Cilium's host-scope IPAM allocates from as a contestant. It chooses at random.
package main

import (
	"encoding/binary"
	"net/netip"

	"github.com/cilium/cilium/pkg/ipam/service/ipallocator"

	"limpet.invalid/bench/peers/race"
)

type peer struct {
	addresses *ipallocator.Range
}

func subnet(prefix int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10}), prefix)
}

func (p *peer) Open(prefix int) error {
	p.addresses = ipallocator.NewCIDRRange(subnet(prefix))
	return nil
}

func (p *peer) Take() (netip.Addr, error) {
	return p.addresses.AllocateNext()
}

func (p *peer) Give(address netip.Addr) error {
	p.addresses.Release(address)
	return nil
}

func (p *peer) Occupy(address netip.Addr) error {
	return p.addresses.Allocate(address)
}

func (p *peer) Prepare(prefix int, every uint32) error {
	return p.addresses.Restore(subnet(prefix), race.Gaps(prefix, every))
}

func (p *peer) Ordinal(address netip.Addr) uint32 {
	four := address.As4()
	return binary.BigEndian.Uint32(four[:]) - race.Base
}

func (p *peer) Address(ordinal uint32) netip.Addr {
	var four [4]byte
	binary.BigEndian.PutUint32(four[:], race.Base+ordinal)
	return netip.AddrFrom4(four)
}

func main() {
	race.Serve(&peer{}, "github.com/cilium/cilium")
}
