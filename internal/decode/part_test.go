package decode

import (
	"strings"
	"testing"
)

// What is made of a value: bytes of it, a number added that goes round at its width, forms.
func TestParts(t *testing.T) {
	for _, c := range []struct {
		name, field, value string
		part               Part
		want               string
	}{
		{"as it is", "ip.src", "10.0.0.1", Part{}, "10.0.0.1"},
		{"a sequence number goes round", "tcp.seq_raw", "4294967295", Part{Plus: 1}, "0"},
		{"by its other name", "tcp.seq", "1000", Part{Plus: 1}, "1001"},
		{"backwards", "tcp.ack_raw", "0", Part{Plus: -1}, "4294967295"},
		{"in hex", "ip.id", "0xffff", Part{Plus: 2}, "0x0001"},
		{"two bytes", "icmp.seq", "65535", Part{Plus: 1}, "0"},
		{"one byte", "ip.ttl", "0", Part{Plus: -1}, "255"},
		{"twelve bits", "vlan.id", "4095", Part{Plus: 1}, "0"},
		{"a length", "data.len", "5", Part{Plus: 1}, "6"},
		{"of a quoted packet", "quoted.ip.ttl", "64", Part{Plus: -1}, "63"},
		{"a number in hex", "udp.srcport", "53", Part{Form: "%04x"}, "0035"},
		{"one of hex in decimal", "ip.id", "0x0010", Part{Form: "%d"}, "16"},
		{"an address in hex", "ip.src", "10.0.0.1", Part{Form: "%x"}, "0a000001"},
		{"the last byte of an address", "ip.src", "10.0.0.1", Part{Slice: true, At: 3, N: 1}, "01"},
		{"as a number", "ip.src", "10.0.0.17", Part{Slice: true, At: 3, N: 1, Form: "%d"}, "17"},
		{"of a MAC address", "eth.src", "02:00:00:00:00:ab", Part{Form: "%X"}, "0200000000AB"},
		{"bytes of a payload", "udp.payload", "12348503", Part{Slice: true, At: 0, N: 2}, "1234"},
		{"and one more", "udp.payload", "ffff8503", Part{Slice: true, At: 0, N: 2, Plus: 1}, "0000"},
		{"of a text", "data.text", "abc", Part{Slice: true, At: 1, N: 1}, "62"},
	} {
		if got, err := c.part.Of(c.field, c.value); err != nil || got != c.want {
			t.Errorf("%s: got %q, error %v; want %q", c.name, got, err, c.want)
		}
	}
	for _, c := range []struct {
		field, value string
		part         Part
		want         string
	}{
		{"ip.src", "10.0.0.1", Part{Plus: 1}, "is no number"},
		{"tcp.flags.syn", "1", Part{Plus: 1}, "is no number"},
		{"ip.tll", "1", Part{Plus: 1}, "did you mean ip.ttl?"},
		{"ip.ttl", "1", Part{Slice: true, N: 1}, "has no bytes to choose from"},
		{"ip.src", "10.0.0.1", Part{Form: "%02x"}, "only %x"},
		{"ip.src", "10.0.0.1", Part{Slice: true, At: 3, N: 2}, "not the bytes [3:2]"},
		{"data.data", "", Part{Slice: true}, "want [first byte:number of bytes]"},
		{"data.data", "000102030405060708", Part{Slice: true, N: 9, Form: "%d"}, "too long"},
		{"data.len", "0", Part{Plus: -1}, "cannot be -1"},
	} {
		if got, err := c.part.Of(c.field, c.value); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v of %s is %q, error %v; want one with %q", c.part, c.field, got, err, c.want)
		}
	}
}
