package hoststack

import (
	"fmt"
	"reflect"
	"sync"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// inside are the fields of netstack's that say how much it holds: it tells that in no
// other way. Between two calls of the lab's nobody else looks at them, see barrier.
var inside = struct {
	received, unacked, sender, segments, payload, accepted, pending fieldPath // of a tcp.Endpoint
	datagrams                                                       fieldPath // of a UDP endpoint
	fragments4, fragments6                                          fieldPath // of the network protocols
	nics, waiting, packet, size                                     fieldPath // of the stack, a NIC, a packet that waits there
}{
	received: pathOf(reflect.TypeFor[tcp.Endpoint](), "rcvMemUsed", "value"),
	unacked:  pathOf(reflect.TypeFor[tcp.Endpoint](), "sndQueueInfo", "SndBufUsed"),
	sender:   pathOf(reflect.TypeFor[tcp.Endpoint](), "snd"),
	segments: pathOf(reflect.TypeFor[tcp.Endpoint](), "snd", "writeList", "set"),
	payload:  pathOf(reflect.TypeFor[tcp.Endpoint](), "snd", "MaxPayloadSize"),
	accepted: pathOf(reflect.TypeFor[tcp.Endpoint](), "acceptQueue", "endpoints"),
	pending:  pathOf(reflect.TypeFor[tcp.Endpoint](), "acceptQueue", "pendingEndpoints"),
	nics:     pathOf(reflect.TypeFor[stack.Stack](), "nics"),
	size:     pathOf(reflect.TypeFor[stack.PacketBuffer](), "buf", "size"),
}

// findInside finds those of types that have no name outside of netstack.
var findInside = sync.OnceFunc(func() {
	st := stack.New(stack.Options{
		NetworkProtocols: networkProtocols(), TransportProtocols: []stack.TransportProtocolFactory{udp.NewProtocol},
	})
	defer st.Close()
	fragments := func(n tcpip.NetworkProtocolNumber) fieldPath {
		return pathOf(reflect.TypeOf(st.NetworkProtocolInstance(n)), "fragmentation", "memSize")
	}
	inside.fragments4, inside.fragments6 = fragments(header.IPv4ProtocolNumber), fragments(header.IPv6ProtocolNumber)
	nic := reflect.TypeFor[stack.Stack]().FieldByIndex(inside.nics).Type.Elem()
	inside.waiting = pathOf(nic, "linkResQueue", "mu", "packets")
	inside.packet = pathOf(nic.Elem().FieldByIndex(inside.waiting).Type.Elem().Elem(), "pkt")
	ep, err := st.NewEndpoint(udp.ProtocolNumber, header.IPv4ProtocolNumber, &waiter.Queue{})
	if err != nil {
		panic("hoststack: " + err.String())
	}
	defer ep.Close()
	inside.datagrams = pathOf(reflect.TypeOf(ep), "rcvBufSize")
})

// A fieldPath leads to a field, of a field, and so on; see [reflect.Value.FieldByIndex].
type fieldPath []int

// pathOf is the path from a struct, or a pointer to one, by the fields' names. That a name
// is not there is a bug: netstack is another than this package was written for.
func pathOf(t reflect.Type, names ...string) (all fieldPath) {
	for _, name := range names {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		f, ok := t.FieldByName(name)
		if !ok {
			panic(fmt.Sprintf("hoststack: netstack's %v has no field %s", t, name))
		}
		all, t = append(all, f.Index...), f.Type
	}
	return all
}

// int is the number that a path leads to from v, which is a struct or a pointer to one.
func (p fieldPath) int(v reflect.Value) int64 {
	return reflect.Indirect(v).FieldByIndex(p).Int()
}

// segmentSelf is what netstack has of a segment besides its data, its entry in the set
// of those that were not acknowledged included.
const segmentSelf = int64(tcp.SegOverheadSize) + 128

// maxChunk is the longest of netstack's buffers. One stays until the last byte of it has
// been acknowledged.
const maxChunk = 64 << 10

// weighStream returns how many bytes a TCP endpoint takes by itself, with those that wait
// to be accepted, and for data. What was written and not acknowledged counts as if all of
// it were cut into segments: netstack does that when it sends them.
func weighStream(ep tcpip.Endpoint) (self, data int64) {
	e, ok := ep.(*tcp.Endpoint)
	if !ok {
		return streamSelf, 0
	}
	return weighEndpoint(reflect.ValueOf(e).Elem())
}

func weighEndpoint(e reflect.Value) (self, data int64) {
	self, data = streamSelf, 2*inside.received.int(e)
	unacked := inside.unacked.int(e)
	if unacked > 0 {
		data += 2*unacked + maxChunk
	}
	if !e.FieldByIndex(inside.sender).IsNil() {
		segments := int64(e.FieldByIndex(inside.segments).Len())
		data += (segments + unacked/max(inside.payload.int(e), 1)) * segmentSelf
	}
	self += int64(e.FieldByIndex(inside.pending).Len()) * streamSelf
	list := e.FieldByIndex(inside.accepted)
	for x, n := list.FieldByName("root"), list.FieldByName("len").Int(); n > 0; n-- {
		x = x.FieldByName("next").Elem()
		s, d := weighEndpoint(x.FieldByName("Value").Elem().Elem())
		self, data = self+s, data+d
	}
	return self, data
}

// unacknowledged returns how many bytes of a stream were written and not acknowledged.
func unacknowledged(ep tcpip.Endpoint) int64 {
	e, ok := ep.(*tcp.Endpoint)
	if !ok {
		return 0
	}
	return inside.unacked.int(reflect.ValueOf(e))
}

// weighWrite returns how many bytes n more that are written to a stream may take: cut into
// segments as short as the connection's are.
func weighWrite(ep tcpip.Endpoint, n int) int64 {
	n = min(n, maxTCPBuffer)
	mss := int64(header.TCPDefaultMSS)
	if e, ok := ep.(*tcp.Endpoint); ok {
		if v := reflect.ValueOf(e).Elem(); !v.FieldByIndex(inside.sender).IsNil() {
			mss = max(inside.payload.int(v), 1)
		}
	}
	return weight(n) + (int64(n)/mss+1)*segmentSelf
}

// weighCut returns how many bytes more a stream may take when its segments become as short
// as they may.
func weighCut(ep tcpip.Endpoint) int64 {
	e, ok := ep.(*tcp.Endpoint)
	if !ok {
		return 0
	}
	v := reflect.ValueOf(e).Elem()
	if v.FieldByIndex(inside.sender).IsNil() {
		return 0
	}
	unacked := inside.unacked.int(v)
	return max((unacked/shortestCut-unacked/max(inside.payload.int(v), 1))*segmentSelf, 0)
}

// weighDatagrams returns how many bytes of datagrams wait in a UDP endpoint.
func weighDatagrams(ep tcpip.Endpoint) int64 { return inside.datagrams.int(reflect.ValueOf(ep)) }

// weighFragments returns how many bytes wait for the rest of their packets.
func weighFragments(st *stack.Stack) int64 {
	return 2 * (inside.fragments4.int(reflect.ValueOf(st.NetworkProtocolInstance(header.IPv4ProtocolNumber))) +
		inside.fragments6.int(reflect.ValueOf(st.NetworkProtocolInstance(header.IPv6ProtocolNumber))))
}

// weighWaiting returns how many packets wait for a neighbour's address, and their bytes.
func weighWaiting(st *stack.Stack) (packets int, bytes int64) {
	for nics := reflect.ValueOf(st).Elem().FieldByIndex(inside.nics).MapRange(); nics.Next(); {
		hops := nics.Value().Elem().FieldByIndex(inside.waiting)
		if hops.Len() == 0 {
			continue
		}
		for hop := hops.MapRange(); hop.Next(); { // the sum is the same in any order
			queue := hop.Value()
			packets += queue.Len()
			for i := range queue.Len() {
				bytes += weight(int(inside.size.int(queue.Index(i).FieldByIndex(inside.packet))))
			}
		}
	}
	return packets, bytes
}
