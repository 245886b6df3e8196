//go:build wasip1

package tuntap

import (
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Dial connects to an address on the node's stack, as net.Dial does: networks are
// tcp and udp, also with 4 or 6 behind; a host is an address or the name of a node.
func Dial(network, address string) (net.Conn, error) {
	to, err := resolve(network, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	s, err := open(to.Addr(), kind(network), address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: addr(network, to), Err: err}
	}
	if kind(network) == kindDatagram {
		_ = s.setFlag(optBroadcast) // as package net does
	}
	if err := s.connect(to); err != nil {
		_ = s.close()
		return nil, &net.OpError{Op: "dial", Net: network, Addr: addr(network, to), Err: err}
	}
	return newConn(network, s), nil
}

// Listen waits for TCP connections to an address, as net.Listen does. Without a host
// it listens on all addresses, with port 0 on a free port.
func Listen(network, address string) (net.Listener, error) {
	at, err := resolve(network, address)
	if err == nil && kind(network) != kindStream {
		err = net.UnknownNetworkError(network)
	}
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	s, err := open(at.Addr(), kindStream, address)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: addr(network, at), Err: err}
	}
	_ = s.setFlag(optReuseAddr)
	const backlog = 128
	if err = s.bind(at); err == nil {
		err = s.call("listen", func(fd int32) uint32 { return sockListen(fd, backlog) })
	}
	if err != nil {
		_ = s.close()
		return nil, &net.OpError{Op: "listen", Net: network, Addr: addr(network, at), Err: err}
	}
	local, _ := s.addrs()
	return &listenerConn{s, network, addr(network, local)}, nil
}

// ListenPacket receives UDP datagrams at an address, as net.ListenPacket does. It may
// send to broadcast addresses. With the network "ip4:icmp" or "ip6:ipv6-icmp" it sends echo
// requests, whose identifier and checksum are filled in, and receives the replies to them and
// errors about them; an address is an *net.IPAddr then, and has no port.
func ListenPacket(network, address string) (net.PacketConn, error) {
	at, err := resolve(network, address)
	if err == nil && kind(network) == kindStream {
		err = net.UnknownNetworkError(network)
	}
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	s, err := open(at.Addr(), kind(network), address)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: addr(network, at), Err: err}
	}
	if kind(network) == kindDatagram {
		_ = s.setFlag(optBroadcast)
	}
	if err := s.bind(at); err != nil {
		_ = s.close()
		return nil, &net.OpError{Op: "listen", Net: network, Addr: addr(network, at), Err: err}
	}
	return newConn(network, s), nil
}

// kind is the kind of socket of a network; 0 if it is none that there is.
func kind(network string) uint32 {
	switch network {
	case "tcp", "tcp4", "tcp6":
		return kindStream
	case "udp", "udp4", "udp6":
		return kindDatagram
	case "ip4:icmp", "ip4:1", "ip6:ipv6-icmp", "ip6:58":
		return kindICMP
	}
	return 0
}

// family is '4' or '6' for a network of one family; else 0.
func family(network string) byte {
	name, _, _ := strings.Cut(network, ":")
	if last := name[len(name)-1]; last == '4' || last == '6' {
		return last
	}
	return 0
}

// resolve turns host:port, or a host where there are no ports, into an address.
func resolve(network, address string) (netip.AddrPort, error) {
	if kind(network) == 0 {
		return netip.AddrPort{}, net.UnknownNetworkError(network)
	}
	host, service, err := address, "0", error(nil)
	if kind(network) != kindICMP {
		host, service, err = net.SplitHostPort(address)
	}
	if err != nil {
		return netip.AddrPort{}, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return netip.AddrPort{}, &net.AddrError{Err: "a port is a number", Addr: address}
	}
	ip := netip.IPv4Unspecified()
	switch {
	case host == "" && family(network) == '6':
		ip = netip.IPv6Unspecified()
	case host == "":
	default:
		if ip, err = netip.ParseAddr(host); err != nil {
			if ip, err = Lookup(host); err != nil {
				return netip.AddrPort{}, err
			}
		}
	}
	if family(network) == '4' && !ip.Unmap().Is4() || family(network) == '6' && ip.Is4() {
		return netip.AddrPort{}, &net.AddrError{Err: "not an address of this network", Addr: address}
	}
	return netip.AddrPortFrom(ip, uint16(port)), nil
}

// addr is an address as package net has it; nil if there is none.
func addr(network string, a netip.AddrPort) net.Addr {
	switch {
	case !a.IsValid():
		return nil
	case kind(network) == kindStream:
		return net.TCPAddrFromAddrPort(a)
	case kind(network) == kindICMP:
		return &net.IPAddr{IP: a.Addr().AsSlice()}
	default:
		return net.UDPAddrFromAddrPort(a)
	}
}

// A conn is a connection, or a UDP socket that has a peer or not.
type conn struct {
	s           *socket
	network     string
	local, peer net.Addr
}

