// Command goipam is metal-stack's go-ipam with its storage in memory as a contestant.
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/netip"

	ipam "github.com/metal-stack/go-ipam"

	"limpet.invalid/bench/peers/race"
)

type peer struct {
	ctx  context.Context
	ipam ipam.Ipamer
	cidr string
}

func (p *peer) Open(prefix int) error {
	p.ipam = ipam.NewWithStorage(ipam.NewMemory(p.ctx))
	p.cidr = fmt.Sprintf("10.0.0.0/%d", prefix)
	_, err := p.ipam.NewPrefix(p.ctx, p.cidr)
	return err
}

func (p *peer) Take() (netip.Addr, error) {
	given, err := p.ipam.AcquireIP(p.ctx, p.cidr)
	if err != nil {
		return netip.Addr{}, err
	}
	return given.IP, nil
}

func (p *peer) Give(address netip.Addr) error {
	return p.ipam.ReleaseIPFromPrefix(p.ctx, p.cidr, address.String())
}

func (p *peer) Occupy(address netip.Addr) error {
	_, err := p.ipam.AcquireSpecificIP(p.ctx, p.cidr, address.String())
	return err
}

// Prepare loads a dump, for to acquire the addresses one by one would take hours in a large prefix.
func (p *peer) Prepare(prefix int, every uint32) error {
	if prefix < 12 {
		return fmt.Errorf("a dump of a /%d would be gigabytes of JSON, and each acquire copies the whole prefix", prefix)
	}
	dumped, err := p.ipam.Dump(p.ctx)
	if err != nil {
		return err
	}
	var prefixes []map[string]any
	if err := json.Unmarshal([]byte(dumped), &prefixes); err != nil {
		return err
	}
	addresses, ok := prefixes[0]["IPs"].(map[string]any)
	if !ok {
		return fmt.Errorf("the dump has changed its shape: %.200s", dumped)
	}
	for i := uint32(1); i <= race.Last(prefix); i++ {
		if i%every != 0 {
			addresses[p.Address(i).String()] = true
		}
	}
	filled, err := json.Marshal(prefixes)
	if err != nil {
		return err
	}
	p.ipam = ipam.NewWithStorage(ipam.NewMemory(p.ctx))
	return p.ipam.Load(p.ctx, string(filled))
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
	race.Serve(&peer{ctx: context.Background()}, "github.com/metal-stack/go-ipam")
}
