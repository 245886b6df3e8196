package admin

import (
	"fmt"
	"slices"
	"strings"

	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/userland/command"
)

// A counter is a line of netstat -s. In its text % is the next number; {s}, {ies} and {es}
// make what is counted one or more, by the number before. on are the kernels that have the
// line: f(reebsd), d(ragonfly), n(etbsd).
type counter struct {
	on, text string
	n        []uint64
}

func count(on, text string, n ...uint64) counter { return counter{on, text, n} }

// write appends the line.
func (c counter) write(b *strings.Builder) {
	var last uint64
	n := c.n
	for rest := c.text; rest != ""; {
		i := strings.IndexAny(rest, "%{")
		if i < 0 {
			b.WriteString(rest)
			break
		}
		b.WriteString(rest[:i])
		rest = rest[i:]
		if rest[0] == '%' {
			last, n, rest = n[0], n[1:], rest[1:]
			fmt.Fprint(b, last)
			continue
		}
		word, after, _ := strings.Cut(rest[1:], "}")
		one := map[string]string{"s": "", "es": "", "ies": "y"}[word]
		if last != 1 {
			one = word
		}
		b.WriteString(one)
		rest = after
	}
	b.WriteByte('\n')
}

// statsProtocols are in the order in which FreeBSD's netstat goes through them.
var statsProtocols = []struct {
	name  string
	v6    bool
	lines func(s *inet.Stats) []counter
}{
	{"tcp", false, tcpCounters},
	{"udp", false, udpCounters},
	{"ip", false, ipCounters},
	{"icmp", false, icmpCounters},
	{"arp", false, arpCounters},
	{"ip6", true, ip6Counters},
	{"icmp6", true, icmp6Counters},
}

func knownProtocol(name string) bool {
	for _, x := range statsProtocols {
		if x.name == name {
			return true
		}
	}
	return false
}

// showStats prints the counters of one protocol, or of all of a family or both, by the
// words of the node's kernel's netstat: those lines for which something is counted.
func showStats(p *command.Proc, family, proto string) {
	stack, d := p.System().Stack(), p.System().Net.Dialect()
	var s inet.Stats
	if stack != nil {
		s = stack.Stats()
	}
	letter := "f"
	switch d {
	case dialect.DragonFly:
		letter = "d"
	case dialect.NetBSD:
		letter = "n"
	case dialect.FreeBSD, dialect.Linux:
	}
	var b strings.Builder
	for _, x := range statsProtocols {
		if proto != "" && x.name != proto || family == "inet" && x.v6 || family == "inet6" && !x.v6 || x.name == "arp" && letter == "d" {
			continue
		}
		b.WriteString(x.name + ":\n")
		for _, c := range x.lines(&s) {
			if c.on == "" || strings.Contains(c.on, letter) {
				c.write(&b)
			}
		}
	}
	p.Printf("%s", b.String())
}

