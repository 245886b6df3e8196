package hoststack

import (
	"errors"
	"fmt"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"

	"wireloom/vnet"
)

// check says what is wrong with a node's interfaces, and whether one has an IPv6
// address.
func check(nics []vnet.StackNIC) (v6 bool, err error) {
	if len(nics) > maxInterfaces {
		return false, fmt.Errorf("a stack has %d interfaces, at most %d are allowed", len(nics), maxInterfaces)
	}
	seen := map[netip.Addr]bool{}
	for _, n := range nics {
		if n.MTU < header.IPv4MinimumMTU {
			return false, fmt.Errorf("interface %s: an MTU of %d is below %d, the least that IPv4 works with", n.Name, n.MTU, header.IPv4MinimumMTU)
		}
		for _, p := range n.Addresses {
			a := p.Addr()
			switch {
			case !p.IsValid() || a.Is4In6() || a.Zone() != "":
				return false, fmt.Errorf("interface %s: %s is not an address with a prefix length, like 10.0.0.1/24", n.Name, p)
			case a.IsUnspecified() || a.IsMulticast() || a.IsLoopback():
				return false, fmt.Errorf("interface %s: %s is not an address that a host can have", n.Name, p)
			case a.Is6() && n.MTU < header.IPv6MinimumMTU:
				return false, fmt.Errorf("interface %s: an MTU of %d is below %d, the least that IPv6 works with", n.Name, n.MTU, header.IPv6MinimumMTU)
			case seen[a]:
				return false, fmt.Errorf("interface %s: the node has the address %s already", n.Name, a)
			}
			seen[a] = true
			v6 = v6 || a.Is6()
		}
	}
	return v6, nil
}

// configure gives the stack its limits, interfaces, addresses and routes.
func (s *netStack) configure(nics []vnet.StackNIC, v6 bool) error {
	var errs []error
	must := func(what string, err tcpip.Error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %s", what, err))
		}
	}
	must("send buffer", s.st.SetOption(tcpip.SendBufferSizeOption{Min: 4096, Default: maxDatagrams, Max: maxDatagrams}))
	must("receive buffer", s.st.SetOption(tcpip.ReceiveBufferSizeOption{Min: 4096, Default: maxDatagrams, Max: maxDatagrams}))
	must("TCP send buffer", s.st.SetTransportProtocolOption(tcp.ProtocolNumber,
		&tcpip.TCPSendBufferSizeRangeOption{Min: 4096, Default: tcpBuffer, Max: maxTCPBuffer}))
	must("TCP receive buffer", s.st.SetTransportProtocolOption(tcp.ProtocolNumber,
		&tcpip.TCPReceiveBufferSizeRangeOption{Min: 4096, Default: tcpBuffer, Max: maxTCPBuffer}))
	wait := tcpip.TCPTimeWaitTimeoutOption(timeWait)
	must("TIME_WAIT", s.st.SetTransportProtocolOption(tcp.ProtocolNumber, &wait))

	var routes []tcpip.Route
	add := func(l *link, name string, addrs []netip.Prefix) {
		s.links = append(s.links, l)
		must(name, s.st.CreateNICWithOptions(l.id, l, stack.NICOptions{Name: name}))
		for _, p := range addrs {
			proto := networkFor(p.Addr())
			pa := tcpip.ProtocolAddress{Protocol: proto, AddressWithPrefix: tcpip.AddressWithPrefix{Address: toAddress(p.Addr()), PrefixLen: p.Bits()}}
			must(name+" "+p.String(), s.st.AddProtocolAddress(l.id, pa, stack.AddressProperties{}))
			routes = append(routes, tcpip.Route{Destination: pa.AddressWithPrefix.Subnet(), NIC: l.id})
			if l.nic >= 0 {
				// What a host sends to itself goes to its own MAC address: see link.
				must(name+" "+p.String(), s.st.AddStaticNeighbor(l.id, proto, pa.AddressWithPrefix.Address, l.addr))
			}
		}
	}
	lo := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8")}
	if v6 {
		lo = append(lo, netip.MustParsePrefix("::1/128"))
	}
	add(&link{s: s, nic: -1, id: loopbackNIC, addr: header.UnspecifiedEthernetAddress, mtu: loopbackMTU}, "lo0", lo)
	for i, n := range nics {
		s.names = append(s.names, n.Name)
		add(&link{s: s, nic: i, id: firstNIC + tcpip.NICID(i), addr: tcpip.LinkAddress(n.MAC[:]), mtu: uint32(n.MTU)}, n.Name, n.Addresses)
	}
	s.st.SetRouteTable(routes)
	return errors.Join(errs...)
}

func networkFor(a netip.Addr) tcpip.NetworkProtocolNumber {
	if a.Is4() {
		return header.IPv4ProtocolNumber
	}
	return header.IPv6ProtocolNumber
}

// toAddress and fromAddress turn addresses into netstack's and back. The
// unspecified address is netstack's empty one.
func toAddress(a netip.Addr) tcpip.Address {
	if !a.IsValid() || a.IsUnspecified() {
		return tcpip.Address{}
	}
	return tcpip.AddrFromSlice(a.AsSlice())
}

func fromAddress(a tcpip.Address) netip.Addr {
	n, _ := netip.AddrFromSlice(a.AsSlice()) // invalid for the empty one
	return n
}
