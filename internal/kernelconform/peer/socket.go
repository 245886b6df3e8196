package peer

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
)

// A Socket is a socket of the node's, as a process has it.
type Socket struct {
	n *Node
	inet.Socket
}

// Socket makes one.
func (n *Node) Socket(kind inet.SocketKind) *Socket {
	n.node.Need()
	n.node.Sync()
	s, e := n.node.Stack().Socket(kind)
	if e != errno.OK {
		panic(fmt.Sprintf("kernelconform: socket: %v", e)) // the suite keeps below the limits
	}
	return n.adopt(s)
}

func (n *Node) adopt(s inet.Socket) *Socket {
	s.Notify(func() {}) // what waits looks after each turn of the lab
	return &Socket{n, s}
}

// A Call is a system call that may have to wait.
type Call struct {
	Done  bool
	Errno errno.Errno
	N     int
	Data  []byte
	From  netip.AddrPort
	Conn  *Socket
	After time.Duration // that it took

	n     *Node
	began time.Duration
	f     func(*Call) errno.Errno
}

func deleteDone(all []*Call) []*Call {
	return slices.DeleteFunc(all, func(c *Call) bool { return c.Done })
}

// try goes on with the call.
func (c *Call) try() {
	if c.Done {
		return
	}
	if e := c.f(c); e != errno.EWOULDBLOCK {
		c.Done, c.Errno, c.After = true, e, c.n.Now()-c.began
	}
}

func (n *Node) call(f func(*Call) errno.Errno) *Call {
	n.node.Sync()
	c := &Call{n: n, began: n.Now(), f: f}
	c.try()
	if !c.Done {
		n.pending = append(n.pending, c)
	}
	return c
}

// Forget gives up a call that waits.
func (n *Node) Forget(c *Call) {
	n.pending = slices.DeleteFunc(n.pending, func(x *Call) bool { return x == c })
}

// String is what the suite prints of a call: "e=0", or "TIMEOUT" of one that waits.
func (c *Call) String() string {
	if !c.Done {
		return "TIMEOUT"
	}
	return fmt.Sprintf("e=%d", c.Errno)
}

// Dial is connect(2).
func (s *Socket) Dial(to string) *Call {
	begun := false
	return s.n.call(func(*Call) errno.Errno {
		if !begun {
			begun = true
			if e := s.Connect(netip.MustParseAddrPort(to)); e != errno.EINPROGRESS {
				return e
			}
			return errno.EWOULDBLOCK
		}
		r := s.Ready()
		if r&(kern.POLLOUT|kern.POLLERR|kern.POLLHUP) == 0 {
			return errno.EWOULDBLOCK
		}
		return s.LastError()
	})
}

// SendTo is sendto(2); an empty to is the connected address.
func (s *Socket) SendTo(p []byte, to string) *Call {
	var addr netip.AddrPort
	if to != "" {
		addr = netip.MustParseAddrPort(to)
	}
	return s.n.call(func(c *Call) errno.Errno {
		n, e := s.Send(p[c.N:], addr)
		if e == errno.OK {
			if c.N += n; c.N < len(p) && n > 0 {
				return errno.EWOULDBLOCK
			}
		}
		return e
	})
}

// Take is recvfrom(2) of at most size bytes.
func (s *Socket) Take(size int) *Call {
	return s.n.call(func(c *Call) errno.Errno {
		b := make([]byte, size)
		n, from, e := s.Recv(b)
		c.N, c.Data, c.From = n, b[:max(n, 0)], from
		return e
	})
}

// AcceptOne is accept(2).
func (s *Socket) AcceptOne() *Call {
	return s.n.call(func(c *Call) errno.Errno {
		k, from, e := s.Accept()
		if e == errno.OK {
			c.Conn, c.From = s.n.adopt(k), from
		}
		return e
	})
}

// Listener is a TCP socket that listens on a port.
func (n *Node) Listener(port, backlog int) *Socket {
	s := n.Socket(inet.SocketTCP)
	if e := s.Bind(netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port))); e != errno.OK {
		panic(fmt.Sprintf("kernelconform: bind: %v", e))
	}
	if e := s.Listen(backlog); e != errno.OK {
		panic(fmt.Sprintf("kernelconform: listen: %v", e))
	}
	return s
}

// Bound is a UDP socket on a port.
func (n *Node) Bound(port int) *Socket {
	s := n.Socket(inet.SocketUDP)
	if e := s.Bind(netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port))); e != errno.OK {
		panic(fmt.Sprintf("kernelconform: bind: %v", e))
	}
	return s
}
