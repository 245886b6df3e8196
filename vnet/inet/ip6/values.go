package ip6

import (
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip6/frag"
	"wireloom/vnet/inet/ip6/limit"
	"wireloom/vnet/inet/ip6/mld"
)

// Values are the constants of a kernel's IPv6. A layer reads them at each call, so that a
// sysctl that changes one takes effect at once. Files are of sys/netinet6 unless said. Its
// fields are what kernels differ in.
type Values struct {
	// HopLimit is that of packets whose sender says none, until a router says another:
	// 64 (IPV6_DEFHLIM, net.inet6.ip6.hlim).
	HopLimit uint8
	// AutoLinkLocal says that an interface that comes up gives itself fe80::/64 by its MAC
	// (in6_ifattach.c; net.inet6.ip6.auto_linklocal). FreeBSD's kernel does so too, though
	// its start-up scripts disable IPv6 on interfaces that rc.conf says nothing of.
	AutoLinkLocal bool
	// AcceptRA says that hosts obey router advertisements, on interfaces that were not told
	// otherwise: off in the BSDs (net.inet6.ip6.accept_rtadv), on in Linux (accept_ra).
	AcceptRA bool
	// Forward is whether the host is a router when it begins (net.inet6.ip6.forwarding).
	Forward bool

	// DADCount is how many solicitations ask whether an address is taken: 1
	// (net.inet6.ip6.dad_count, Linux's dad_transmits).
	DADCount int
	// JoinDelay is the most that the first report and solicitation for an address wait that
	// an interface gives itself: 1 s (MAX_RTR_SOLICITATION_DELAY, in6.c in6_update_ifa).
	JoinDelay time.Duration
	// DelayAll has addresses that a user sets wait so too: Linux's addrconf_dad_kick.
	DelayAll bool
	// Nonce puts RFC 7527's option into these solicitations: Linux's enhanced_dad.
	Nonce bool
	// DetachOnDown has addresses probed for again when their interface comes up: NetBSD's
	// in6_if_link_down and Linux's addrconf_ifdown. In FreeBSD and DragonFly they stay.
	DetachOnDown bool
	// FlushOnDown has an interface that goes down forget its neighbours: Linux's neigh_ifdown.
	FlushOnDown bool

	// Retransmit is the time between solicitations: 1 s (RETRANS_TIMER, nd6.h), MulticastTries and
	// UnicastTries how many there are: 3 and 3 (net.inet6.icmp6.nd6_mmaxtries, nd6_umaxtries).
	Retransmit                   time.Duration
	MulticastTries, UnicastTries int
	// Slack is how late Linux's timers are, about: 24 ms (kernel/time/timer.c: a wheel of 32
	// ms steps).
	Slack time.Duration
	// Reachable is the base of the time that a neighbour is reachable: 30 s, of which
	// chance takes half to one and a half (REACHABLE_TIME, ND_COMPUTE_RTIME). Each interface
	// draws it once every Redraw: 2 h (nd6_slowtimo).
	Reachable, Redraw time.Duration
	// Delay is how long a stale neighbour in use is given before it is asked: 5 s
	// (net.inet6.icmp6.nd6_delay).
	Delay time.Duration
	// MaxHints is how often in a row a TCP's word is enough that a neighbour is reachable: 0 in
	// the BSDs, whose kernels have the call and leave it off (nd6_nud_hint;
	// net.inet6.icmp6.nd6_maxnudhint). Below 0 it always is: Linux's dst_confirm.
	MaxHints int
	// Collect is when a stale neighbour that nobody uses is forgotten: 24 h (nd6_gctimer).
	Collect time.Duration
	// MaxHold is how many packets wait for a neighbour, the newest: 1 (nd6_maxqueuelen,
	// net.inet6.icmp6.nd6_maxqueuelen). Linux holds 212992 bytes of buffers: about 256.
	MaxHold int
	// TargetSource has advertisements come from the address they are about, and requests
	// that no packet waits for from the link-local one: Linux's ndisc.c. The BSDs choose a
	// source by the destination, as for any packet.
	TargetSource bool
	// NeighbourSource has solicitations of those refused that are on none of the interface's
	// nets (nd6_nbr.c nd6_ns_input; net.inet6.icmp6.nd6_onlink_ns_rfc4861 is 0).
	NeighbourSource bool
	// DisableDuplicate turns IPv6 off on an interface whose link-local address is taken:
	// FreeBSD's and NetBSD's nd6_dad_duplicated.
	DisableDuplicate bool

	// MLD is multicast listener discovery. AlertFirst has its router alert before the padding
	// of the header, as Linux's; KAME's mld6.c has it behind.
	MLD        mld.Values
	AlertFirst bool
	// RouterGroups has a router join the groups of all routers (ff01::2, ff02::2, ff05::2): Linux's
	// dev_forward_change. In the BSDs rtadvd(8) joins ff02::2, as Advertise does.
	RouterGroups bool
	// NodeInformation has an interface join ff02::2:x:x, the group of the host's name
	// (in6_ifattach.c in6_nigroup).
	NodeInformation bool

	// Solicitations is how many times a host asks for routers of itself: 0 in the BSDs,
	// where rtsol(8) asks, RTSolCount (3) times SolicitInterval (4 s) apart. Linux asks
	// until it is told, the time doubling to an hour: -1.
	Solicitations   int
	RTSolCount      int
	SolicitInterval time.Duration

	// Errors limits ICMPv6 errors and redirects.
	Errors limit.Values
	// SendRedirects and AcceptRedirects are net.inet6.ip6.redirect and
	// net.inet6.icmp6.rediraccept; a redirect that is obeyed holds for RedirectTimeout, 600 s
	// (net.inet6.icmp6.redirtimeout).
	SendRedirects, AcceptRedirects bool
	RedirectTimeout                time.Duration
	// PathMTUTimeout is how long a path MTU below the link's is remembered: 600 s (icmp6.c
	// pmtu_expire, in6_rmx.c); FreeBSD's host cache keeps it an hour (netinet/tcp_hostcache.c).
	PathMTUTimeout time.Duration
	// EchoTrafficClass has a reply carry the request's traffic class: Linux's icmpv6_echo_reply.
	EchoTrafficClass bool
	// QuoteArrived has a router quote a packet with the hop limit that it came with: Linux's
	// ip6_forward. KAME's ip6_forward.c has counted it down by then.
	QuoteArrived bool
	// TellEach has each packet answered that waited for a neighbour that does not, not the
	// first alone: Linux's neigh_invalidate.
	TellEach bool
	// AtomicFragments has packets for a path whose MTU is said to be below 1280 carry a
	// fragment header instead (RFC 2460 section 5; ip6_output.c alwaysfrag). Linux has done away
	// with it (RFC 8021).
	AtomicFragments bool
	// NoRoute is the errno of a packet that no route takes: EHOSTUNREACH in the BSDs
	// (in6_src.c in6_selectif), ENETUNREACH in Linux.
	NoRoute errno.Errno
	// FlowLabels says that sockets that connect have a flow label (net.inet6.ip6.auto_flowlabel).
	FlowLabels bool

	// Fragments is reassembly. When the time of a datagram is over, ICMPv6 3/1 is sent if its
	// first fragment came.
	Fragments frag.Values
	// MaxHeaders is the most extension headers of a packet: 50 (ip6_hdrnestlimit).
	MaxHeaders int
	// Limits of tables; what is beyond them is not kept, and counted. The kernels have some:
	// net.inet6.ip6.maxifprefixes 16, maxifdefrouters 16, maxdynroutes 4096 in NetBSD.
	MaxAddresses, MaxPrefixes, MaxRouters, MaxNeighbours, MaxLearned int
}

