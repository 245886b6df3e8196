package arp

import (
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
)

// Values are the constants of a kernel's ARP. A table reads them at each call, so that a
// sysctl that changes one takes effect at once. Its fields are what kernels differ in.
type Values struct {
	// Keep is how long an entry is good after its neighbour was heard: 1200 s. FreeBSD
	// netinet/if_ether.c arpt_keep (net.link.ether.inet.max_age), NetBSD netinet/if_arp.c
	// arpt_keep (net.inet.arp.keep).
	Keep time.Duration
	// Down is how long an entry without an answer is kept after the last request, and in
	// DragonFly how long nothing is asked after the last of MaxTries: 20 s. arpt_down
	// (net.link.ether.inet.wait, net.inet.arp.down).
	Down time.Duration
	// Prune is how often DragonFly looks for entries to free: 300 s (netinet/if_ether.c,
	// arpt_prune). 0 frees each at its time, as a callout does.
	Prune time.Duration
	// MaxTries is how many requests are sent before a sender is told that the host is
	// down: 5. arp_maxtries (net.link.ether.inet.maxtries).
	MaxTries int
	// MaxHold is how many packets wait for one neighbour, the newest: 1. arp_maxhold
	// (net.link.ether.inet.maxhold). Linux counts bytes: HeldBytes.
	MaxHold int
	// Refresh says that an entry in use is asked for again in its last MaxTries seconds,
	// by broadcast (la_preempt): FreeBSD and DragonFly. NetBSD 7.99's fast path never
	// comes to that code.
	Refresh bool
	// Pause says that after MaxTries requests nothing is asked for Down, and every packet
	// fails: DragonFly netinet/if_ether.c arpresolve (RTF_REJECT).
	Pause bool
	// ProxyAll answers for every address that the host reaches by another interface:
	// arp_proxyall (net.link.ether.inet.proxyall), off.
	ProxyAll bool
	// NoEntry is the errno for a neighbour of which no entry can be made, as its address
	// is not on the interface's net: EINVAL in FreeBSD, ENOMEM in NetBSD; DragonFly drops
	// the packet without a word (arpresolve).
	NoEntry errno.Errno

	// Probes is how many RFC 5227 probes go out for an address that is set on an
	// interface that is up: 3 in NetBSD (net.inet.ip.dad_count), 0 elsewhere. The first
	// is sent in up to ProbeWait (1 s), the others ProbeMin to ProbeMax (1 to 2 s) apart,
	// the first of Announcements (2) AnnounceWait (2 s) after the last, the next
	// AnnounceInterval (2 s) later. NetBSD netinet/if_inarp.h.
	Probes                         int
	ProbeWait, ProbeMin, ProbeMax  time.Duration
	Announcements                  int
	AnnounceWait, AnnounceInterval time.Duration
	// Gratuitous says that an address that is set, or an interface whose MAC changes,
	// announces itself at once: the BSDs' arp_ifinit. Linux has arp_notify, off.
	Gratuitous bool

	// Hardware are the hardware types that are understood; none means any. FreeBSD and
	// DragonFly arpintr, Linux net/ipv4/arp.c arp_process.
	Hardware []uint16
	// HardwareCopied says that a reply has the request's hardware type: DragonFly
	// in_arpinput. The others' ether_output writes Ethernet's.
	HardwareCopied bool
	// GroupSender says that a sender address with the group bit is refused, not the
	// broadcast address alone: FreeBSD in_arpinput.
	GroupSender bool
	// ZeroTarget says that a packet about 0.0.0.0 is left unread, and a sender 0.0.0.0
	// unlearnt whatever the routes say: NetBSD in_arpinput.
	ZeroTarget bool
	// NoBroadcastEntry says that no entry is made of a net's broadcast address: NetBSD
	// arp_rtrequest, Linux arp_constructor. The others take one who speaks from there for a
	// neighbour.
	NoBroadcastEntry bool
	// PermanentSilent says that one who would change a permanent entry gets no answer
	// either: NetBSD in_arpinput.
	PermanentSilent bool
	// LinkLocalBroadcast says that a reply for an address of 169.254/16 is broadcast (RFC
	// 3927): FreeBSD in_arpinput.
	LinkLocalBroadcast bool
	// OwnEntries says that the interface's own addresses are in the table, permanent.
	OwnEntries bool
	// LogMovements and LogPermanent say whether the console hears of a neighbour that has
	// moved and of an attempt to change a permanent entry (net.link.ether.inet.log_arp_movements,
	// log_arp_permanent_modify; net.inet.arp.log_movements, log_permanent_modify).
	LogMovements, LogPermanent bool

	// Limit is how many entries an interface has at most. Linux's gc_thresh3 is 1024; the
	// BSDs have none, and take ours. Beyond it the entry that ends first goes.
	Limit int

	// Linux is the state machine of Linux's net/core/neighbour.c; nil in the BSDs.
	Linux *Linux

	words words
}

