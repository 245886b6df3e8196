package arp

// Stats are the counters of an interface's ARP: those that FreeBSD's `netstat -s -p arp`
// shows, then NetBSD's further ones, then ours.
type Stats struct {
	TxRequests uint64 // ARP requests sent
	TxReplies  uint64 // ARP replies sent
	RxRequests uint64 // ARP requests received
	RxReplies  uint64 // ARP replies received
	Received   uint64 // ARP packets received
	Dropped    uint64 // packets dropped as their neighbour did not answer, or for a newer one
	Timeouts   uint64 // entries timed out
	DupIPs     uint64 // packets of others that have an address of ours as their own

	Group         uint64 // broadcast and multicast packets received
	BadProtocol   uint64 // packets of another protocol or hardware
	BadLength     uint64 // packets too short, or with other sizes of addresses
	ZeroTarget    uint64 // packets about 0.0.0.0
	ZeroSender    uint64 // packets from 0.0.0.0: probes
	NoInterface   uint64 // packets for an interface without an address
	OwnSender     uint64 // packets that have our MAC as their sender
	GroupSender   uint64 // packets whose sender's MAC is that of a group
	OverPermanent uint64 // attempts to change a permanent entry
	Overwritten   uint64 // entries that have another MAC now
	Deferred      uint64 // packets that had to wait for their neighbour
	DeferredSent  uint64 // of these, those that were sent
	NoEntry       uint64 // entries that could not be made, as the address is not on the net

	Evicted uint64 // entries that went for others at the limit
}