func tcpCounters(all *inet.Stats) []counter {
	t := &all.TCP
	return []counter{
		count("", "\t% packet{s} sent", t.SndTotal),
		count("", "\t\t% data packet{s} (% byte{s})", t.SndPack, t.SndByte),
		count("", "\t\t% data packet{s} (% byte{s}) retransmitted", t.SndRexmitPack, t.SndRexmitByte),
		count("f", "\t\t% data packet{s} unnecessarily retransmitted", t.SndRexmitBad),
		count("fd", "\t\t% resend{s} initiated by MTU discovery", t.MTUResent),
		count("", "\t\t% ack-only packet{s} (% delayed)", t.SndAcks, t.DelAck),
		count("", "\t\t% window probe packet{s}", t.SndProbe),
		count("", "\t\t% window update packet{s}", t.SndWinUp),
		count("", "\t\t% control packet{s}", t.SndCtrl),
		count("", "\t% packet{s} received", t.RcvTotal),
		count("", "\t\t% ack{s} (for % byte{s})", t.RcvAckPack, t.RcvAckByte),
		count("", "\t\t% duplicate ack{s}", t.RcvDupAck),
		count("", "\t\t% ack{s} for unsent data", t.RcvAckTooMuch),
		count("", "\t\t% packet{s} (% byte{s}) received in-sequence", t.RcvPack, t.RcvByte),
		count("", "\t\t% completely duplicate packet{s} (% byte{s})", t.RcvDupPack, t.RcvDupByte),
		count("", "\t\t% old duplicate packet{s}", t.PAWSDrop),
		count("", "\t\t% packet{s} with some dup. data (% byte{s} duped)", t.RcvPartDupPack, t.RcvPartDupByte),
		count("", "\t\t% out-of-order packet{s} (% byte{s})", t.RcvOOPack, t.RcvOOByte),
		count("", "\t\t% packet{s} (% byte{s}) of data after window", t.RcvPackAfterWin, t.RcvByteAfterWin),
		count("", "\t\t% window probe{s}", t.RcvWinProbe),
		count("", "\t\t% window update packet{s}", t.RcvWinUpd),
		count("", "\t\t% packet{s} received after close", t.RcvAfterClose),
		count("", "\t\t% discarded for bad checksum{s}", t.RcvBadSum),
		count("", "\t\t% discarded for bad header offset field{s}", t.RcvBadOff),
		count("f", "\t\t% discarded due to memory problems", t.RcvMemDrop),
		count("", "\t% connection request{s}", t.ConnAttempt),
		count("", "\t% connection accept{s}", t.Accepts),
		count("", "\t% bad connection attempt{s}", t.BadSYN),
		count("fd", "\t% listen queue overflow{s}", t.ListenDrop),
		count("f", "\t% ignored RSTs in the windows", t.BadRST),
		count("", "\t% connection{s} established (including accepts)", t.Connects),
		count("", "\t% connection{s} closed (including % drop{s})", t.Closed, t.Drops),
		count("fd", "\t% embryonic connection{s} dropped", t.ConnDrops),
		count("n", "\t\t% embryonic connection{s} dropped", t.ConnDrops),
		count("", "\t% segment{s} updated rtt (of % attempt{s})", t.RTTUpdated, t.SegsTimed),
		count("", "\t% retransmit timeout{s}", t.RexmtTimeo),
		count("", "\t\t% connection{s} dropped by rexmit timeout", t.TimeoutDrop),
		count("fd", "\t% persist timeout{s}", t.PersistTimeo),
		count("fd", "\t\t% connection{s} dropped by persist timeout", t.PersistDrop),
		count("n", "\t% persist timeout{s} (resulting in % dropped connection{s})", t.PersistTimeo, t.PersistDrop),
		count("", "\t% keepalive timeout{s}", t.KeepTimeo),
		count("", "\t\t% keepalive probe{s} sent", t.KeepProbe),
		count("", "\t\t% connection{s} dropped by keepalive", t.KeepDrops),
		count("fd", "\t% syncache entr{ies} added", t.SCAdded),
		count("fd", "\t\t% retransmitted", t.SCRexmit),
		count("fd", "\t\t% dupsyn", t.SCDupSYN),
		count("fd", "\t\t% completed", t.SCCompleted),
		count("fd", "\t\t% cache overflow", t.SCOverflow),
		count("fd", "\t\t% reset", t.SCReset),
		count("fd", "\t\t% stale", t.SCTimedOut),
		count("fd", "\t\t% aborted", t.SCAborted),
		count("fd", "\t\t% badack", t.SCBadACK),
		count("fd", "\t\t% unreach", t.SCUnreach),
		count("n", "\t% SYN cache entr{ies} added", t.SCAdded),
		count("n", "\t\t% completed", t.SCCompleted),
		count("n", "\t\t% aborted (no space to build PCB)", t.SCAborted),
		count("n", "\t\t% timed out", t.SCTimedOut),
		count("n", "\t\t% dropped due to overflow", t.SCOverflow),
		count("n", "\t\t% dropped due to RST", t.SCReset),
		count("n", "\t\t% dropped due to ICMP unreachable", t.SCUnreach),
		count("n", "\t% SYN,ACK{s} retransmitted", t.SCRexmit),
		count("n", "\t% duplicate SYN{s} received for entries already in the cache", t.SCDupSYN),
		count("fd", "\t% SACK recovery episode{s}", t.SACKRecovery),
		count("fd", "\t\t% segment rexmit{s} in SACK recovery episodes", t.SACKRexmits),
		count("fd", "\t\t% byte rexmit{s} in SACK recovery episodes", t.SACKRexmitBytes),
		count("fd", "\t% SACK options (SACK blocks) sent", t.SACKSendBlocks),
		count("f", "\t% SACK scoreboard overflow", t.SACKOverflow),
	}
}

