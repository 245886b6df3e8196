package host

import (
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
)

// A Linux whose TCP is acknowledged does not ask whether its neighbour is there; one that sends
// datagrams does, every half minute or so.
func TestAcknowledgementsConfirmTheNeighbour(t *testing.T) {
	for _, c := range []struct {
		kind inet.SocketKind
		asks bool
	}{{inet.SocketTCP, false}, {inet.SocketUDP, true}} {
		t.Run(c.kind.String(), func(t *testing.T) {
			w := newWorldOf(t, 2, dialect.Linux, nil)
			asked := 0
			w.lose = func(_ int, f []byte) bool {
				if e := packet.Ethernet(f); e.Type() == packet.TypeARP && e.Src() == macOfHost(0) && e.Dst() == macOfHost(1) && e.Payload()[7] == 1 {
					asked++
				}
				return false
			}
			w.hosts[1].listener()
			k := w.hosts[0].socket(c.kind)
			if e := k.Connect(ap("10.0.0.2:80")); e != errno.OK && e != errno.EINPROGRESS {
				t.Fatalf("connect: %v", e)
			}
			for range 120 {
				w.run(time.Second)
				if _, e := k.Send([]byte("x"), netip.AddrPort{}); e != errno.OK && (c.kind == inet.SocketTCP || e != errno.ECONNREFUSED) {
					t.Fatalf("send: %v", e)
				}
			}
			if (asked > 0) != c.asks {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}
