package probe

import (
	"net/netip"
	"strconv"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// Traceroute is the command Traceroute.
func Traceroute() *command.Command {
	return command.New("traceroute", "show the routers on the way to a host",
		"traceroute [-In] [-f first_ttl] [-m max_ttl] [-q nqueries] [-w waittime] host", tracerouteMain)
}

// Of traceroute(8): its defaults, and the length of its ICMP packets.
const (
	traceHops    = 64
	traceQueries = 3
	traceWait    = 5 * time.Second
	traceLength  = 48 // IP header and all
)

// A tracer is a run of traceroute(8), which asks with echo requests: -I is always on.
type tracer struct {
	*command.Proc
	dst            netip.Addr
	first, hops, q int
	wait           time.Duration
	fd             int
	seq            uint16
	in             [1500]byte
}

func tracerouteMain(p *command.Proc) sys.Exit {
	t := &tracer{Proc: p, first: 1, hops: traceHops, q: traceQueries, wait: traceWait}
	g := command.Getopt{Args: p.Args()[1:]}
	for {
		opt, why := g.Next("If:m:nq:w:")
		if opt == 0 {
			break
		}
		n, err := 1, error(nil)
		switch opt {
		case 'f', 'm', 'q', 'w':
			n, err = strconv.Atoi(g.Arg)
		case 'I', 'n':
		default:
			p.Warn("%s", why)
			return p.MisuseWith(1)
		}
		if err != nil || n < 1 || n > 255 {
			return p.Fail(1, "\"%s\" bad value for -%c", g.Arg, opt)
		}
		switch opt {
		case 'f':
			t.first = n
		case 'm':
			t.hops = n
		case 'q':
			t.q = n
		case 'w':
			t.wait = time.Duration(n) * time.Second
		}
	}
	if len(g.Args) != 1 {
		return p.MisuseWith(1)
	}
	dst, ok := p.Resolve(g.Args[0])
	if !ok || !dst.Is4() {
		return p.Fail(1, "unknown host %s", g.Args[0])
	}
	if t.first > t.hops {
		return p.Fail(1, "first ttl (%d) may not be greater than max ttl (%d)", t.first, t.hops)
	}
	fd, e := p.Socket(inet.SocketICMP)
	if e != errno.OK {
		return p.Fail(1, "socket: %s", e.Message())
	}
	t.dst, t.fd = dst, fd
	p.Printf("traceroute to %s (%s), %d hops max, %d byte packets\n", g.Args[0], dst, t.hops, traceLength)
	return t.run()
}

func (t *tracer) run() sys.Exit {
	for ttl := t.first; ttl <= t.hops && !t.Dying(); ttl++ {
		t.Printf("%2d ", ttl)
		var last netip.Addr
		done, lost := false, 0
		for range t.q {
			from, took, mark, reached := t.probe(ttl)
			if t.Dying() {
				return t.Verdict()
			}
			if !from.IsValid() {
				t.Printf(" *")
				continue
			}
			if from != last {
				if last.IsValid() {
					t.Printf("\n   ")
				}
				t.Printf(" %s (%s)", from, from)
				last = from
			}
			t.Printf("  %.3f ms%s", float64(took/time.Microsecond)/1000, mark)
			done = done || reached
			if mark != "" {
				lost++
			}
		}
		t.Printf("\n")
		if done || lost > 0 && lost >= t.q-1 {
			break
		}
	}
	if t.Dying() {
		return t.Verdict()
	}
	return command.Exit(0)
}

// probe sends one request and waits for what it causes: from whom, how long that took,
// what an error says, and whether the host was reached.
func (t *tracer) probe(ttl int) (from netip.Addr, took time.Duration, mark string, reached bool) {
	t.seq++
	b := make(packet.ICMP, traceLength-packet.IPv4Len)
	b.SetEcho(packet.ICMPEcho, 0, t.seq)
	_ = t.SetSockOpt(t.fd, inet.IP_TTL, ttl)
	sent := t.Now()
	if _, e := t.SendTo(t.fd, b, netip.AddrPortFrom(t.dst, 0)); e != errno.OK && !t.Dying() {
		t.Warn("sendto: %s", e.Message())
	}
	for {
		left := sent + t.wait - t.Now()
		if left <= 0 || t.Dying() {
			return from, 0, "", false
		}
		n, e := t.Poll([]file.PollFD{{FD: t.fd, Events: kern.POLLIN}}, left)
		if e != errno.OK || n == 0 {
			continue
		}
		r, e := t.RecvMsg(t.fd, t.in[:], 0)
		if e != errno.OK {
			continue
		}
		m, err := packet.ParseICMP(t.in[:r.N])
		if err != nil {
			continue
		}
		if m.Type() == packet.ICMPEchoReply {
			if m.Seq() == t.seq {
				return r.From.Addr(), t.Now() - sent, "", true
			}
			continue
		}
		quote, err := packet.ParseIPv4Header(m.Payload())
		if err != nil {
			continue
		}
		if asked, err := packet.ParseICMP(quote.Payload()); err != nil || asked.Seq() != t.seq {
			continue
		}
		return r.From.Addr(), t.Now() - sent, traceMark(m), false
	}
}

// traceMark is what traceroute prints behind the time for an error.
func traceMark(m packet.ICMP) string {
	if m.Type() != packet.ICMPUnreachable {
		return ""
	}
	marks := []string{" !N", " !H", " !P", "", " !F", " !S"}
	if int(m.Code()) < len(marks) {
		return marks[m.Code()]
	}
	return " !<" + strconv.Itoa(int(m.Code())) + ">"
}
