// Package stp holds the spanning tree protocols of a bridge as values: RSTP with its
// fall-back to STP (IEEE 802.1D-2004, clauses 9 and 17), and the STP of a Linux
// kernel, which is that of 802.1D-1998 with a character of its own.
//
// A protocol takes what happened, with the time, and returns what is to be done. It
// keeps no clock, sets no timer and sends nothing: the bridge does.
package stp

import "time"

// State is what a port does with frames.
type State uint8

// The states. A port of RSTP is Disabled, Discarding, Learning or Forwarding; one of
// STP is also Listening, and calls Discarding blocking.
const (
	Disabled   State = iota // it has no link, or a guard has shut it
	Discarding              // neither learns nor forwards: blocking
	Listening               // of STP: neither, on its way to Learning
	Learning                // learns and does not forward
	Forwarding              // does both
)

var stateNames = [...]string{"disabled", "discarding", "listening", "learning", "forwarding"}

// String is the state's name in lower case.
func (s State) String() string { return stateNames[s] }

// Learns reports whether a port in the state learns source addresses.
func (s State) Learns() bool { return s >= Learning }

// Forwards reports whether a port in the state takes and sends frames.
func (s State) Forwards() bool { return s == Forwarding }

// Role is a port's part in the tree: 802.1D-2004, 17.7.
type Role uint8

// The roles. STP has no backup ports: its alternates are both.
const (
	DisabledPort Role = iota
	RootPort
	DesignatedPort
	AlternatePort
	BackupPort
)

var roleNames = [...]string{"disabled", "root", "designated", "alternate", "backup"}

// String is the role's name in lower case.
func (r Role) String() string { return roleNames[r] }

// Kind says what an Act is.
type Kind uint8

// The kinds of acts, with the fields that each uses besides Port.
const (
	Send      Kind = iota // put BPDU on the wire by Port
	SetState              // Port is in State from now on
	SetRole               // Port has Role from now on
	Flush                 // forget what was learned at Port
	ShortAge              // for the time Age, what was learned at Port ages after Age: STP's answer to a change
	Proposal              // a proposal was sent, or came in where Received
	Agreement             // an agreement was sent, or came in where Received
	Change                // a topology change was detected at Port, or heard of where Received
	Guard                 // Port was shut by a guard, for the reason Why
	Blocked               // a superior BPDU at Port was refused by a guard, for the reason Why
)

var kindNames = [...]string{"send", "state", "role", "flush", "short-age", "proposal", "agreement", "topology-change", "guard", "blocked"}

// String is the kind's name in lower case.
func (k Kind) String() string { return kindNames[k] }

// An Act is one thing to do, or to tell, as the outcome of what happened.
type Act struct {
	Kind     Kind
	Port     int // index of the port, from 0
	State    State
	Role     Role
	BPDU     []byte        // from the LLC header on; the receiver's to keep
	Age      time.Duration // ShortAge
	Received bool
	Why      string
}

// A Protocol is one bridge's part in a spanning tree. The times that it is given never
// go back. The acts that a method returns are valid until the next call.
type Protocol interface {
	// Link tells that the link at a port came up or went down.
	Link(now time.Duration, port int, up bool) []Act
	// Receive takes a BPDU, from the LLC header on, that came in at a port. What is no
	// valid BPDU is ignored; the error says why.
	Receive(now time.Duration, port int, bpdu []byte) ([]Act, error)
	// Tick does what is due by now.
	Tick(now time.Duration) []Act
	// Configure changes a port's cost, priority, edge and guards; the rest stays as it is.
	// A cost of 0 is that of its speed.
	Configure(now time.Duration, port int, change func(*PortConfig)) []Act
	// SetPriority changes the bridge's priority, a multiple of 4096.
	SetPriority(now time.Duration, priority uint16) []Act
	// Next is when Tick has something to do; false if never.
	Next() (time.Duration, bool)
	// Port is what a port is like.
	Port(port int) PortStatus
	// Bridge is what the bridge is like.
	Bridge() BridgeStatus
}

// A PortStatus is a port of a tree, for people to see.
type PortStatus struct {
	ID         PortID
	State      State
	Role       Role
	Cost       uint32
	Designated Vector // the best information on its segment
	Edge       bool   // RSTP: nobody else speaks there
	STP        bool   // RSTP: a neighbour made it fall back to STP
	Guarded    string // why a guard has shut it, "" where none has
}

// A BridgeStatus is a bridge of a tree, for people to see.
type BridgeStatus struct {
	ID       BridgeID
	Root     BridgeID
	Cost     uint32 // to the root
	RootPort int    // -1 at the root
	Changing bool   // a topology change is being told
}

// Config describes a bridge. Zero values are the defaults of 802.1D-2004, 17.14.
type Config struct {
	ID           BridgeID
	HelloTime    time.Duration // 2 s
	MaxAge       time.Duration // 20 s
	ForwardDelay time.Duration // 15 s
	TxHoldCount  int           // BPDUs a second and port; 6
	STP          bool          // force protocol version 0
	Ports        []PortConfig
}

// PortConfig describes a port. Edge counts when its link comes up (17.25).
type PortConfig struct {
	Priority     int    // 0 to 240 in steps of 16; 128 if negative
	Cost         uint32 // of the path; by Speed if 0
	Speed        uint64 // bits a second, 0 where it is not known
	Edge         bool   // AdminEdge: nobody speaks a spanning tree there
	AutoEdge     bool   // find that out
	Shared       bool   // not a point-to-point link: no proposals
	BPDUGuard    bool   // a BPDU shuts the port until its link comes again
	RootGuard    bool   // restrictedRole: it never becomes the root port (802.1Q, 13.27.64)
	RestrictedTC bool   // restrictedTcn: topology changes end here (802.1Q, 13.27.65)
}

// PathCost is the recommended cost of a path by its speed: 802.1D-2004, table 17-3.
func PathCost(bitsPerSecond uint64) uint32 {
	const limit = 200_000_000
	if bitsPerSecond == 0 {
		return 20_000 // as for 1 Gbit/s, which most links are
	}
	return uint32(max(1, min(limit, 20_000_000_000_000/max(bitsPerSecond, 1))))
}

const second = time.Second
