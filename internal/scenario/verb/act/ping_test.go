package act

import (
	"encoding/binary"
	"testing"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/packet"
)

// An exchange knows requests and replies by the system calls of the ping, one reply for
// each request, and how long the slowest took.
func TestExchanges(t *testing.T) {
	message := func(kind byte, seq uint16) []byte {
		b := make([]byte, packet.ICMPLen+8)
		b[0] = kind
		binary.BigEndian.PutUint16(b[6:], seq)
		return b
	}
	const ms = time.Millisecond
	sent := func(at time.Duration, seq uint16) event.Event {
		return event.Event{At: at, Began: at, Kind: event.Call, Node: "a", Proc: "ping.1", Op: "sendto", Data: message(packet.ICMPEcho, seq)}
	}
	got := func(at time.Duration, seq uint16) event.Event {
		return event.Event{At: at, Kind: event.Call, Node: "a", Proc: "ping.1", Op: "recvfrom", Data: message(packet.ICMPEchoReply, seq)}
	}
	with := func(e event.Event, change func(*event.Event)) event.Event {
		change(&e)
		return e
	}
	for _, c := range []struct {
		name     string
		events   []event.Event
		answered int
		slowest  time.Duration
	}{
		{"nothing", nil, 0, 0},
		{"a request alone", []event.Event{sent(0, 0)}, 0, 0},
		{"a request and its reply", []event.Event{sent(0, 0), got(2*ms, 0)}, 1, 2 * ms},
		{"the slower of two counts", []event.Event{sent(0, 0), got(2*ms, 0), sent(time.Second, 1), got(time.Second+ms, 1)}, 2, 2 * ms},
		{"a reply that comes again", []event.Event{sent(0, 0), got(2*ms, 0), got(5*ms, 0)}, 1, 5 * ms},
		{"replies that overtake", []event.Event{sent(0, 0), sent(ms, 1), got(3*ms, 1), got(4*ms, 0)}, 2, 4 * ms},
		{"less than a microsecond is none", []event.Event{sent(100, 0), got(900, 0)}, 1, 0},
		{"an ICMP error", []event.Event{sent(0, 0), with(got(ms, 0), func(e *event.Event) { e.Data[0] = packet.ICMPUnreachable })}, 0, 0},
		{"a call that failed", []event.Event{sent(0, 0), with(got(ms, 0), func(e *event.Event) { e.Errno = uint16(errno.EINTR) })}, 0, 0},
		{"a message that is cut off", []event.Event{sent(0, 0), with(got(ms, 0), func(e *event.Event) { e.Data = e.Data[:7] })}, 0, 0},
		{"the reply of another ping", []event.Event{sent(0, 0), with(got(ms, 0), func(e *event.Event) { e.Proc = "ping.2" })}, 0, 0},
		{"the reply of another node", []event.Event{sent(0, 0), with(got(ms, 0), func(e *event.Event) { e.Node = "b" })}, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := exchange{of: format.Slot{Node: "a", Proc: "ping.1"}, reply: packet.ICMPEchoReply, sent: map[uint16]time.Duration{}, answered: map[uint16]bool{}}
			for i := range c.events {
				x.Observe(&c.events[i])
			}
			if len(x.answered) != c.answered || x.slowest != c.slowest {
				t.Errorf("%d answered, the slowest after %v; want %d, %v", len(x.answered), x.slowest, c.answered, c.slowest)
			}
		})
	}
}
