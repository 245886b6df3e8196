package hoststack

import (
	"wireloom/vnet/inet"

	"gvisor.dev/gvisor/pkg/tcpip"
)

// netstack counts the bytes of the datagrams that wait in a socket, not what it keeps
// of each: of empty ones any number would wait. A BSD counts the mbufs (sb_mbcnt); here
// a socket with maxWaiting datagrams takes no more until some are read.
const (
	maxWaiting = 512 // datagrams, about as many as fit the 42,080 bytes and mbufs of a FreeBSD's
	sweepEvery = 64  // datagrams that a stack receives between two looks at its sockets
)

// sweep looks for sockets in which too many datagrams wait, after every sweepEvery that
// the stack received: as many more than maxWaiting may be in one.
func (s *netStack) sweep() {
	n := s.st.Stats().UDP.PacketsReceived.Value()
	if n-s.swept < sweepEvery {
		return
	}
	s.swept = n
	for _, k := range s.sockets {
		if (k.kind == inet.SocketUDP || k.kind == inet.SocketUDP6) && k.shutAt == 0 && k.waiting() >= maxWaiting {
			so := k.ep.SocketOptions()
			k.shutAt = so.GetReceiveBufferSize()
			so.SetReceiveBufferSize(0, false) // full, whatever is in it
		}
	}
}

// waiting is how many datagrams wait in a UDP socket.
func (k *socket) waiting() uint64 {
	st, ok := k.ep.Stats().(*tcpip.TransportEndpointStats)
	if !ok {
		return 0
	}
	lost := st.ReceiveErrors.ReceiveBufferOverflow.Value() + st.ReceiveErrors.ClosedReceiver.Value()
	return st.PacketsReceived.Value() - lost - k.taken
}

// took counts a datagram that was read, and lets others in where there is room again.
func (k *socket) took() {
	k.taken++
	if k.shutAt != 0 && k.waiting() < maxWaiting {
		k.ep.SocketOptions().SetReceiveBufferSize(k.shutAt, false)
		k.shutAt = 0
	}
}

// setReceiveBuffer sets SO_RCVBUF.
func (k *socket) setReceiveBuffer(n int64) {
	if k.shutAt != 0 {
		k.shutAt = n
		return
	}
	k.ep.SocketOptions().SetReceiveBufferSize(n, true)
}
