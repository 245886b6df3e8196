package probe

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// Traceroute is the command traceroute.
func Traceroute() *command.Command {
	return command.New("traceroute", "show the routers on the way to a host",
		`traceroute [-InS] [-f first_ttl] [-m max_ttl] [-P proto] [-p port] [-q nqueries]
                  [-s src_addr] [-t tos] [-w waittime] [-z pausemsecs] host [packetlen]`, func(p *command.Proc) sys.Exit { return trace(p, false) })
}

// Traceroute6 is the command traceroute6.
func Traceroute6() *command.Command {
	return command.New("traceroute6", "show the routers on the way to a host, by IPv6",
		`traceroute6 [-In] [-f firsthop] [-m hoplimit] [-p port] [-q probes]
                   [-s src] [-w waittime] target [datalen]`, func(p *command.Proc) sys.Exit { return trace(p, true) })
}

// Of traceroute(8) and traceroute6(8): their defaults.
const (
	traceHops    = 64
	traceQueries = 3
	traceWait    = 5 * time.Second
	tracePort    = 32768 + 666
	traceMost    = 32768 // bytes of a packet

	traceUDP   = 52 // bytes of a packet of traceroute's, IP header and all: struct outdata on amd64
	traceICMP  = 48
	traceData6 = 20 // bytes behind the UDP or ICMPv6 header of traceroute6's
)

// A tracer is a run of traceroute(8). Its fields are what traceroute.c has as variables of the file.
type tracer struct {
	*command.Proc
	six            bool
	host           string
	dst, src       netip.Addr
	first, hops, q int
	port, tos      int
	wait, pause    time.Duration
	length         int // as it was given; 0 for the usual one
	icmp, numbers  bool
	summary        bool

	fd    int
	back  []back // where the errors about UDP probes are seen
	ident uint16
	seq   uint16
	in    [1500]byte
}

// A back is an interface that the answers to UDP probes may come in on. A BSD reads them from
// a raw socket, which nodes have not: they are captured instead, as they pass.
type back struct {
	capture *file.Capture
	fd      int
	header  int // bytes in front of the IP packet
}

// An echo is what came back for a probe.
type echo struct {
	from    netip.Addr // invalid: nothing came
	took    time.Duration
	mark    string // what an error says
	reached bool
}

func trace(p *command.Proc, six bool) sys.Exit {
	t := &tracer{Proc: p, six: six, first: 1, hops: traceHops, q: traceQueries, wait: traceWait, port: tracePort}
	if x, stop := t.options(); stop {
		return x
	}
	if x, stop := t.open(); stop {
		return x
	}
	return t.run()
}

