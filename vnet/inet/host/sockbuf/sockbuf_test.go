package sockbuf

import (
	"net/netip"
	"testing"

	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
)

var alice, alice6 = netip.MustParseAddrPort("10.0.0.1:7"), netip.MustParseAddrPort("[fd00::1]:7")

// TestRoom: how many datagrams of a size find room, by dialect: so many bytes of data
// and addresses, and so many times as many of mbufs (sbreserve).
func TestRoom(t *testing.T) {
	cases := []struct {
		name string
		d    dialect.Dialect
		size int
		want int
	}{
		{"FreeBSD: 40 datagrams of a kilobyte, as it was measured", dialect.FreeBSD, 1024, 40},
		{"DragonFly: 40, its buffer being for the longer address", dialect.DragonFly, 1024, 40},
		{"NetBSD: 27, since it allows twice as many bytes of mbufs only", dialect.NetBSD, 1024, 27},
		{"FreeBSD: of a byte, clusters end it", dialect.FreeBSD, 1, 130},
		{"none is longer than the buffer", dialect.FreeBSD, 41_600, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := inet.ValuesOf(c.d).Sockets
			b := Buffer{Max: v.UDPRecvSpace}
			n := 0
			for b.Put(&v, make([]byte, c.size), alice, 64, true) {
				n++
			}
			if n != c.want {
				t.Errorf("%d datagrams find room, want %d", n, c.want)
			}
		})
	}
}

// TestEmptyAgain: what was taken out leaves nothing behind in any count.
func TestEmptyAgain(t *testing.T) {
	v := inet.ValuesOf(dialect.NetBSD).Sockets
	b := Buffer{Max: v.UDPRecvSpace}
	data := []byte("first")
	if !b.Put(&v, data, alice, 64, true) || !b.Put(&v, nil, alice6, 1, false) {
		t.Fatal("there is room for two")
	}
	copy(data, "other")
	if w, ok := b.First(); !ok || string(w.Data) != "first" || w.From != alice || w.TTL != 64 {
		t.Errorf("the first is %+v: it is a copy of what was put", w)
	}
	if got := b.Len(); got != 5+16+28 {
		t.Errorf("%d bytes wait, want the data and an address of each family", got)
	}
	b.Take()
	if w, ok := b.First(); !ok || len(w.Data) != 0 || w.From != alice6 {
		t.Errorf("the second is %+v", w)
	}
	b.Take()
	if _, ok := b.First(); ok || b.Len() != 0 || b.Held() != 0 || b.mbufs != 0 {
		t.Errorf("an empty buffer has %d bytes, %d of mbufs, holds %d", b.Len(), b.mbufs, b.Held())
	}
}
