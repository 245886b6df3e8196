package netem

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"wireloom/vnet/packet"
)

// A Match says which frames a stage is about, in the words of tc's flower classifier
// (tc-flower(8)). All of them must be true; others pass the stage untouched.
type Match struct {
	words []string
	tests []func(*seen) bool
}

// seen is a frame as a filter sees it.
type seen struct {
	frame    []byte
	typ      uint16 // behind the VLAN tags
	vlan     int    // of the outermost tag; -1 without one
	prio     int
	proto    int // of IP; -1 for other packets
	src, dst netip.Addr
	data     []byte // behind the IP header; nil in a later fragment
}

// String is the filter in the words of tc.
func (m *Match) String() string { return "match " + strings.Join(m.words, " ") }

// Matches reports whether the filter is about a frame.
func (m *Match) Matches(frame []byte) bool {
	s := see(frame)
	for _, t := range m.tests {
		if !t(&s) {
			return false
		}
	}
	return true
}

func see(frame []byte) seen {
	s := seen{frame: frame, vlan: -1, prio: -1, proto: -1}
	if len(frame) < packet.EthernetLen {
		return s
	}
	var at int
	s.typ, at = network(frame)
	if at > packet.EthernetLen {
		tci := binary.BigEndian.Uint16(frame[packet.EthernetLen:])
		s.vlan, s.prio = int(tci&0xfff), int(tci>>13)
	}
	switch s.typ {
	case packet.TypeIPv4:
		if p, err := packet.ParseIPv4(frame[at:]); err == nil {
			s.proto, s.src, s.dst = int(p.Protocol()), p.Src(), p.Dst()
			if p.FragmentOffset() == 0 {
				s.data = p.Payload()
			}
		}
	case packet.TypeIPv6:
		if p, err := packet.ParseIPv6(frame[at:]); err == nil {
			s.proto, s.src, s.dst, s.data = int(p.NextHeader()), p.Src(), p.Dst(), p.Payload()
		}
	case packet.TypeARP:
		if a, err := packet.ParseARP(frame[at:]); err == nil {
			s.src, s.dst = a.SenderIP(), a.TargetIP()
			s.data = a
		}
	}
	return s
}

func (s *seen) ports() bool {
	return (s.proto == 6 || s.proto == 17 || s.proto == 132) && len(s.data) >= 4
}

var (
	protocols   = map[string]uint16{"ip": packet.TypeIPv4, "ipv4": packet.TypeIPv4, "ipv6": packet.TypeIPv6, "arp": packet.TypeARP}
	ipProtocols = map[string]int{"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58, "sctp": 132}
	arpOps      = map[string]int{"request": 1, "reply": 2}
)

// match reads what follows the word.
func (p *parser) match() error {
	m := &Match{}
	if p.conf.Match != nil {
		return errors.New("it is there twice")
	}
	for len(p.words) > 0 && p.words[0] != "codel" {
		key := p.words[0]
		p.words = p.words[1:]
		value, err := p.next()
		if err != nil {
			return fmt.Errorf("%.40s: %w", key, err)
		}
		t, err := test(key, value)
		if err != nil {
			return fmt.Errorf("%.40s: %w", key, err)
		}
		m.words = append(m.words, key, value)
		m.tests = append(m.tests, t)
	}
	if len(m.tests) == 0 {
		return errEnd
	}
	p.conf.Match = m
	return nil
}

var matchKeys = []string{
	"protocol", "src_mac", "dst_mac", "vlan_id", "vlan_prio", "ip_proto", "src_ip", "dst_ip", "src_port", "dst_port",
	"type", "code", "tcp_flags", "arp_op",
}

func test(key, value string) (func(*seen) bool, error) {
	num := func(most int64) (int, error) { return parseInt(value, 0, most) }
	named := func(names map[string]int, most int64) (int, error) {
		if n, ok := names[value]; ok {
			return n, nil
		}
		return num(most)
	}
	switch key {
	case "protocol":
		typ, ok := protocols[value]
		if !ok {
			n, err := num(0xffff)
			if err != nil {
				return nil, fmt.Errorf("%.40q is no protocol: say ip, ipv6, arp or a number", value)
			}
			typ = uint16(n)
		}
		return func(s *seen) bool { return s.typ == typ }, nil
	case "src_mac", "dst_mac":
		mac, err := packet.ParseMAC(value)
		at := 0
		if key == "src_mac" {
			at = 6
		}
		return func(s *seen) bool { return len(s.frame) >= 12 && packet.MAC(s.frame[at:at+6]) == mac }, err
	case "vlan_id":
		n, err := num(4095)
		return func(s *seen) bool { return s.vlan == n }, err
	case "vlan_prio":
		n, err := num(7)
		return func(s *seen) bool { return s.prio == n }, err
	case "ip_proto":
		n, err := named(ipProtocols, 255)
		return func(s *seen) bool { return s.proto == n }, err
	case "src_ip", "dst_ip":
		prefix, err := netip.ParsePrefix(value)
		if err != nil {
			a, err := netip.ParseAddr(value)
			if err != nil {
				return nil, fmt.Errorf("%.40q is no address: say 10.0.0.1 or 10.0.0.0/24", value)
			}
			prefix = netip.PrefixFrom(a, a.BitLen())
		}
		if key == "src_ip" {
			return func(s *seen) bool { return prefix.Contains(s.src) }, nil
		}
		return func(s *seen) bool { return prefix.Contains(s.dst) }, nil
	case "src_port", "dst_port":
		n, err := num(65535)
		at := 0
		if key == "dst_port" {
			at = 2
		}
		return func(s *seen) bool { return s.ports() && int(binary.BigEndian.Uint16(s.data[at:])) == n }, err
	case "type", "code":
		n, err := num(255)
		at := 0
		if key == "code" {
			at = 1
		}
		return func(s *seen) bool { return (s.proto == 1 || s.proto == 58) && len(s.data) > 1 && int(s.data[at]) == n }, err
	case "tcp_flags":
		v, mask, masked := strings.Cut(value, "/")
		want, err := parseInt(v, 0, 0xfff)
		of := want
		if err == nil && masked {
			of, err = parseInt(mask, 0, 0xfff)
		}
		return func(s *seen) bool {
			return s.proto == 6 && len(s.data) >= 14 && int(binary.BigEndian.Uint16(s.data[12:]))&of == want
		}, err
	case "arp_op":
		n, err := named(arpOps, 65535)
		return func(s *seen) bool {
			return s.typ == packet.TypeARP && len(s.data) >= 8 && int(packet.ARP(s.data).Op()) == n
		}, err
	}
	return nil, fmt.Errorf("there is no such key: there are %s", strings.Join(slices.Clone(matchKeys), ", "))
}
