package userland

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"time"

	"wireloom/vnet/packet"
)

// A dhcpKind is a kind of DHCP message (RFC 2132, 9.6).
type dhcpKind uint8

const (
	dhcpDiscover dhcpKind = 1
	dhcpOffer    dhcpKind = 2
	dhcpRequest  dhcpKind = 3
	dhcpACK      dhcpKind = 5
	dhcpNAK      dhcpKind = 6
)

// A dhcpMessage is a DHCP message, as far as a client needs it. What is not there is
// the zero value.
type dhcpMessage struct {
	kind                         dhcpKind
	xid                          uint32
	mac                          packet.MAC
	yours                        netip.Addr
	wanted, server, mask, router netip.Addr // options 50, 54, 1 and 3
	lease                        time.Duration
}

// The fixed part of a message (RFC 2131, section 2), and where its fields are.
const (
	dhcpFixed  = 236
	dhcpXID    = 4
	dhcpFlags  = 10
	dhcpYours  = 16
	dhcpClient = 28
)

var dhcpCookie = []byte{99, 130, 83, 99}

// append appends a request of the client's. It asks for broadcast answers, because it
// has no address yet.
func (m *dhcpMessage) append(b []byte) []byte {
	head := make([]byte, dhcpFixed)
	head[0], head[1], head[2] = 1, 1, 6
	binary.BigEndian.PutUint32(head[dhcpXID:], m.xid)
	head[dhcpFlags] = 0x80
	copy(head[dhcpClient:], m.mac[:])
	b = append(append(b, head...), dhcpCookie...)
	b = append(b, 53, 1, byte(m.kind))
	for _, o := range []struct {
		code byte
		addr netip.Addr
	}{{50, m.wanted}, {54, m.server}} {
		if o.addr.IsValid() {
			b = append(append(b, o.code, 4), o.addr.AsSlice()...)
		}
	}
	return append(b, 55, 4, 1, 3, 6, 51, 255)
}

// parseDHCP reads a server's answer.
func parseDHCP(b []byte) (m dhcpMessage, ok bool) {
	if len(b) < dhcpFixed+len(dhcpCookie) || b[0] != 2 || !bytes.Equal(b[dhcpFixed:dhcpFixed+len(dhcpCookie)], dhcpCookie) {
		return m, false
	}
	m.xid = binary.BigEndian.Uint32(b[dhcpXID:])
	m.mac = packet.MAC(b[dhcpClient:])
	m.yours = dhcpAddr(b[dhcpYours:])
	for b = b[dhcpFixed+len(dhcpCookie):]; len(b) > 0 && b[0] != 255; {
		if b[0] == 0 {
			b = b[1:]
			continue
		}
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return m, false
		}
		m.option(b[0], b[2:2+int(b[1])])
		b = b[2+int(b[1]):]
	}
	return m, m.kind != 0
}

func (m *dhcpMessage) option(code byte, value []byte) {
	switch {
	case code == 53 && len(value) == 1:
		m.kind = dhcpKind(value[0])
	case len(value) < 4:
	case code == 1:
		m.mask = dhcpAddr(value)
	case code == 3:
		m.router = dhcpAddr(value)
	case code == 51:
		m.lease = time.Duration(binary.BigEndian.Uint32(value)) * time.Second
	case code == 54:
		m.server = dhcpAddr(value)
	}
}

// dhcpAddr reads an address; 0.0.0.0 is none.
func dhcpAddr(b []byte) netip.Addr {
	a := netip.AddrFrom4([4]byte(b))
	if a.IsUnspecified() {
		return netip.Addr{}
	}
	return a
}