func newConn(network string, s *socket) *conn {
	local, peer := s.addrs()
	c := &conn{s: s, network: network, local: addr(network, local)}
	if peer.IsValid() && peer.Port() != 0 {
		c.peer = addr(network, peer)
	}
	return c
}

// fail is an error as package net has it.
func (c *conn) fail(op string, peer net.Addr, err error) error {
	if err == nil {
		return err
	}
	return &net.OpError{Op: op, Net: c.network, Source: c.local, Addr: peer, Err: err}
}

func (c *conn) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	n, _, err := c.s.receive(b)
	if n == 0 && err == nil && kind(c.network) == kindStream {
		return 0, io.EOF
	}
	return n, c.fail("read", c.peer, err)
}

func (c *conn) Write(b []byte) (int, error) {
	if kind(c.network) != kindStream {
		n, err := c.s.send(b, netip.AddrPort{})
		return n, c.fail("write", c.peer, err)
	}
	sent := 0
	for sent < len(b) {
		n, err := c.s.send(b[sent:], netip.AddrPort{})
		sent += n
		if err != nil {
			return sent, c.fail("write", c.peer, err)
		}
	}
	return sent, nil
}

func (c *conn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.s.receive(b)
	return n, addr(c.network, from), c.fail("read", nil, err)
}

func (c *conn) WriteTo(b []byte, to net.Addr) (int, error) {
	var at netip.AddrPort
	switch a := to.(type) {
	case *net.UDPAddr:
		at = a.AddrPort()
	case *net.IPAddr:
		ip, _ := netip.AddrFromSlice(a.IP) // invalid for what is none
		at = netip.AddrPortFrom(ip, 0)
	}
	if _, ip := to.(*net.IPAddr); !at.IsValid() || kind(c.network) == kindStream || ip != (kind(c.network) == kindICMP) {
		return 0, c.fail("write", to, syscall.EINVAL)
	}
	n, err := c.s.send(b, at)
	return n, c.fail("write", to, err)
}

// CloseRead and CloseWrite are shutdown(2).
func (c *conn) CloseRead() error {
	return c.fail("close", c.peer, c.s.call("shutdown", func(fd int32) uint32 { return sockShutdown(fd, shutdownRead) }))
}

func (c *conn) CloseWrite() error {
	return c.fail("close", c.peer, c.s.call("shutdown", func(fd int32) uint32 { return sockShutdown(fd, shutdownWrite) }))
}

func (c *conn) Close() error                  { return c.fail("close", c.peer, c.s.close()) }
func (c *conn) LocalAddr() net.Addr           { return c.local }
func (c *conn) RemoteAddr() net.Addr          { return c.peer }
func (c *conn) SetDeadline(t time.Time) error { return c.fail("set", nil, c.s.f.SetDeadline(t)) }
func (c *conn) SetReadDeadline(t time.Time) error {
	return c.fail("set", nil, c.s.f.SetReadDeadline(t))
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	return c.fail("set", nil, c.s.f.SetWriteDeadline(t))
}

// SetKeepAlive, SetNoDelay and the buffers' sizes in bytes are as those of net.TCPConn.
func (c *conn) SetKeepAlive(on bool) error {
	return c.fail("set", nil, c.s.setOption(levelSocket, optKeepAlive, int32(oneIf(on))))
}

func (c *conn) SetNoDelay(on bool) error {
	return c.fail("set", nil, c.s.setOption(levelTCP, optNoDelay, int32(oneIf(on))))
}

func (c *conn) SetReadBuffer(bytes int) error {
	return c.fail("set", nil, c.s.setOption(levelSocket, optReadBuffer, int32(bytes)))
}

func (c *conn) SetWriteBuffer(bytes int) error {
	return c.fail("set", nil, c.s.setOption(levelSocket, optSendBuffer, int32(bytes)))
}

// SyscallConn is what [Ioctl] needs.
func (c *conn) SyscallConn() (syscall.RawConn, error) { return c.s.raw, nil }

// A listenerConn is a TCP socket that listens.
type listenerConn struct {
	s       *socket
	network string
	local   net.Addr
}

func (l *listenerConn) Accept() (net.Conn, error) {
	s, err := l.s.accept()
	if err != nil {
		return nil, &net.OpError{Op: "accept", Net: l.network, Addr: l.local, Err: err}
	}
	return newConn(l.network, s), nil
}

// SyscallConn is what [BindToDevice] needs.
func (l *listenerConn) SyscallConn() (syscall.RawConn, error) { return l.s.raw, nil }

func (l *listenerConn) Close() error   { return l.s.close() }
func (l *listenerConn) Addr() net.Addr { return l.local }

// SetDeadline is the time after which Accept fails.
func (l *listenerConn) SetDeadline(t time.Time) error { return l.s.f.SetReadDeadline(t) }
