package host

import (
	"fmt"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
)

// TestDatagramsWait fills sockets that nobody reads: as many datagrams wait as each kernel
// has mbufs for, and those that were read make room.
func TestDatagramsWait(t *testing.T) {
	for _, c := range []struct {
		as   dialect.Dialect
		to   string
		size int
		want int
	}{
		{dialect.FreeBSD, "10.0.0.1:7", 100, 130},
		{dialect.NetBSD, "10.0.0.1:7", 100, 82},
		{dialect.FreeBSD, "10.0.0.1:7", 0, 130},
		{dialect.FreeBSD, "10.0.0.1:7", 1400, 29},
		{dialect.FreeBSD, "127.0.0.1:7", 0, 1300},
		{dialect.FreeBSD, "127.0.0.1:7", 1, 650},
		{dialect.DragonFly, "10.0.0.1:7", 100, 103},
	} {
		t.Run(fmt.Sprintf("%v, %d bytes to %s", c.as, c.size, c.to), func(t *testing.T) {
			w := newWorldOf(t, 2, c.as, nil)
			k, from := w.hosts[0].socket(inet.SocketUDP), w.hosts[0]
			if c.to == "10.0.0.1:7" {
				from = w.hosts[1]
			}
			w.check("bind", k.Bind(ap("0.0.0.0:7")), errno.OK)
			send := from.socket(inet.SocketUDP)
			data := make([]byte, c.size)
			flood := func(n int) {
				for range n {
					send.Send(data, ap(c.to))
					w.run(time.Microsecond)
				}
				w.run(time.Second)
			}
			read := func(limit int) int {
				buf := make([]byte, 10)
				for n := range limit {
					if _, _, e := k.Recv(buf[:n%2]); e != errno.OK { // an empty buffer takes one too
						w.check("recv", e, errno.EWOULDBLOCK)
						return n
					}
				}
				return limit
			}
			flood(1) // finds the way
			read(1)
			flood(3000)
			if n := read(10_000); n != c.want {
				t.Errorf("%d datagrams wait, want %d", n, c.want)
			}
			flood(20)
			if n := read(10_000); n != 20 {
				t.Errorf("after that %d of 20 datagrams arrive", n)
			}
		})
	}
}

// TestBacklogs listens on as many sockets as there may be: the connections that may wait
// in all of them are bounded, and those of a closed socket are free for others.
func TestBacklogs(t *testing.T) {
	w := newWorld(t, 1)
	h := w.hosts[0]
	s := &h.Stack.(*Stack).sockets
	var ks []inet.Socket
	for i := range inet.MaxSockets {
		k := h.socket(inet.SocketTCP)
		w.check("listen", k.Listen(1000), errno.OK)
		ks = append(ks, k)
		want := min((i+1)*128, maxBacklogs)
		if full := maxBacklogs / 128; i >= full {
			want += i + 1 - full
		}
		if s.backlogs != want {
			t.Fatalf("%d sockets have a backlog of %d together, want %d", i+1, s.backlogs, want)
		}
	}
	w.check("listen again", ks[0].Listen(5), errno.OK)
	if want := maxBacklogs + inet.MaxSockets - maxBacklogs/128 - 128 + 1; s.backlogs != want {
		t.Errorf("after a smaller backlog they have %d, want %d", s.backlogs, want)
	}
	for _, k := range ks {
		k.Close()
	}
	if s.backlogs != 0 {
		t.Errorf("without sockets there is a backlog of %d", s.backlogs)
	}
}