// Linux are the constants of Linux's neighbours (net.ipv4.neigh.default.*, net/ipv4/arp.c
// arp_tbl).
type Linux struct {
	Retransmit time.Duration // between requests: 1 s (retrans_time_ms)
	Broadcasts int           // requests for one that is not known: 3 (mcast_solicit)
	Unicasts   int           // requests to one that has gone quiet: 3 (ucast_solicit)
	Reachable  time.Duration // 30 s (base_reachable_time_ms); each entry's is half to one and a half of it
	Delay      time.Duration // how long a stale entry in use waits for its neighbour: 5 s (delay_first_probe_time)
	Lock       time.Duration // how long an entry withstands another answer: 1 s (locktime)
	HeldBytes  int           // what waits for one neighbour, as the kernel counts it: 212992 (unres_qlen_bytes)
	Slack      time.Duration // how late its timers are, about: 24 ms (kernel/time/timer.c: a wheel of 32 ms steps)
}

// words are the kernel's messages. Their arguments are, in this order, the sender's MAC, its
// IP address, the interface and the MAC known till now; a message takes some of them.
type words struct {
	duplicate, moved, permanent, broadcast, group, hardware, tentative string
}

// ValuesOf returns the constants of a dialect.
func ValuesOf(d dialect.Dialect) Values {
	v := Values{
		Keep: 1200 * time.Second, Down: 20 * time.Second, MaxTries: 5, MaxHold: 1,
		Gratuitous: true, LogMovements: true, LogPermanent: true, Limit: 1024,
	}
	switch d {
	case dialect.FreeBSD:
		v.Refresh, v.GroupSender, v.LinkLocalBroadcast, v.OwnEntries = true, true, true, true
		v.NoEntry = errno.EINVAL
		v.Hardware = []uint16{1, 6, 7, 24, 32} // Ethernet, IEEE 802, ARCNET, FireWire, InfiniBand
		v.words = words{
			duplicate: "arp: %[1]s is using my IP address %[2]s on %[3]s!",
			moved:     "arp: %[2]s moved from %[4]s to %[1]s on %[3]s",
			permanent: "arp: %[1]s attempts to modify permanent entry for %[2]s on %[3]s",
			group:     "in_arp: %[1]s is multicast",
			hardware:  "arp: unknown hardware address format from %[1]s",
		}
	case dialect.DragonFly:
		v.Refresh, v.Pause, v.HardwareCopied = true, true, true
		v.Prune = 300 * time.Second
		v.Hardware = []uint16{1, 6}
		v.words = words{
			duplicate: "arp: %[1]s is using my IP address %[2]s!",
			moved:     "arp: %[2]s moved from %[4]s to %[1]s on %[3]s",
			permanent: "arp: %[1]s attempts to modify permanent entry for %[2]s on %[3]s",
			broadcast: "arp: link address is broadcast for IP address %[2]s!",
			hardware:  "arp: unknown hardware address format from %[1]s",
		}
	case dialect.NetBSD:
		v.ZeroTarget, v.NoBroadcastEntry, v.PermanentSilent, v.OwnEntries = true, true, true, true
		v.NoEntry = errno.ENOMEM
		v.Probes, v.ProbeWait, v.ProbeMin, v.ProbeMax = 3, time.Second, time.Second, 2*time.Second
		v.Announcements, v.AnnounceWait, v.AnnounceInterval = 2, 2*time.Second, 2*time.Second
		v.words = words{
			duplicate: "duplicate IP address %[2]s sent from link address %[1]s",
			moved:     "arp info overwritten for %[2]s by %[1]s",
			permanent: "%[1]s tried to overwrite permanent arp info for %[2]s",
			broadcast: "%[3]s: arp: link address is broadcast for IP address %[2]s!",
			tentative: "%[3]s: DAD detected duplicate IPv4 address %[2]s",
		}
	case dialect.Linux:
		v.Gratuitous, v.LogMovements, v.LogPermanent = false, false, false
		v.NoBroadcastEntry = true
		v.NoEntry = errno.EINVAL
		v.Hardware = []uint16{1, 6}
		v.Linux = &Linux{
			Retransmit: time.Second, Broadcasts: 3, Unicasts: 3, Reachable: 30 * time.Second,
			Delay: 5 * time.Second, Lock: time.Second, HeldBytes: 212992, Slack: 24 * time.Millisecond,
		}
	}
	return v
}
