package decode

import (
	"encoding/hex"
	"strings"
	"testing"
)

// The name of a payload says of which protocol it is.
func TestPayloadsOfAProtocol(t *testing.T) {
	udp := made(t, Ethernet, "ip.src", "10.0.0.1", "ip.dst", "10.0.0.2", "udp.dstport", "9", "data.text", "hi")
	empty := made(t, Ethernet, "ip.src", "10.0.0.1", "ip.dst", "10.0.0.2", "udp.dstport", "9")
	arp := made(t, Ethernet, "arp.dst.proto_ipv4", "10.0.0.2")
	quoting := made(t, Ethernet, "ip.dst", "10.0.0.7", "icmp.type", "11", "data.data", hexOf(udp[14:]))
	for _, c := range []struct {
		name, field, value string
		frame              []byte
		ok                 bool
	}{
		{"a datagram's own", "udp.payload", "6869", udp, true},
		{"a datagram has no payload of TCP", "tcp.payload", "6869", udp, false},
		{"it is absent", "tcp.payload", "absent", udp, true},
		{"an empty datagram has one of nothing", "udp.payload", "", empty, true},
		{"ARP has none", "udp.payload", "absent", arp, true},
		{"of a datagram that an error quotes", "quoted.udp.payload", "6869", quoting, true},
		{"what is quoted does not count", "udp.payload", "absent", quoting, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := NewWant(c.field, WantIs, c.value)
			if err != nil {
				t.Fatal(err)
			}
			if ok, out := Compare(Ethernet, c.frame, []Want{w}); ok != c.ok {
				t.Errorf("got %t: %+v", ok, out)
			}
		})
	}
	built := made(t, Ethernet, "ip.src", "10.0.0.1", "ip.dst", "10.0.0.2", "udp.payload", "6869")
	for name, want := range map[string]string{"ip.proto": "17", "udp.length": "10", "udp.payload": "6869"} {
		if got, _ := Value(Ethernet, built, name); got != want {
			t.Errorf("udp.payload builds a datagram whose %s is %q, want %q", name, got, want)
		}
	}
	for _, both := range [][]KV{
		{{"udp.payload", "00"}, {"tcp.payload", "00"}},
		{{"udp.payload", "00"}, {"tcp.dstport", "80"}},
		{{"udp.payload", "00"}, {"arp.opcode", "1"}},
	} {
		if b, err := Build(Ethernet, both); err == nil {
			t.Errorf("%v is the frame %x", both, b)
		}
	}
}

// A checksum that is left out covers what the lengths say, and nothing beyond.
func TestChecksumsCoverWhatTheLengthsSay(t *testing.T) {
	for _, c := range []struct {
		name   string
		fields []string
		at     int // of the checksum in the packet
		want   string
	}{
		{"an echo request of ab, by ip.len", []string{"ip.src", "10.0.0.1", "ip.dst", "10.0.0.2", "ip.len", "30", "icmp.type", "8", "data.text", "abcdefgh"}, 22, "969b"},
		{"all of it", []string{"ip.src", "10.0.0.1", "ip.dst", "10.0.0.2", "icmp.type", "8", "data.text", "abcdefgh"}, 22, "6668"},
		{"a longer one than there is", []string{"ip.src", "10.0.0.1", "ip.dst", "10.0.0.2", "ip.len", "300", "icmp.type", "8", "data.text", "abcdefgh"}, 22, "6668"},
		{"one that ends within the header", []string{"ip.src", "10.0.0.1", "ip.dst", "10.0.0.2", "ip.len", "24", "icmp.type", "8", "data.text", "abcdefgh"}, 22, "6668"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := made(t, Raw, c.fields...)
			if got := hex.EncodeToString(b[c.at : c.at+2]); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	// What is built with a shorter length is the shorter message with bytes behind it.
	for _, c := range []struct{ name, field, length, short, long string }{
		{"udp.length", "udp.length", "10", "ip.src=10.0.0.1 ip.dst=10.0.0.2 udp.dstport=9 data.text=ab", "cdefgh"},
		{"ip.len over UDP", "ip.len", "30", "ip.src=10.0.0.1 ip.dst=10.0.0.2 udp.dstport=9 udp.length=10 data.text=ab", "cdefgh"},
		{"ip.len over TCP", "ip.len", "42", "ip.src=10.0.0.1 ip.dst=10.0.0.2 tcp.dstport=9 data.text=ab", "cdefgh"},
		{"ipv6.plen over ICMPv6", "ipv6.plen", "10", "ipv6.src=fd00::1 ipv6.dst=fd00::2 icmpv6.type=128 data.text=ab", "cdefgh"},
		{"ipv6.plen over UDP", "ipv6.plen", "10", "ipv6.src=fd00::1 ipv6.dst=fd00::2 udp.dstport=9 udp.length=10 data.text=ab", "cdefgh"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var short, long []string
			for kv := range strings.FieldsSeq(c.short) {
				name, value, _ := strings.Cut(kv, "=")
				short = append(short, name, value)
				if name == "data.text" {
					value += c.long
				}
				if name != c.field {
					long = append(long, name, value)
				}
			}
			a, b := made(t, Raw, short...), made(t, Raw, append(long, c.field, c.length)...)
			off := map[string]int{"4": 20, "6": 40}[string('0'+rune(a[0]>>4))]
			// The IP header of the first has other lengths, unless they are what was given.
			if got, want := hex.EncodeToString(b[off:len(a)]), hex.EncodeToString(a[off:]); got != want {
				t.Errorf("got\n%s, want\n%s", got, want)
			}
		})
	}
}
