package userland

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/packet"
)

// dhcpReply is a server's answer to a client's message: of a kind, about an address,
// with more options.
func dhcpReply(request []byte, k dhcpKind, yours string, options ...byte) []byte {
	b := make([]byte, dhcpFixed, 300)
	copy(b, request[:dhcpFixed])
	b[0] = 2
	y := netip.MustParseAddr(yours).As4()
	copy(b[dhcpYours:], y[:])
	b = append(append(b, dhcpCookie...), 53, 1, byte(k))
	return append(append(b, options...), 255)
}

var (
	fromServer = []byte{54, 4, 10, 0, 0, 1}
	leaseTexts = append(bytes.Clone(fromServer), 0, 1, 4, 255, 255, 255, 0, 3, 4, 10, 0, 0, 1, 51, 4, 0, 0, 0, 120)
)

func TestParseDHCP(t *testing.T) {
	hello := dhcpMessage{kind: dhcpDiscover, xid: 0x01020304, mac: packet.MAC{2, 0, 0, 0, 0, 1}}
	request := hello.append(nil)
	full := dhcpReply(request, dhcpACK, "10.0.0.7", leaseTexts...)
	server := netip.MustParseAddr("10.0.0.1")
	want := dhcpMessage{
		kind: dhcpACK, xid: hello.xid, mac: hello.mac, yours: netip.MustParseAddr("10.0.0.7"),
		server: server, mask: netip.MustParseAddr("255.255.255.0"), router: server, lease: 2 * time.Minute,
	}
	for _, c := range []struct {
		name string
		in   []byte
		want dhcpMessage
		ok   bool
	}{
		{"a whole answer", full, want, true},
		{"a NAK has no address", dhcpReply(request, dhcpNAK, "0.0.0.0", fromServer...), dhcpMessage{kind: dhcpNAK, xid: hello.xid, mac: hello.mac, server: server}, true},
		{"an option of a wrong length is left", dhcpReply(request, dhcpOffer, "0.0.0.0", 54, 3, 1, 2, 3), dhcpMessage{kind: dhcpOffer, xid: hello.xid, mac: hello.mac}, true},
		{"no end is an end", full[:len(full)-1], want, true},
		{"a request", request, dhcpMessage{}, false},
		{"shorter than the cookie", full[:dhcpFixed+3], dhcpMessage{}, false},
		{"an option beyond the end", full[:len(full)-3], dhcpMessage{}, false},
		{"a length beyond the end", full[:len(full)-6], dhcpMessage{}, false},
		{"no kind", append(bytes.Clone(full[:dhcpFixed+4]), 255), dhcpMessage{}, false},
		{"nothing", nil, dhcpMessage{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := parseDHCP(c.in)
			if ok != c.ok || ok && got != c.want {
				t.Errorf("got %+v, %v, want %+v, %v", got, ok, c.want, c.ok)
			}
		})
	}
}

func TestDHCPRequest(t *testing.T) {
	m := dhcpMessage{kind: dhcpRequest, xid: 0x0a0b0c0d, mac: packet.MAC{2, 0, 0, 0, 0, 1}, wanted: netip.MustParseAddr("10.0.0.7"), server: netip.MustParseAddr("10.0.0.1")}
	got := hex.EncodeToString(m.append(nil))
	want := "010106000a0b0c0d00008000" + strings.Repeat("00", 16) + "020000000001" + strings.Repeat("00", 202) +
		"63825363" + "350103" + "32040a000007" + "36040a000001" + "370401030633" + "ff"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzParseDHCP(f *testing.F) {
	hello := dhcpMessage{kind: dhcpDiscover, xid: 7}
	f.Add(hello.append(nil))
	f.Add(dhcpReply(hello.append(nil), dhcpACK, "10.0.0.7", leaseTexts...))
	f.Add(dhcpReply(hello.append(nil), dhcpOffer, "10.0.0.7", 51, 255))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, ok := parseDHCP(b)
		if ok && (m.kind == 0 || len(b) < dhcpFixed) {
			t.Errorf("got %+v of %d bytes", m, len(b))
		}
	})
}