// ValuesOf returns the constants of a dialect.
func ValuesOf(d dialect.Dialect) Values {
	v := Values{
		HopLimit: 64, AutoLinkLocal: true,
		DADCount: 1, JoinDelay: time.Second,
		Retransmit: time.Second, MulticastTries: 3, UnicastTries: 3,
		Reachable: 30 * time.Second, Redraw: 2 * time.Hour, Delay: 5 * time.Second, Collect: 24 * time.Hour,
		MaxHold: 1, NeighbourSource: true, NodeInformation: true,
		MLD:        mld.Values{Version: 1, Again: 10 * time.Second, Limit: 256},
		RTSolCount: 3, SolicitInterval: 4 * time.Second,
		Errors: limit.Values{Second: 100}, SendRedirects: true, AcceptRedirects: true, RedirectTimeout: 600 * time.Second,
		PathMTUTimeout: 600 * time.Second, NoRoute: errno.EHOSTUNREACH, FlowLabels: true, AtomicFragments: true,
		Fragments: frag.Values{Timeout: 60 * time.Second, Datagrams: 200, Fragments: 200}, MaxHeaders: 50,
		MaxAddresses: 64, MaxPrefixes: 16, MaxRouters: 16, MaxNeighbours: 1024, MaxLearned: 1024,
	}
	switch d {
	case dialect.FreeBSD:
		v.MLD.Version, v.MLD.Tick, v.MLD.Again = 2, 200*time.Millisecond, 3*time.Second
		v.Errors.Off = 1
		v.PathMTUTimeout = time.Hour
		v.DisableDuplicate = true
	case dialect.DragonFly:
	case dialect.NetBSD:
		v.DetachOnDown, v.DisableDuplicate = true, true
	case dialect.Linux:
		v.MLD.Version, v.MLD.Again, v.MLD.Together, v.AlertFirst = 2, time.Second, true, true
		v.AcceptRA, v.DelayAll, v.Nonce, v.DetachOnDown, v.FlushOnDown, v.RouterGroups = true, true, true, true, true, true
		v.TargetSource, v.NeighbourSource, v.NodeInformation, v.Fragments.OverlapEnds = true, false, false, true
		v.MaxHold, v.Slack, v.AtomicFragments = 256, 24*time.Millisecond, false
		v.EchoTrafficClass, v.QuoteArrived, v.TellEach = true, true, true
		v.MaxHints = -1
		v.Solicitations = -1
		v.Errors = limit.Values{Second: -1, Peer: time.Second, Burst: 6}
		v.NoRoute = errno.ENETUNREACH
	}
	return v
}