func udpCounters(all *inet.Stats) []counter {
	u := &all.UDP
	return []counter{
		count("", "\t% datagram{s} received", u.Received),
		count("", "\t% with incomplete header", u.IncompleteHead),
		count("", "\t% with bad data length field", u.BadLength),
		count("", "\t% with bad checksum", u.BadChecksum),
		count("fd", "\t% with no checksum", u.NoChecksum),
		count("", "\t% dropped due to no socket", u.NoSocket),
		count("f", "\t% broadcast/multicast datagram{s} undelivered", u.NoSocketGroup),
		count("dn", "\t% broadcast/multicast datagram{s} dropped due to no socket", u.NoSocketGroup),
		count("", "\t% dropped due to full socket buffers", u.FullBuffer),
		count("", "\t% delivered", u.Delivered),
		count("", "\t% datagram{s} output", u.Output),
	}
}

func ipCounters(all *inet.Stats) []counter {
	i := &all.IP4.IP
	return []counter{
		count("", "\t% total packet{s} received", i.Received),
		count("", "\t% bad header checksum{s}", i.BadSum),
		count("", "\t% with size smaller than minimum", i.TooSmall),
		count("", "\t% with data size < data length", i.TooShort),
		count("", "\t% with header length < data size", i.BadHeaderLen),
		count("", "\t% with data length < header length", i.BadLength),
		count("", "\t% with bad options", i.BadOptions),
		count("", "\t% with incorrect version number", i.BadVersion),
		count("", "\t% fragment{s} received", i.Fragments),
		count("", "\t% fragment{s} dropped (dup or out of space)", i.FragDropped),
		count("n", "\t% malformed fragment{s} dropped", i.BadFrags),
		count("", "\t% fragment{s} dropped after timeout", i.FragTimeout),
		count("", "\t% packet{s} reassembled ok", i.Reassembled),
		count("", "\t% packet{s} for this host", i.Delivered),
		count("", "\t% packet{s} for unknown/unsupported protocol", i.NoProto),
		count("", "\t% packet{s} forwarded (% packet{s} fast forwarded)", i.Forwarded, 0),
		count("", "\t% packet{s} not forwardable", i.CantForward),
		count("fd", "\t% packet{s} received for unknown multicast group", i.NotMember),
		count("", "\t% redirect{s} sent", i.RedirectSent),
		count("", "\t% packet{s} sent from this host", i.LocalOut),
		count("", "\t% output packet{s} dropped due to no bufs, etc.", i.OutDropped),
		count("", "\t% output packet{s} discarded due to no route", i.NoRoute),
		count("", "\t% output datagram{s} fragmented", i.Fragmented),
		count("", "\t% fragment{s} created", i.OutFragments),
		count("", "\t% datagram{s} that can't be fragmented", i.CantFrag),
		count("", "\t% datagram{s} with bad address in header", i.BadAddress),
	}
}

// icmpNames are those of icmp types, where the type has one.
var icmpNames = map[int]string{
	0: "echo reply", 3: "destination unreachable", 4: "source quench", 5: "routing redirect", 8: "echo", 9: "router advertisement",
	10: "router solicitation", 11: "time exceeded", 12: "parameter problem", 13: "time stamp", 14: "time stamp reply",
	15: "information request", 16: "information request reply", 17: "address mask request", 18: "address mask reply",
}

// histogram are the lines of messages by type, if there are any.
func histogram(title string, counts []uint64, name func(typ int) string) []counter {
	var out []counter
	for typ, n := range counts {
		if n == 0 {
			continue
		}
		if out == nil {
			out = append(out, count("", "\t"+title+" histogram:"))
		}
		out = append(out, count("", "\t\t"+name(typ)+": %", n))
	}
	return out
}

