package ip4

import "wireloom/vnet/inet/ip4/frag"

// icmpTypes is how many types of ICMP are counted by themselves: those that are in use, up
// to the address mask reply. BSD's counters go up to type 40.
const icmpTypes = 19

// Stats count what happened, as `netstat -s -p ip` and `-p icmp` print it. Each comment is
// the meaning of the line that FreeBSD prints for it, unless it says otherwise.
type Stats struct {
	IP   IPStats
	ICMP ICMPStats
}

// IPStats are the counters of struct ipstat (netinet/ip_var.h), with its fields.
type IPStats struct {
	frag.Stats

	Received     uint64 // all packets that came
	BadSum       uint64 // wrong header checksum
	TooShort     uint64 // less data than the header says
	BadHeaderLen uint64 // header length too small, or beyond the data
	BadLength    uint64 // total length below the header's
	BadOptions   uint64 // options that were refused
	BadVersion   uint64 // a version that is not 4
	BadAddress   uint64 // addresses that no wire may carry (not printed)
	Delivered    uint64 // datagrams for this host
	NoProto      uint64 // of a protocol that nobody knows
	Forwarded    uint64 // packets passed on
	CantForward  uint64 // packets for others that were not
	RedirectSent uint64 // redirects sent
	LocalOut     uint64 // packets sent from here
	OutDropped   uint64 // packets lost as an interface took no more
	NoRoute      uint64 // packets not sent for want of a route
	Fragmented   uint64 // datagrams cut into fragments
	OutFragments uint64 // fragments made
	CantFrag     uint64 // datagrams that may not be cut
	NotMember    uint64 // multicasts to groups that this host is not in
}

// ICMPStats are the counters of struct icmpstat (netinet/icmp_var.h).
type ICMPStats struct {
	Errors       uint64            // calls of icmp_error
	OldShort     uint64            // no error: the packet was too short
	OldICMP      uint64            // no error: it was about ICMP
	Out          [icmpTypes]uint64 // sent, by type
	BadCode      uint64            // messages with a wrong code
	TooShort     uint64            // below 8 bytes
	BadSum       uint64            // wrong checksum
	BadLen       uint64            // shorter than their kind must be
	BMCastEcho   uint64            // echo requests to many that were ignored
	BMCastTstamp uint64            // timestamp requests to many that were ignored
	BadAddr      uint64            // no answer: the source is none
	NoRoute      uint64            // no answer: there is no way back
	Reflected    uint64            // answers to requests
	In           [icmpTypes]uint64 // received, by type
	PMTUChanged  uint64            // NetBSD: path MTUs learned
	Limited      uint64            // answers not sent because of a rate limit: this lab's counter
	BadRedirect  uint64            // redirects that were wrong (route's statistics)
	Redirected   uint64            // routes made or changed by redirects (route's statistics)
	RoutesFull   uint64            // not made, as Values.MaxHostRoutes are there: this lab's counter
}
