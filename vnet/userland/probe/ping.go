package probe

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
	"wireloom/vnet/signal"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// Ping is the command Ping.
func Ping() *command.Command {
	return command.New("ping", "send echo requests to a host",
		pingUsage, pingMain)
}

// pingStamp is the length of the time stamp in a request: two 32-bit words in
// network order, seconds and microseconds (ping.c, struct tv32).
const pingStamp = 8

// A pinger is a run of ping(8).
type pinger struct {
	*command.Proc
	opt  pingOptions
	fd   int
	id   uint16
	out  packet.ICMP // the request, its data filled in
	in   []byte
	sent int64
	rcvd int64
	dups int64
	late int64               // replies that came after -W
	seen [(1 << 16) / 8]byte // sequence numbers that were answered, by bit

	min, max, sum, sumsq float64 // ms
}

func pingMain(p *command.Proc) sys.Exit {
	opt, exit, stop := pingArgs(p)
	if stop {
		return exit
	}
	g := &pinger{Proc: p, opt: opt, id: uint16(p.PID()), min: math.MaxFloat64}
	kind, from := inet.SocketICMP, netip.IPv4Unspecified()
	if opt.six() {
		kind, from = inet.SocketICMP6, netip.IPv6Unspecified()
	}
	var e errno.Errno
	if g.fd, e = p.Socket(kind); e != errno.OK {
		return p.Fail(command.ExOSErr, "socket: %s", e.Message())
	}
	if x, failed := g.ready(from); failed {
		return x
	}
	g.out = make(packet.ICMP, packet.ICMPLen+opt.size)
	g.in = make([]byte, 1<<16)
	for i := pingStamp; i < opt.size; i++ {
		g.out.Payload()[i] = byte(i)
		if k := i - pingStamp; len(opt.pattern) > 0 {
			g.out.Payload()[i] = opt.pattern[k%len(opt.pattern)]
		}
	}
	if len(opt.pattern) > 0 && opt.quiet < 2 {
		p.Printf("PATTERN: 0x%x\n", opt.pattern)
	}
	p.Catch(signal.SIGINT)
	if opt.six() {
		from, e := sourceFor(g.Proc, opt.dst, opt.iface)
		if opt.src.IsValid() {
			from, e = opt.src, errno.OK
		}
		if e != errno.OK {
			return p.Fail(1, "UDP connect: %s", e.Message())
		}
		p.Printf("PING6(%d=40+8+%d bytes) %s --> %s\n", 40+len(g.out), opt.size, from, opt.dst)
		return g.loop()
	}
	source := ""
	if opt.src.IsValid() {
		source = " from " + opt.src.String()
	}
	p.Printf("PING %s (%s)%s: %d data bytes\n", opt.host, opt.dst, source, opt.size)
	return g.loop()
}

// ready binds the socket and gives it what the options say; failed means that the command
// ends with x.
func (g *pinger) ready(from netip.Addr) (x sys.Exit, failed bool) {
	if g.opt.iface != "" {
		if e := g.BindDevice(g.fd, g.opt.iface); e != errno.OK {
			return g.Fail(1, "%s: invalid interface name", g.opt.iface), true
		}
	}
	if g.opt.src.IsValid() {
		from = g.opt.src
	}
	if e := g.Bind(g.fd, netip.AddrPortFrom(from, g.id)); e != errno.OK {
		return g.Fail(command.ExOSErr, "bind: %s", e.Message()), true
	}
	if g.opt.ttl >= 0 {
		if e := g.SetSockOpt(g.fd, inet.IP_TTL, g.opt.ttl); e != errno.OK {
			return g.Fail(command.ExOSErr, "setsockopt: %s", e.Message()), true
		}
	}
	return x, false
}

// timing reports whether the data has room for a time stamp.
func (g *pinger) timing() bool { return g.opt.size >= pingStamp }

// loop is main's loop: a request each interval, and what comes in between. After
// the last request it waits for the last reply twice as long as the longest round
// trip, or the whole -W if there has been none.
func (g *pinger) loop() sys.Exit {
	began := g.Now()
	g.send()
	last, interval, almostDone := began, g.opt.interval, false
	for !g.Dying() {
		if g.TakeSignal() != 0 {
			return g.finish()
		}
		now := g.Now()
		left := max(last+interval-now, 0)
		if t := g.opt.timeout; t > 0 {
			if now-began >= t {
				return g.finish()
			}
			left = min(left, began+t-now)
		}
		fds := []file.PollFD{{FD: g.fd, Events: kern.POLLIN}}
		n, e := g.Poll(fds, left)
		if e != errno.OK {
			continue // EINTR
		}
		if n > 0 {
			g.receive()
			if g.opt.once && g.rcvd > 0 || g.opt.count > 0 && g.rcvd >= g.opt.count {
				return g.finish()
			}
			continue
		}
		if t := g.opt.timeout; g.Now() < last+interval || t > 0 && g.Now()-began >= t {
			continue // the turn of -t
		}
		if g.opt.count == 0 || g.sent < g.opt.count {
			g.send()
		} else {
			if almostDone {
				return g.finish()
			}
			almostDone = true
			interval = g.opt.wait
			if g.rcvd > 0 {
				interval = max(time.Duration(2*g.max/1000)*time.Second, time.Second)
			}
		}
		last = g.Now()
	}
	return g.Verdict()
}