func icmpCounters(all *inet.Stats) []counter {
	i := &all.IP4.ICMP
	name := func(typ int) string {
		if n := icmpNames[typ]; n != "" {
			return n
		}
		return fmt.Sprintf("#%d", typ)
	}
	return slices.Concat([]counter{
		count("", "\t% call{s} to icmp_error", i.Errors),
		count("f", "\t% error{s} not generated in response to an icmp message", i.OldICMP),
		count("d", "\t% error{s} not generated 'cuz old message was icmp", i.OldICMP),
		count("n", "\t% error{s} not generated because old message was icmp", i.OldICMP),
	}, histogram("Output", i.Out[:], name), []counter{
		count("", "\t% message{s} with bad code fields", i.BadCode),
		count("f", "\t% message{s} less than the minimum length", i.TooShort),
		count("dn", "\t% message{s} < minimum length", i.TooShort),
		count("f", "\t% message{s} with bad checksum", i.BadSum),
		count("dn", "\t% bad checksum{s}", i.BadSum),
		count("", "\t% message{s} with bad length", i.BadLen),
		count("f", "\t% multicast echo requests ignored", i.BMCastEcho),
		count("f", "\t% multicast timestamp requests ignored", i.BMCastTstamp),
	}, histogram("Input", i.In[:], name), []counter{
		count("", "\t% message response{s} generated", i.Reflected),
		count("f", "\t% invalid return address{es}", i.BadAddr),
		count("f", "\t% no return route{s}", i.NoRoute),
		count("n", "\t% path MTU change{s}", i.PMTUChanged),
	})
}

func arpCounters(all *inet.Stats) []counter {
	var a inet.InterfaceARP // the sum of all interfaces, as the kernels count
	for i := range all.ARP {
		x := &all.ARP[i].Stats
		for to, n := range map[*uint64]uint64{
			&a.TxRequests: x.TxRequests, &a.TxReplies: x.TxReplies, &a.RxRequests: x.RxRequests, &a.RxReplies: x.RxReplies,
			&a.Received: x.Received, &a.Dropped: x.Dropped, &a.Timeouts: x.Timeouts, &a.DupIPs: x.DupIPs, &a.Group: x.Group,
			&a.BadProtocol: x.BadProtocol, &a.BadLength: x.BadLength, &a.ZeroTarget: x.ZeroTarget, &a.ZeroSender: x.ZeroSender,
			&a.NoInterface: x.NoInterface, &a.OwnSender: x.OwnSender, &a.GroupSender: x.GroupSender, &a.OverPermanent: x.OverPermanent,
			&a.Overwritten: x.Overwritten, &a.Deferred: x.Deferred, &a.DeferredSent: x.DeferredSent, &a.NoEntry: x.NoEntry,
		} {
			*to += n
		}
	}
	return []counter{
		count("f", "\t% ARP request{s} sent", a.TxRequests),
		count("f", "\t% ARP repl{ies} sent", a.TxReplies),
		count("f", "\t% ARP request{s} received", a.RxRequests),
		count("f", "\t% ARP repl{ies} received", a.RxReplies),
		count("f", "\t% ARP packet{s} received", a.Received),
		count("f", "\t% total packet{s} dropped due to no ARP entry", a.Dropped),
		count("f", "\t% ARP entr{ies} timed out", a.Timeouts),
		count("f", "\t% Duplicate IP{s} seen", a.DupIPs),
		count("n", "\t% packet{s} sent", a.TxRequests+a.TxReplies),
		count("n", "\t\t% reply packet{s}", a.TxReplies),
		count("n", "\t\t% request packet{s}", a.TxRequests),
		count("n", "\t% packet{s} received", a.Received),
		count("n", "\t\t% reply packet{s}", a.RxReplies),
		count("n", "\t\t% valid request packet{s}", a.RxRequests),
		count("n", "\t\t% broadcast/multicast packet{s}", a.Group),
		count("n", "\t\t% packet{s} with unknown protocol type", a.BadProtocol),
		count("n", "\t\t% packet{s} with bad (short) length", a.BadLength),
		count("n", "\t\t% packet{s} with null target IP address", a.ZeroTarget),
		count("n", "\t\t% packet{s} with null source IP address", a.ZeroSender),
		count("n", "\t\t% could not be mapped to an interface", a.NoInterface),
		count("n", "\t\t% packet{s} sourced from a local hardware address", a.OwnSender),
		count("n", "\t\t% packet{s} with a broadcast source hardware address", a.GroupSender),
		count("n", "\t\t% duplicate{s} for a local IP address", a.DupIPs),
		count("n", "\t\t% attempt{s} to overwrite a static entry", a.OverPermanent),
		count("n", "\t\t% entr{ies} overwritten", a.Overwritten),
		count("n", "\t% packet{s} deferred pending ARP resolution", a.Deferred),
		count("n", "\t\t% sent", a.DeferredSent),
		count("n", "\t\t% dropped", a.Dropped),
		count("n", "\t% failure{s} to allocate llinfo", a.NoEntry),
	}
}

