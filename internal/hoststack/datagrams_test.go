package hoststack

import (
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
)

// TestDatagramsWait fills sockets that nobody reads with datagrams that are small:
// not more than so many may wait, and those that were read make room.
func TestDatagramsWait(t *testing.T) {
	for _, c := range []struct {
		name string
		to   string
		size int
	}{
		{"empty", "127.0.0.1:7", 0},
		{"a byte", "127.0.0.1:7", 1},
		{"from another host", "10.0.0.1:7", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, 2)
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
			read := func(most int) int {
				buf := make([]byte, 10)
				for n := range most {
					if _, _, e := k.Recv(buf[:n%2]); e != errno.OK { // an empty buffer takes one too
						w.check("recv", e, errno.EWOULDBLOCK)
						return n
					}
				}
				return most
			}
			flood(1) // finds the way
			read(1)
			flood(3000)
			if size, e := k.Option(inet.SO_RCVBUF); size != maxDatagrams || e != errno.OK {
				t.Errorf("SO_RCVBUF is %d, %v; want %d", size, e, maxDatagrams)
			}
			if n := read(10_000); n < maxWaiting || n > maxWaiting+sweepEvery {
				t.Errorf("%d datagrams wait, want %d and at most %d more", n, maxWaiting, sweepEvery)
			}
			flood(100)
			if n := read(10_000); n != 100 {
				t.Errorf("after that %d of 100 datagrams arrive", n)
			}
			flood(3000)
			read(300)
			flood(100)
			if n := read(10_000); n < 300 || n > maxWaiting {
				t.Errorf("after a part was read %d datagrams wait", n)
			}
		})
	}
}

// TestBacklogs listens on as many sockets as there may be: the connections that may wait
// in all of them are bounded, and those of a closed socket are free for others.
func TestBacklogs(t *testing.T) {
	w := newWorld(t, 1)
	h := w.hosts[0]
	s := h.Stack.(*netStack)
	var ks []inet.Socket
	for i := range maxSockets {
		k := h.socket(inet.SocketTCP)
		w.check("listen", k.Listen(100), errno.OK)
		ks = append(ks, k)
		if want := max(min((i+1)*maxBacklog, maxBacklogs), maxBacklogs+i+1-maxBacklogs/maxBacklog); i < maxBacklogs/maxBacklog && s.backlogs != (i+1)*maxBacklog || s.backlogs > want {
			t.Fatalf("%d sockets have a backlog of %d together", i+1, s.backlogs)
		}
	}
	w.check("listen again", ks[0].Listen(5), errno.OK)
	if want := maxBacklogs + maxSockets - maxBacklogs/maxBacklog - maxBacklog + 5; s.backlogs > want {
		t.Errorf("after a smaller backlog they have %d, want %d or less", s.backlogs, want)
	}
	for _, k := range ks {
		k.Close()
	}
	if s.backlogs != 0 {
		t.Errorf("without sockets there is a backlog of %d", s.backlogs)
	}
}
