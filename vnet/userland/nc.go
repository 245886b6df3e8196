package userland

import (
	"net/netip"
	"strconv"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

func ncCommand() *command.Command {
	return command.New("nc", "connect standard input and output with a TCP or UDP socket",
		"nc [-nuvz] [-p port] [-s source] [-w timeout] host port\n       nc -l [-nuv] [-s source] [-w timeout] port", ncMain)
}

// ncBuffer is how many bytes nc moves at once.
const ncBuffer = 16 << 10

// An ncat is a run of nc(1).
type ncat struct {
	*command.Proc
	listen, udp, verbose, scan bool
	timeout                    time.Duration // of a connection attempt and of silence; 0: none
	source                     netip.Addr
	sport                      uint16
	peer                       netip.AddrPort
	buf                        [ncBuffer]byte
}

func ncMain(p *command.Proc) sys.Exit {
	n := &ncat{Proc: p}
	if why := n.parse(); why != "" {
		p.Warn("%s", why)
		return p.MisuseWith(1)
	}
	kind := inet.SocketTCP
	if n.udp {
		kind = inet.SocketUDP
	}
	if n.peer.Addr().Is6() || n.source.Is6() {
		kind += inet.SocketUDP6
	}
	fd, e := p.Socket(kind)
	if e != errno.OK {
		return p.Fail(1, "socket: %s", e.Message())
	}
	if n.source.IsValid() || n.sport != 0 {
		_ = p.SetSockOpt(fd, inet.SO_REUSEADDR, 1)
		src := n.source
		if !src.IsValid() {
			src = netip.IPv4Unspecified()
			if kind.V6() {
				src = netip.IPv6Unspecified()
			}
		}
		if e := p.Bind(fd, netip.AddrPortFrom(src, n.sport)); e != errno.OK {
			return p.Fail(1, "%s", e.Message())
		}
	}
	if n.listen {
		fd, e = n.serve(fd)
	} else {
		e = n.dial(fd)
	}
	switch {
	case p.Dying():
		return p.Verdict()
	case e != errno.OK:
		return command.Exit(1)
	case n.scan:
		return command.Exit(0)
	}
	return n.relay(fd)
}

// parse reads the command line; what it returns is the error.
func (n *ncat) parse() (why string) {
	g := command.Getopt{Args: n.Args()[1:]}
	for {
		opt, bad := g.Next("lnp:s:uvw:z")
		if opt == 0 {
			break
		}
		switch opt {
		case 'l':
			n.listen = true
		case 'n': // names are those of the lab's nodes, which cost no query
		case 'p', 'w':
			v, err := strconv.ParseUint(g.Arg, 10, 16)
			if err != nil || v == 0 {
				return "invalid number: " + g.Arg
			}
			if opt == 'p' {
				n.sport = uint16(v)
			} else {
				n.timeout = time.Duration(v) * time.Second
			}
		case 's':
			a, ok := n.Resolve(g.Arg)
			if !ok {
				return "unknown host: " + g.Arg
			}
			n.source = a
		case 'u':
			n.udp = true
		case 'v':
			n.verbose = true
		case 'z':
			n.scan = true
		default:
			return bad
		}
	}
	args := g.Args
	if n.listen && len(args) == 2 { // nc -l host port
		a, ok := n.Resolve(args[0])
		if !ok {
			return "unknown host: " + args[0]
		}
		n.source, args = a, args[1:]
	}
	want := 2
	if n.listen {
		want = 1
	}
	if len(args) != want || n.listen && (n.scan || n.sport != 0) {
		return "a host and a port are needed, with -l a port alone"
	}
	port, err := strconv.ParseUint(args[want-1], 10, 16)
	if err != nil || port == 0 {
		return "port number invalid: " + args[want-1]
	}
	if n.listen {
		n.sport = uint16(port)
		return ""
	}
	a, ok := n.Resolve(args[0])
	if !ok {
		return "unknown host: " + args[0]
	}
	n.peer = netip.AddrPortFrom(a, uint16(port))
	return ""
}

// dial connects; -w is how long that may take.
func (n *ncat) dial(fd int) errno.Errno {
	if n.timeout > 0 {
		_ = n.SetSockOpt(fd, inet.SO_SNDTIMEO, int(n.timeout))
	}
	_ = n.SetSockOpt(fd, inet.SO_BROADCAST, 1)
	e := n.Connect(fd, n.peer)
	if e == errno.EWOULDBLOCK {
		e = errno.ETIMEDOUT
	}
	proto := "tcp"
	if n.udp {
		proto = "udp"
	}
	switch {
	case e != errno.OK && (n.verbose || n.scan) && !n.Dying():
		n.Warn("connect to %s port %d (%s) failed: %s", n.peer.Addr(), n.peer.Port(), proto, e.Message())
	case e == errno.OK && (n.verbose || n.scan):
		_, _ = n.Write(2, []byte("Connection to "+n.peer.Addr().String()+" "+strconv.Itoa(int(n.peer.Port()))+" port ["+proto+"/*] succeeded!\n"))
	}
	return e
}

// serve waits for a peer: a connection, or the first datagram, after which the
// socket is connected to who sent it.
func (n *ncat) serve(fd int) (int, errno.Errno) {
	if n.udp {
		r, e := n.RecvMsg(fd, n.buf[:], file.MSG_PEEK)
		if e == errno.OK {
			e = n.Connect(fd, r.From)
		}
		if e != errno.OK && !n.Dying() {
			n.Warn("%s", e.Message())
		}
		return fd, e
	}
	if e := n.Listen(fd, 1); e != errno.OK {
		n.Warn("listen: %s", e.Message())
		return fd, e
	}
	conn, peer, e := n.Accept(fd)
	switch {
	case e != errno.OK && !n.Dying():
		n.Warn("accept: %s", e.Message())
	case e == errno.OK && n.verbose:
		_, _ = n.Write(2, []byte("Connection from "+peer.String()+" received!\n"))
	}
	_ = n.Close(fd)
	return conn, e
}

// relay is readwrite: standard input goes to the socket and what it receives to
// standard output. At the end of the input the socket's writing side is shut down.
func (n *ncat) relay(fd int) sys.Exit {
	input := true
	for !n.Dying() {
		fds := []file.PollFD{{FD: fd, Events: kern.POLLIN}}
		if input {
			fds = append(fds, file.PollFD{FD: 0, Events: kern.POLLIN})
		}
		wait := time.Duration(-1)
		if n.timeout > 0 {
			wait = n.timeout
		}
		ready, e := n.Poll(fds, wait)
		switch {
		case e == errno.EINTR:
			continue
		case e != errno.OK:
			return n.Fail(1, "polling error")
		case ready == 0:
			return command.Exit(0)
		}
		if fds[0].Revents != 0 {
			r, e := n.Read(fd, n.buf[:])
			switch {
			case e != errno.OK && n.udp: // nobody listens there: nc goes on to the end of the input
				if !n.verbose {
					return command.Exit(1)
				}
				return n.Fail(1, "read: %s", e.Message())
			case e != errno.OK:
				return n.Fail(1, "read: %s", e.Message())
			case r == 0 && !n.udp:
				return command.Exit(0)
			}
			_, _ = n.Write(1, n.buf[:r])
		}
		if input && fds[1].Revents != 0 {
			r, e := n.Read(0, n.buf[:])
			if e != errno.OK || r == 0 {
				input = false
				if !n.udp {
					_ = n.Shutdown(fd, false, true)
				}
				continue
			}
			if e := n.writeAll(fd, n.buf[:r]); e != errno.OK {
				return n.Fail(1, "write: %s", e.Message())
			}
		}
	}
	return n.Verdict()
}

func (n *ncat) writeAll(fd int, b []byte) errno.Errno {
	for len(b) > 0 {
		w, e := n.Write(fd, b)
		if e != errno.OK {
			return e
		}
		b = b[w:]
	}
	return errno.OK
}