func ip6Counters(all *inet.Stats) []counter {
	i := &all.IP6
	return []counter{
		count("", "\t% total packet{s} received", i.Total),
		count("", "\t% with data size < data length", i.TooSmall),
		count("", "\t% with bad options", i.BadOptions),
		count("", "\t% with incorrect version number", i.BadVersion),
		count("", "\t% fragment{s} received", i.Fragments),
		count("", "\t% fragment{s} dropped (dup or out of space)", i.FragDropped),
		count("", "\t% fragment{s} dropped after timeout", i.FragTimeout),
		count("", "\t% fragment{s} that exceeded limit", i.FragOverflow),
		count("", "\t% packet{s} reassembled ok", i.Reassembled),
		count("", "\t% packet{s} for this host", i.Delivered),
		count("", "\t% packet{s} forwarded", i.Forwarded),
		count("", "\t% packet{s} not forwardable", i.CantForward),
		count("", "\t% redirect{s} sent", i.RedirectSent),
		count("", "\t% packet{s} sent from this host", i.Sent),
		count("", "\t% output packet{s} discarded due to no route", i.NoRoute),
		count("", "\t% output datagram{s} fragmented", i.Fragmented),
		count("", "\t% fragment{s} created", i.FragsSent),
		count("", "\t% datagram{s} that can't be fragmented", i.CantFragment),
		count("", "\t% packet{s} that violated scope rules", i.BadScope),
		count("", "\t% multicast packet{s} which we don't join", i.NotMember),
		count("", "\t% packet{s} discarded because of too many headers", i.TooManyHdr),
	}
}

// icmp6Types are the types that are counted by themselves.
var icmp6Types = []struct {
	typ  uint8
	name string
}{
	{1, "unreach"},
	{2, "packet too big"},
	{3, "time exceed"},
	{4, "parameter problem"},
	{128, "echo"},
	{129, "echo reply"},
	{130, "multicast listener query"},
	{131, "MLDv1 listener report"},
	{132, "MLDv1 listener done"},
	{133, "router solicitation"},
	{134, "router advertisement"},
	{135, "neighbor solicitation"},
	{136, "neighbor advertisement"},
	{137, "redirect"},
	{138, "router renumbering"},
	{139, "node information request"},
	{140, "node information reply"},
	{143, "MLDv2 listener report"},
}

func icmp6Counters(all *inet.Stats) []counter {
	i := &all.IP6
	in, out := make([]uint64, len(icmp6Types)), make([]uint64, len(icmp6Types))
	for k, x := range icmp6Types {
		in[k], out[k] = i.In.Of(x.typ), i.Out.Of(x.typ)
	}
	name := func(k int) string { return icmp6Types[k].name }
	return slices.Concat([]counter{
		count("", "\t% call{s} to icmp6_error", i.Errors),
		count("f", "\t% error{s} not generated in response to an icmp6 message", i.CantError),
		count("dn", "\t% error{s} not generated because old message was icmp6 or so", i.CantError),
		count("", "\t% error{s} not generated because of rate limitation", i.TooFreq),
	}, histogram("Output", out, name), []counter{
		count("", "\t% message{s} < minimum length", i.TooShort),
		count("", "\t% bad checksum{s}", i.BadChecksum),
	}, histogram("Input", in, name), []counter{
		count("", "\t% message response{s} generated", i.Reflected),
		count("", "\t% bad neighbor solicitation message{s}", i.BadNS),
		count("", "\t% bad neighbor advertisement message{s}", i.BadNA),
		count("", "\t% bad router solicitation message{s}", i.BadRS),
		count("", "\t% bad router advertisement message{s}", i.BadRA),
		count("", "\t% bad redirect message{s}", i.BadRedirect),
		count("", "\t% path MTU change{s}", i.PathChanged),
	})
}