// options reads the command line; stop says that the command ends with x.
func (t *tracer) options() (x sys.Exit, stop bool) {
	bad := func(format string, args ...any) (sys.Exit, bool) { return t.Fail(1, format, args...), true }
	letters := "If:M:m:nP:p:q:Ss:t:w:z:"
	if t.six {
		letters = "If:m:np:q:s:w:"
	}
	g := command.Getopt{Args: t.Args()[1:]}
	numbers := map[byte]struct {
		what      string
		to        *int
		low, high int
	}{
		'f': {"first ttl", &t.first, 1, 255}, 'M': {"first ttl", &t.first, 1, 255}, 'm': {"max ttl", &t.hops, 1, 255}, 'p': {"port", &t.port, 1, 65535},
		'q': {"nprobes", &t.q, 1, 255}, 't': {"tos", &t.tos, 0, 255},
	}
	for opt, why := g.Next(letters); opt != 0; opt, why = g.Next(letters) {
		switch opt {
		case 'I':
			t.icmp = true
		case 'n':
			t.numbers = true
		case 'S':
			t.summary = true
		case 'P':
			switch strings.ToLower(g.Arg) {
			case "icmp", "1":
				t.icmp = true
			case "udp", "17":
				t.icmp = false
			default:
				return bad("unknown protocol: %s", g.Arg)
			}
		case 's':
			a, ok := t.Resolve(g.Arg)
			if !ok || a.Is6() != t.six {
				return bad("unknown host %s", g.Arg)
			}
			t.src = a
		case 'w', 'z':
			n, err := strconv.ParseFloat(g.Arg, 64)
			if err != nil || n < 0 || opt == 'w' && n < 1 || n > 86400 {
				return bad("\"%s\" bad value for %s", g.Arg, map[byte]string{'w': "wait time", 'z': "pause msecs"}[opt])
			}
			if opt == 'w' {
				t.wait = time.Duration(n * float64(time.Second))
			} else {
				t.pause = time.Duration(n * float64(time.Millisecond))
			}
		default:
			o, ok := numbers[opt]
			if !ok {
				t.Warn("%s", why)
				return t.MisuseWith(1), true
			}
			n, err := strconv.ParseInt(g.Arg, 0, 32)
			switch {
			case err != nil:
				return bad("\"%s\" bad value for %s", g.Arg, o.what)
			case int(n) < o.low:
				return bad("%s must be >= %d", o.what, o.low)
			case int(n) > o.high:
				return bad("%s must be <= %d", o.what, o.high)
			}
			*o.to = int(n)
		}
	}
	if len(g.Args) < 1 || len(g.Args) > 2 {
		return t.MisuseWith(1), true
	}
	dst, ok := t.Resolve(g.Args[0])
	if !ok || dst.Is6() != t.six {
		return bad("unknown host %s", g.Args[0])
	}
	t.host, t.dst = g.Args[0], dst
	if t.first > t.hops {
		return bad("first ttl (%d) may not be greater than max ttl (%d)", t.first, t.hops)
	}
	if len(g.Args) == 2 {
		n, err := strconv.ParseInt(g.Args[1], 0, 32)
		if err != nil {
			return bad("\"%s\" bad value for packet length", g.Args[1])
		}
		if least := t.least(); int(n) < least || n > traceMost {
			return bad("packet size must be %d <= s <= %d", least, traceMost)
		}
		t.length = int(n)
	}
	return x, false
}

// least is the length of the shortest packet, which is the usual one.
func (t *tracer) least() int {
	switch {
	case t.six:
		return traceData6
	case t.icmp:
		return traceICMP
	}
	return traceUDP
}

// payload is how many bytes a probe has behind its UDP or ICMP header.
func (t *tracer) payload() int {
	n := max(t.length, t.least())
	if t.six {
		return n
	}
	return n - packet.IPv4Len - packet.UDPLen
}

// open makes the sockets and says what is traced.
func (t *tracer) open() (x sys.Exit, stop bool) {
	kind := inet.SocketUDP
	if t.icmp {
		kind = inet.SocketICMP
	}
	if t.six {
		kind += inet.SocketUDP6 - inet.SocketUDP
	}
	fd, e := t.Socket(kind)
	if e != errno.OK {
		return t.Fail(1, "socket: %s", e.Message()), true
	}
	t.fd, t.ident = fd, uint16(t.PID())|0x8000
	from := t.src
	if !from.IsValid() {
		from = netip.IPv4Unspecified()
		if t.six {
			from = netip.IPv6Unspecified()
		}
	}
	if e := t.Bind(fd, netip.AddrPortFrom(from, t.ident)); e != errno.OK {
		return t.Fail(1, "bind: %s", e.Message()), true
	}
	if t.tos != 0 {
		_ = t.SetSockOpt(fd, inet.IP_TOS, t.tos)
	}
	if t.own() {
		_ = t.Connect(fd, netip.AddrPortFrom(t.dst, uint16(t.port))) // the error comes to the socket
	} else if !t.icmp {
		if x, stop := t.listen(); stop {
			return x, true
		}
	}
	if !t.six {
		t.Printf("traceroute to %s (%s), %d hops max, %d byte packets\n", t.host, t.dst, t.hops, max(t.length, t.least()))
		return x, false
	}
	if !t.src.IsValid() {
		if t.src, e = sourceFor(t.Proc, t.dst, ""); e != errno.OK {
			return t.Fail(1, "connect: %s", e.Message()), true
		}
	}
	t.Printf("traceroute6 to %s (%s) from %s, %d hops max, %d byte packets\n", t.host, t.dst, t.src, t.hops, t.payload())
	return x, false
}

// own reports whether UDP probes go to an address of the node itself.
func (t *tracer) own() bool {
	if t.icmp {
		return false
	}
	if t.dst.IsLoopback() {
		return true
	}
	for _, i := range t.System().Kernel().Ifnets() {
		for _, a := range i.Addrs {
			if a.Valid() && a.Addr == t.dst {
				return true
			}
		}
	}
	return false
}