// send sends the next request (ping.c, pinger).
func (g *pinger) send() {
	typ := packet.ICMPEcho
	if g.opt.six() {
		typ = packet.ICMPv6Echo
	}
	g.out.SetEcho(typ, g.id, uint16(g.sent))
	g.seen[uint16(g.sent)/8] &^= 1 << (g.sent % 8)
	if g.timing() {
		stamp := g.out.Payload()
		binary.BigEndian.PutUint32(stamp, uint32(g.Now()/time.Second))
		binary.BigEndian.PutUint32(stamp[4:], uint32(g.Now()%time.Second/time.Microsecond))
	}
	if _, e := g.SendTo(g.fd, g.out, netip.AddrPortFrom(g.opt.dst, 0)); e != errno.OK && !g.Dying() {
		g.notSent(e)
	}
	g.sent++
}

// receive takes a message and says what it is (ping.c, pr_pack).
func (g *pinger) receive() {
	n, from, ttl, e := g.RecvFrom(g.fd, g.in)
	switch {
	case e == errno.EINTR:
		return
	case e != errno.OK:
		g.Warn("recvmsg: %s", e.Message())
		return
	}
	m, err := packet.ParseICMP(g.in[:n])
	if err != nil {
		if g.opt.verbose {
			g.Warn("packet too short (%d bytes) from %s", n, from.Addr())
		}
		return
	}
	switch {
	case g.opt.six() && m.Type() != packet.ICMPv6EchoReply:
		g.showError6(m, from.Addr())
		return
	case !g.opt.six() && m.Type() != packet.ICMPEchoReply:
		g.showError(m, from.Addr())
		return
	}
	g.rcvd++
	trip := 0.0
	data := m.Payload()
	timed := g.timing() && len(data) >= pingStamp
	if timed {
		sent := time.Duration(binary.BigEndian.Uint32(data))*time.Second + time.Duration(binary.BigEndian.Uint32(data[4:]))*time.Microsecond
		trip = float64((g.Now().Truncate(time.Microsecond)-sent)/time.Microsecond) / 1000
		g.sum += trip
		g.sumsq += float64(trip * trip) // rounded: an arm64 multiplies and adds in one step otherwise (Go specification, Floating-point operators)
		g.min, g.max = min(g.min, trip), max(g.max, trip)
	}
	seq := m.Seq()
	dup := ""
	if g.seen[seq/8]&(1<<(seq%8)) != 0 {
		g.rcvd--
		g.dups++
		dup = " (DUP!)"
	} else {
		g.seen[seq/8] |= 1 << (seq % 8)
	}
	if g.opt.quiet > 1 {
		return
	}
	if g.opt.waitSet && trip > float64(g.opt.wait)/float64(time.Millisecond) {
		g.late++
		return
	}
	var line bytes.Buffer
	format := "%d bytes from %s: icmp_seq=%d ttl=%d"
	if g.opt.six() {
		format, dup = "%d bytes from %s, icmp_seq=%d hlim=%d", strings.TrimSpace(dup)
	}
	fmt.Fprintf(&line, format, n, from.Addr(), seq, ttl)
	if timed {
		fmt.Fprintf(&line, " time=%.3f ms", trip)
	}
	line.WriteString(dup)
	g.compare(&line, data)
	line.WriteByte('\n')
	g.Printf("%s", line.Bytes())
}

// compare says where the data of a reply is not that of the request; the time
// stamp is not looked at.
func (g *pinger) compare(line *bytes.Buffer, got []byte) {
	want := g.out.Payload()
	start := 0
	if g.timing() {
		start = pingStamp
	}
	for i := start; i < min(len(got), len(want)); i++ {
		if got[i] == want[i] {
			continue
		}
		fmt.Fprintf(line, "\nwrong data byte #%d should be 0x%x but was 0x%x", i, want[i], got[i])
		if g.opt.six() {
			return
		}
		dump := func(name string, b []byte) {
			fmt.Fprintf(line, "\n%s:", name)
			for i, c := range b {
				if i%16 == 8 {
					line.WriteString("\n\t")
				}
				fmt.Fprintf(line, "%2x ", c)
			}
		}
		dump("cp", got)
		dump("dp", want)
		return
	}
}

// finish prints the statistics: exit code 0 if anything was received, else 2.
func (g *pinger) finish() sys.Exit {
	var b bytes.Buffer
	name, dev, twice := "ping", "stddev", "printing up"
	if g.opt.six() {
		name, dev, twice = "ping6", "std-dev", "duplicating"
	}
	fmt.Fprintf(&b, "\n--- %s %s statistics ---\n", g.opt.host, name)
	fmt.Fprintf(&b, "%d packets transmitted, %d packets received, ", g.sent, g.rcvd)
	if g.dups > 0 {
		fmt.Fprintf(&b, "+%d duplicates, ", g.dups)
	}
	if g.sent > 0 {
		if g.rcvd > g.sent {
			fmt.Fprintf(&b, "-- somebody's %s packets!", twice)
		} else {
			fmt.Fprintf(&b, "%.1f%% packet loss", float64(g.sent-g.rcvd)*100/float64(g.sent))
		}
	}
	if g.late > 0 {
		fmt.Fprintf(&b, ", %d packets out of wait time", g.late)
	}
	b.WriteByte('\n')
	if g.rcvd > 0 && g.timing() {
		n := float64(g.rcvd + g.dups)
		avg := g.sum / n
		deviation := math.Sqrt(max(g.sumsq/n-float64(avg*avg), 0))
		fmt.Fprintf(&b, "round-trip min/avg/max/%s = %.3f/%.3f/%.3f/%.3f ms\n", dev, g.min, avg, g.max, deviation)
	}
	g.Printf("%s", b.Bytes())
	if g.rcvd > 0 {
		return command.Exit(0)
	}
	return command.Exit(2)
}
