package ip4

import (
	"net/netip"
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip4/frag"
	"wireloom/vnet/inet/ip4/limit"
)

// Values are the constants and sysctls of one node's IPv4. They may change while the
// layer runs: it looks at each when it is needed. A name in parentheses is the sysctl of
// FreeBSD and DragonFly, after a stroke that of NetBSD where it is another. Its fields are what
// kernels and their owners choose.
type Values struct {
	// Dialect decides what no sysctl does.
	Dialect dialect.Dialect

	// Forwarding passes on packets for others (net.inet.ip.forwarding).
	Forwarding bool
	// SendRedirects tells a neighbour of a shorter way (net.inet.ip.redirect).
	SendRedirects bool
	// TTL is that of what is sent here, but for NetBSD's ICMP (net.inet.ip.ttl).
	TTL uint8
	// SourceRoute passes on source-routed packets (net.inet.ip.sourceroute / forwsrcrt).
	SourceRoute bool
	// AcceptSourceRoute takes those that end here (net.inet.ip.accept_sourceroute);
	// on NetBSD it is whether a source route may come at all (allowsrcrt).
	AcceptSourceRoute bool
	// ProcessOptions is 0 to ignore IP options, 1 to obey, 2 to refuse them
	// (net.inet.ip.process_options; FreeBSD only).
	ProcessOptions int
	// RandomID numbers packets at random, not by a counter (net.inet.ip.random_id / randomid).
	RandomID bool
	// CheckInterface takes a packet only by the interface that has its destination,
	// on nodes that don't forward (net.inet.ip.check_interface / checkinterface).
	CheckInterface bool
	// DirectedBroadcast lets a NetBSD router send broadcasts to a net of its own
	// (net.inet.ip.directed-broadcast).
	DirectedBroadcast bool

	// Limits are those of reassembly.
	frag.Limits

	// MaxDgram is how much a UDP socket's send buffer holds at first, and so its largest
	// datagram, in bytes of payload: for the host, which knows the socket's
	// (net.inet.udp.maxdgram / sendspace).
	MaxDgram int
	// RawMaxDgram is the same for raw sockets, ICMP header included
	// (net.inet.raw.maxdgram; NetBSD raw_ip.c, RIPSNDQ).
	RawMaxDgram int
	// UDPDF sets don't-fragment on a UDP datagram that fits (Linux ip_no_pmtu_disc 0).
	UDPDF bool
	// LoopMTU is lo0's MTU (net/if_loop.c, LOMTU; Linux drivers/net/loopback.c).
	LoopMTU int

	// BMCastEcho answers echo and timestamp requests to broadcast and multicast
	// addresses (net.inet.icmp.bmcastecho).
	BMCastEcho bool
	// MaskReply answers address mask requests (net.inet.icmp.maskrepl), with MaskFake
	// if that is not 0.0.0.0 (net.inet.icmp.maskfake; FreeBSD only).
	MaskReply bool
	MaskFake  netip.Addr
	// DropRedirect ignores redirects (net.inet.icmp.drop_redirect / rediraccept, negated).
	DropRedirect bool
	// LogRedirect writes each to the console (net.inet.icmp.log_redirect).
	LogRedirect bool
	// RedirectLife is how long a redirect counts, 0 for ever (NetBSD
	// net.inet.icmp.redirtimeout; Linux ip_rt_gc_timeout).
	RedirectLife time.Duration
	// QuoteLen is how many bytes behind the header an error quotes
	// (net.inet.icmp.quotelen / returndatabytes).
	QuoteLen int
	// ReplyFromInterface gives errors the first address of the interface by which the
	// packet came (net.inet.icmp.reply_from_interface); ReplySrc gives them that of
	// the interface it names (net.inet.icmp.reply_src).
	ReplyFromInterface bool
	ReplySrc           string
	// ReplyTTL is the TTL of ICMP that the kernel sends, 0 for TTL: NetBSD's
	// icmp_reflect takes 255.
	ReplyTTL uint8

	// Rates limit ICMP errors, replies and RSTs.
	limit.Rates

	// MTUDisc finds out path MTUs (net.inet.tcp.path_mtu_discovery / net.inet.ip.mtudisc).
	MTUDisc bool
	// MTULife is how long one is known (FreeBSD tcp_hostcache.c, TCP_HOSTCACHE_EXPIRE;
	// NetBSD net.inet.ip.mtudisctimeout; Linux net.ipv4.route.mtu_expires), 0 for ever.
	MTULife time.Duration
	// MinMTU is the least that a router is believed (FreeBSD TCP_MINMSS + 40; NetBSD
	// ip_icmp.c, icmp_mtudisc; Linux net.ipv4.route.min_pmtu).
	MinMTU int

	// MaxHostRoutes is how many routes ICMP may make. It is this lab's limit.
	MaxHostRoutes int
}

// ValuesOf returns what a kernel starts with.
func ValuesOf(d dialect.Dialect) Values {
	v := Values{
		Dialect:        d,
		SendRedirects:  true,
		TTL:            64,
		ProcessOptions: 1,
		Limits:         frag.LimitsOf(d),
		MaxDgram:       9216,
		RawMaxDgram:    9216,
		LoopMTU:        16384,
		QuoteLen:       8,
		Rates:          limit.RatesOf(d),
		MTUDisc:        true,
		MTULife:        time.Hour,
		MinMTU:         256,
		MaxHostRoutes:  256,
	}
	switch d {
	case dialect.DragonFly:
		v.RandomID = true // ip_input.c, ip_do_randomid
		v.MTULife = 0
		v.MinMTU = 296 // ip_icmp.c, icmp_input
	case dialect.NetBSD:
		v.SourceRoute, v.AcceptSourceRoute = true, true // measured
		v.RawMaxDgram = 8192
		v.LoopMTU = 33648
		v.RedirectLife = 600 * time.Second // ip_icmp.c
		v.ReplyTTL = 255
		v.MTULife = 10 * time.Minute
		v.MinMTU = 296
	case dialect.Linux:
		v.MaxDgram, v.RawMaxDgram = 65507, 65515
		v.UDPDF = true
		v.LoopMTU = 65536
		v.RedirectLife = 300 * time.Second
		v.QuoteLen = 548 // icmp.c, icmp_send: 576 bytes with both headers
		v.MTULife = 10 * time.Minute
		v.MinMTU = 552
	default:
	}
	return v
}

func (v *Values) replyTTL() uint8 {
	if v.ReplyTTL != 0 {
		return v.ReplyTTL
	}
	return v.TTL
}