// listen begins to capture what may be an error about a probe.
func (t *tracer) listen() (x sys.Exit, stop bool) {
	for _, i := range t.System().Kernel().Ifnets() {
		b := back{header: 4}
		if i.Type == kern.IFT_ETHER {
			b.header = packet.EthernetLen
		}
		var e errno.Errno
		b.capture, b.fd, e = t.Capture(i.Name, file.Capturing{Snap: len(t.in), In: true, Own: true, Take: func(data []byte, _ int) bool {
			from, m, ok := t.message(data[min(b.header, len(data)):])
			_, about := t.about(m)
			return ok && from.IsValid() && about
		}})
		if e != errno.OK {
			return t.Fail(1, "%s: %s", i.Name, e.Message()), true
		}
		t.back = append(t.back, b)
	}
	return x, false
}

// message is the ICMP message in an IP packet, and who sent it.
func (t *tracer) message(b []byte) (from netip.Addr, m packet.ICMP, ok bool) {
	if t.six {
		ip, err := packet.ParseIPv6(b)
		if err != nil || ip.NextHeader() != packet.ProtoICMPv6 {
			return from, nil, false
		}
		m, err = packet.ParseICMP(ip.Payload())
		return ip.Src(), m, err == nil
	}
	ip, err := packet.ParseIPv4(b)
	if err != nil || ip.Protocol() != packet.ProtoICMP || ip.FragmentOffset() > 0 {
		return from, nil, false
	}
	m, err = packet.ParseICMP(ip.Payload())
	return ip.Src(), m, err == nil
}

// about is the number of the UDP probe that an error is about; ok is false for any other.
func (t *tracer) about(m packet.ICMP) (seq uint16, ok bool) {
	if len(m) < packet.ICMPLen {
		return 0, false
	}
	var dst netip.Addr
	var udp []byte
	if t.six {
		ip, err := packet.ParseIPv6Header(m.Payload())
		if err != nil || m.Type() != 1 && m.Type() != 3 || ip.NextHeader() != packet.ProtoUDP {
			return 0, false
		}
		dst, udp = ip.Dst(), m.Payload()[packet.IPv6Len:]
	} else {
		ip, err := packet.ParseIPv4Header(m.Payload())
		if err != nil || m.Type() != packet.ICMPUnreachable && m.Type() != packet.ICMPTimeExceeded || ip.Protocol() != packet.ProtoUDP {
			return 0, false
		}
		dst, udp = ip.Dst(), ip.Payload()
	}
	if dst != t.dst || len(udp) < 4 || uint16(udp[0])<<8|uint16(udp[1]) != t.ident {
		return 0, false
	}
	return uint16(udp[2])<<8 | uint16(udp[3]) - uint16(t.port), true
}

func (t *tracer) run() sys.Exit {
	for ttl := t.first; ttl <= t.hops && !t.Dying(); ttl++ {
		t.Printf("%2d ", ttl)
		var last netip.Addr
		done, failed, lost := false, 0, 0
		for i := range t.q {
			if t.pause > 0 && (i > 0 || ttl > t.first) {
				_ = t.Sleep(t.pause)
			}
			e := t.probe(ttl)
			if t.Dying() {
				return t.Verdict()
			}
			if !e.from.IsValid() {
				t.Printf(" *")
				lost++
				continue
			}
			if e.from != last {
				if last.IsValid() {
					t.Printf("\n   ")
				}
				if t.numbers {
					t.Printf(" %s", e.from)
				} else {
					t.Printf(" %s (%s)", e.from, e.from)
				}
				last = e.from
			}
			t.Printf("  %.3f ms%s", float64(e.took/time.Microsecond)/1000, e.mark)
			done = done || e.reached
			if e.mark != "" {
				failed++
			}
		}
		if t.summary {
			t.Printf(" (%d%% loss)", lost*100/t.q)
		}
		t.Printf("\n")
		if done || failed > 0 && failed >= t.q-1 {
			break
		}
	}
	if t.Dying() {
		return t.Verdict()
	}
	return command.Exit(0)
}

