package ip6

// Stats are the counters of a host's IPv6 and ICMPv6, in the words of `netstat -s -p ip6` and
// `-p icmp6`, then ours.
type Stats struct {
	Total        uint64 // total packets received
	TooSmall     uint64 // with data size < data length, or smaller than a header
	BadVersion   uint64 // with incorrect version number
	BadOptions   uint64 // with bad options
	BadScope     uint64 // with addresses that may not be where they are
	Fragments    uint64 // fragments received
	FragDropped  uint64 // fragments dropped
	FragTimeout  uint64 // fragments dropped after timeout
	FragOverflow uint64 // fragments that exceeded limit
	Reassembled  uint64 // packets reassembled ok
	Delivered    uint64 // packets for this host
	Forwarded    uint64 // packets forwarded
	CantForward  uint64 // packets not forwardable
	RedirectSent uint64 // redirects sent
	Sent         uint64 // packets sent from this host
	NoRoute      uint64 // output packets discarded due to no route
	Fragmented   uint64 // output datagrams fragmented
	FragsSent    uint64 // fragments created
	CantFragment uint64 // datagrams that can't be fragmented
	NotMember    uint64 // multicast packets which we don't join
	TooManyHdr   uint64 // packets discarded due to too many headers

	Errors      uint64    // calls to icmp6_error
	CantError   uint64    // errors not generated because old message was icmp error or so
	TooFreq     uint64    // errors not generated because of rate limitation
	BadChecksum uint64    // bad checksums
	TooShort    uint64    // messages < minimum length
	BadNS       uint64    // bad neighbor solicitation messages
	BadNA       uint64    // bad neighbor advertisement messages
	BadRS       uint64    // bad router solicitation messages
	BadRA       uint64    // bad router advertisement messages
	BadRedirect uint64    // bad redirect messages
	PathChanged uint64    // path MTU changes
	Reflected   uint64    // message responses generated
	In, Out     Histogram // input and output histogram, by type

	HeldDropped uint64 // packets dropped as their neighbour did not answer, or for a newer one
	Evicted     uint64 // neighbours, path MTUs and redirects that went for others at the limit
	Refused     uint64 // prefixes, routers and groups beyond the limit
}

// A Histogram counts ICMPv6 messages by type: 1 to 4, 128 to 143, and all others together.
type Histogram [21]uint64

// Of is the count of a type.
func (h *Histogram) Of(typ uint8) uint64 { return h[slot(typ)] }

func (h *Histogram) add(typ uint8) { h[slot(typ)]++ }

func slot(typ uint8) int {
	switch {
	case 1 <= typ && typ <= 4:
		return int(typ)
	case 128 <= typ && typ <= 143:
		return int(typ-128) + 5
	}
	return 0
}
