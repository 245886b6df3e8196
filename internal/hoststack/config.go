package hoststack

import (
	"errors"
	"fmt"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
)

// usable says what is wrong with an address for an interface of the stack, nil if
// nothing is.
func (s *netStack) usable(l *link, p netip.Prefix) (errno.Errno, error) {
	a := p.Addr()
	switch {
	case !p.IsValid() || a.Is4In6() || a.Zone() != "":
		return errno.EINVAL, fmt.Errorf("interface %s: %s is not an address with a prefix length, like 10.0.0.1/24", l.name, p)
	case a.IsUnspecified() || a.IsMulticast() || a.IsLoopback():
		return errno.EINVAL, fmt.Errorf("interface %s: %s is not an address that a host can have", l.name, p)
	case a.Is4() && l.MTU() < header.IPv4MinimumMTU:
		return errno.EINVAL, fmt.Errorf("interface %s: an MTU of %d is below %d, the least that IPv4 works with", l.name, l.MTU(), header.IPv4MinimumMTU)
	case a.Is6() && l.MTU() < header.IPv6MinimumMTU:
		return errno.EINVAL, fmt.Errorf("interface %s: an MTU of %d is below %d, the least that IPv6 works with", l.name, l.MTU(), header.IPv6MinimumMTU)
	case s.own[toAddress(a)] != nil:
		return errno.EEXIST, fmt.Errorf("interface %s: the node has the address %s already", l.name, a)
	case len(s.own) >= inet.MaxAddresses:
		return errno.ENOBUFS, fmt.Errorf("interface %s: the node has %d addresses and can't have more", l.name, len(s.own))
	}
	return errno.OK, nil
}

// configure gives the stack its limits, loopback and interfaces.
func (s *netStack) configure(nics []inet.StackNIC) error {
	if len(nics) > maxInterfaces {
		return fmt.Errorf("a stack has %d interfaces, at most %d are allowed", len(nics), maxInterfaces)
	}
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
	// Not RACK, which no BSD of these has either: netstack's takes what was sent at the same
	// instant as what is acknowledged, and behind it, for lost (detectLoss, rack.go), and in
	// virtual time a whole window is sent at one instant.
	recovery := tcpip.TCPRecovery(0)
	must("TCP recovery", s.st.SetTransportProtocolOption(tcp.ProtocolNumber, &recovery))
	must("TIME_WAIT", s.st.SetTransportProtocolOption(tcp.ProtocolNumber, &wait))

	s.lo = &link{s: s, kind: loLink, nic: -1, name: "lo0", id: loopbackNIC, addr: header.UnspecifiedEthernetAddress, mtu: loopbackMTU, up: true}
	must("lo0", s.st.CreateNICWithOptions(s.lo.id, s.lo, stack.NICOptions{Name: s.lo.name}))
	for _, a := range loopbackAddresses {
		must("lo0", s.st.AddProtocolAddress(s.lo.id, protocolAddress(a), stack.AddressProperties{}))
	}
	var routes []inet.StackRoute
	for _, n := range nics {
		nic, err := s.Attach(n)
		if err != nil {
			return err
		}
		for _, p := range n.Addresses {
			routes = append(routes, inet.StackRoute{To: p.Masked(), NIC: nic})
		}
	}
	s.SetRoutes(routes)
	return errors.Join(errs...)
}

var loopbackAddresses = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8"), netip.MustParsePrefix("::1/128")}

func protocolAddress(p netip.Prefix) tcpip.ProtocolAddress {
	return tcpip.ProtocolAddress{
		Protocol:          networkFor(p.Addr()),
		AddressWithPrefix: tcpip.AddressWithPrefix{Address: toAddress(p.Addr()), PrefixLen: p.Bits()},
	}
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