// probe sends one packet and waits for what it causes.
func (t *tracer) probe(ttl int) echo {
	t.seq++
	b, to := make([]byte, t.payload()), netip.AddrPortFrom(t.dst, uint16(t.port)+t.seq)
	switch {
	case t.icmp:
		m := append(make(packet.ICMP, packet.ICMPLen), b...)
		typ := packet.ICMPEcho
		if t.six {
			typ = packet.ICMPv6Echo
		}
		m.SetEcho(typ, t.ident, t.seq)
		b, to = m, netip.AddrPortFrom(t.dst, 0)
	case t.own():
		to = netip.AddrPort{}
	}
	_ = t.SetSockOpt(t.fd, inet.IP_TTL, ttl)
	sent := t.Now()
	if _, e := t.SendTo(t.fd, b, to); e != errno.OK && !t.Dying() {
		t.Warn("sendto: %s", e.Message())
		t.Printf("%s: wrote %s %d chars, ret=-1\n", t.Command().Name(), t.host, max(t.length, t.least()))
	}
	for {
		left := sent + t.wait - t.Now()
		if left <= 0 || t.Dying() {
			return echo{}
		}
		fds := []file.PollFD{{FD: t.fd, Events: kern.POLLIN}}
		for _, b := range t.back {
			fds = append(fds, file.PollFD{FD: b.fd, Events: kern.POLLIN})
		}
		if t.back != nil {
			fds[0].Events = 0
		}
		if n, e := t.Poll(fds, left); e != errno.OK || n == 0 {
			continue
		}
		got, ok := t.captured()
		if t.back == nil {
			got, ok = t.received()
		}
		if ok {
			got.took = t.Now() - sent
			return got
		}
	}
}

// captured looks for the answer to the probe among what has come in.
func (t *tracer) captured() (e echo, ok bool) {
	for _, b := range t.back {
		got, _ := b.capture.Take()
		for _, c := range got {
			from, m, _ := t.message(c.Data[min(b.header, len(c.Data)):])
			if seq, is := t.about(m); is && seq == t.seq && !ok {
				e, ok = t.answer(from, m), true
			}
		}
	}
	return e, ok
}

// received takes the answer to the probe from its socket.
func (t *tracer) received() (e echo, ok bool) {
	r, err := t.RecvMsg(t.fd, t.in[:], 0)
	if !t.icmp { // to the node itself: nobody listens there
		return echo{from: t.dst, reached: true}, err == errno.ECONNREFUSED
	}
	if err != errno.OK {
		return e, false
	}
	m, bad := packet.ParseICMP(t.in[:r.N])
	if bad != nil {
		return e, false
	}
	if typ := m.Type(); typ == packet.ICMPEchoReply && !t.six || typ == packet.ICMPv6EchoReply && t.six {
		return echo{from: r.From.Addr(), reached: true}, m.Seq() == t.seq
	}
	var quoted []byte
	if t.six {
		if h, err := packet.ParseIPv6Header(m.Payload()); err == nil {
			quoted = h[packet.IPv6Len:]
		}
	} else if h, err := packet.ParseIPv4Header(m.Payload()); err == nil {
		quoted = h.Payload()
	}
	asked, bad := packet.ParseICMP(quoted)
	if bad != nil || asked.Seq() != t.seq {
		return e, false
	}
	return t.answer(r.From.Addr(), m), true
}

// answer is what an error about the probe says.
func (t *tracer) answer(from netip.Addr, m packet.ICMP) echo {
	marks, unreachable, port := []string{"!N", "!H", "!P", "", "!F", "!S", "!U", "!W", "!I", "!A", "!Z", "!Q", "!T", "!X", "!V", "!C"}, packet.ICMPUnreachable, uint8(3)
	if t.six {
		marks, unreachable, port = []string{"!N", "!P", "!S", "!A", "", "!?"}, uint8(1), uint8(4)
	}
	e := echo{from: from}
	if m.Type() != unreachable {
		return e
	}
	switch code := m.Code(); {
	case code == port:
		e.reached = true
	case !t.six && code == 4:
		e.mark = " !F-" + strconv.Itoa(int(m.Rest()&0xffff))
	case int(code) < len(marks):
		e.mark = " " + marks[code]
	default:
		e.mark = " !<" + strconv.Itoa(int(code)) + ">"
	}
	return e
}
