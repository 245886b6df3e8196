package wire_test

import (
	"encoding/hex"
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/packet"
)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func TestAddresses(t *testing.T) {
	if got := wire.SolicitedNode(ip("fd00::1:2:3456:789a")); got != ip("ff02::1:ff56:789a") {
		t.Errorf("solicited-node group %v", got)
	}
	if got := wire.GroupMAC(ip("ff02::1:ff56:789a")).String(); got != "33:33:ff:56:78:9a" {
		t.Errorf("its MAC %v", got)
	}
	if got := wire.FromMAC(ip("fe80::"), packet.MAC{0xf2, 0x0b, 0xa4, 0x9e, 0x3a, 0x58}); got != ip("fe80::f00b:a4ff:fe9e:3a58") { // of the recording
		t.Errorf("link-local address %v", got)
	}
	for a, want := range map[string]int{"::1": 1, "fe80::1": 2, "fec0::1": 5, "fd00::1": 14, "2001:db8::1": 14, "ff01::1": 1, "ff02::1": 2, "ff05::1": 5, "ff0e::1": 14} {
		if got := wire.Scope(ip(a)); got != want {
			t.Errorf("scope of %s is %d, want %d", a, got, want)
		}
	}
	for _, c := range []struct {
		x, y string
		want int
	}{{"fd00::1", "fd00::1", 128}, {"fd00::1", "fd00::2", 126}, {"8000::", "::", 0}, {"2001:db8::", "2001:db8:8000::", 32}} {
		if got := wire.CommonBits(ip(c.x), ip(c.y)); got != c.want {
			t.Errorf("%s and %s share %d bits, want %d", c.x, c.y, got, c.want)
		}
	}
	if g, ok := wire.NodeGroup("Alpha.example"); !ok || g.String()[:8] != "ff02::2:" {
		t.Errorf("the group of a name is %v", g)
	}
	lower, _ := wire.NodeGroup("alpha")
	if upper, _ := wire.NodeGroup("ALPHA"); upper != lower {
		t.Errorf("ALPHA's group is %v, alpha's %v", upper, lower)
	}
	if g, ok := wire.NodeGroup(""); ok {
		t.Errorf("the group of no name is %v", g)
	}
}

func TestOptions(t *testing.T) {
	mac := packet.MAC{2, 0, 0, 0, 0, 2}
	for _, c := range []struct {
		says    string
		options string
		has, ok bool
	}{
		{"none", "", false, true},
		{"the one that is looked for", "0101020000000002", true, true},
		{"behind another", "05010000000005dc0101020000000002", true, true},
		{"the first of two", "01010200000000020101020000000009", true, true},
		{"of another type", "0201020000000002", false, true},
		{"of length 0", "0100020000000002", false, false},
		{"cut short", "0101020000", false, false},
		{"a byte", "01", false, false},
		{"of two units: no Ethernet address", "01020200000000020000000000000000", true, false},
	} {
		m, has, ok := wire.LinkOption(unhex(c.options), wire.OptSource)
		if has != c.has || ok != c.ok || has && ok && m != mac {
			t.Errorf("%s: %v, %v, %v; want %v, %v", c.says, m, has, ok, c.has, c.ok)
		}
	}
}

func TestRA(t *testing.T) {
	prefix := netip.MustParsePrefix("fd00:1::5/64")
	for _, c := range []struct {
		says string
		ra   wire.RA
		want string
	}{
		{"rtadvd's values", wire.RA{}, "8600000040000708" + "0000000000000000" + "0101020000000002"},
		{"no router any more", wire.RA{Lifetime: -1, Other: true, HopLimit: 1}, "8600000001400000" + "0000000000000000" + "0101020000000002"},
		{"all that can be said", wire.RA{
			Lifetime: 20 * time.Hour, Reachable: time.Second, Retransmit: 2 * time.Second, MTU: 1400, Managed: true,
			Prefixes: []wire.RAPrefix{{Prefix: prefix, OnLink: true, Auto: true}, {Prefix: prefix, Valid: time.Hour, Preferred: 1 << 62}},
		}, "860000004080ffff" + "000003e8000007d0" + "0101020000000002" + "0501000000000578" +
			"030440c000278d0000093a8000000000fd000001000000000000000000000000" + "0304400000000e10ffffffff00000000fd000001000000000000000000000000"},
	} {
		if got := hex.EncodeToString(c.ra.Append(nil, packet.MAC{2, 0, 0, 0, 0, 2})); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.says, got, c.want)
		}
	}
}

func TestLastHeader(t *testing.T) {
	for _, c := range []struct {
		says, payload string
		first         uint8
		next          uint8
		at            int
	}{
		{"none but the payload", "", 17, 17, 40},
		{"behind options", "1100010400000000", 60, 17, 48},
		{"behind hop-by-hop and routing", "2b000104000000001100000000000000", 0, 17, 56},
		{"in a first fragment", "1100000100000007", 44, 17, 48},
		{"not in another", "1100000900000007", 44, wire.NoNext, 40},
		{"options cut short", "11", 60, 60, 40},
		{"options longer than the packet", "1101010400000000", 60, 60, 40},
	} {
		b := wire.AppendHeader(nil, 0, len(c.payload)/2, c.first, 64, ip("fd00::1"), ip("fd00::2"))
		next, at := wire.LastHeader(append(b, unhex(c.payload)...))
		if next != c.next || at != c.at {
			t.Errorf("%s: %d at %d, want %d at %d", c.says, next, at, c.next, c.at)
		}
	}
}

// FuzzRead: nothing that is read breaks, or reaches beyond its bytes.
func FuzzRead(f *testing.F) {
	f.Add(unhex("0101020000000002"))
	f.Add(unhex("600000000008003afd000000000000000000000000000001fd0000000000000000000000000000023a00010400000000"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		if wire.EachOption(b, func(o []byte) { n += len(o) }) && n != len(b) {
			t.Errorf("options of %d bytes in %d", n, len(b))
		}
		wire.LinkOption(b, wire.OptTarget)
		if p, err := packet.ParseIPv6Header(b); err == nil {
			if _, at := wire.LastHeader(p); at < packet.IPv6Len || at > len(p) {
				t.Errorf("the last header is at %d of %d", at, len(p))
			}
		}
	})
}
