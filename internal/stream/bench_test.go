package stream

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"nhooyr.io/websocket"

	"wireloom/internal/session"
	"wireloom/vnet/event"
	"wireloom/vnet/packet"
)

func BenchmarkAppendEvent(b *testing.B) {
	e := event.Event{
		Seq: 1, At: 12345678901, Kind: event.Frame, Port: "alice:em0", Peer: "s1.1", N: 1e6, Frame: 25, Link: packet.LinkEthernet,
		Data: append([]byte("\x02\x00\x00\x00\x00\x0b\x02\x00\x00\x00\x00\x0a\x08\x00\x45\x00\x00\x54\x00\x01\x00\x00\x40\x01\x66\xa6\x0a\x00\x00\x01\x0a\x00\x00\x02\x08\x00\x2d\x7a\x00\x07\x00\x0c"), make([]byte, 56)...),
	}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		p, _ := frameOf(&e)
		buf = appendFrame(appendEvent(buf[:0], &e), &e, p)
	}
}

// BenchmarkViewers shows a lab that is as far as it gets to 1 and to 50 viewers,
// and counts the events that reach each. BenchmarkBareSender sends the same bytes
// with the WebSocket library alone.
func BenchmarkViewers(b *testing.B) {
	for _, n := range []int{1, 50} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			// All of the log stays in its window: what is measured is the sending.
			s := newSession(b, nil, 64<<20, session.Options{Viewers: 64})
			log := s.Log()
			const events = 100_000
			data := make([]byte, 98)
			for i := range events {
				// Each frame is in a log four times: on two links, and in two calls.
				log.Append(&event.Event{Kind: event.Frame, Port: "h1:em0", Peer: "s1.1", Frame: uint64(i / 4), Link: packet.LinkEthernet, Data: data})
			}
			x := openSite(b, s)
			b.ResetTimer()
			total := 0
			for b.Loop() {
				var wg sync.WaitGroup
				for range n {
					p := x.connect("")
					wg.Go(func() { drain(p.Conn, events) })
				}
				wg.Wait()
				total += events * n
			}
			b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// drain reads until it has seen that many events.
func drain(c *websocket.Conn, events int) {
	for seen := 0; seen < events; {
		_, m, err := c.Read(context.Background())
		if err != nil {
			return
		}
		seen += bytes.Count(m, []byte(`"k":"frame"`))
	}
	_ = c.CloseNow() // it is over
}

func BenchmarkBareSender(b *testing.B) {
	for _, n := range []int{1, 50} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			e := event.Event{Kind: event.Frame, Port: "h1:em0", Peer: "s1.1", Frame: 7, Link: packet.LinkEthernet, Data: make([]byte, 98)}
			p, _ := frameOf(&e)
			const events = 100_000
			var message []byte
			per := 0
			for len(message) < BatchBytes {
				message = append(appendFrame(appendEvent(message, &e), &e, p), '}')
				per++
			}
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, err := websocket.Accept(w, r, nil)
				if err != nil {
					return
				}
				for sent := 0; sent < events; sent += per {
					if c.Write(r.Context(), websocket.MessageText, message) != nil {
						return
					}
				}
				_, _, _ = c.Read(r.Context()) // until the other side has gone
				_ = c.CloseNow()
			}))
			defer srv.Close()
			total := 0
			for b.Loop() {
				var wg sync.WaitGroup
				for range n {
					c, _, err := websocket.Dial(b.Context(), srv.URL, nil)
					if err != nil {
						b.Fatal(err)
					}
					c.SetReadLimit(16 << 20)
					wg.Go(func() { drain(c, events) })
				}
				wg.Wait()
				total += events * n
			}
			b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
