package protocol

// A SwitchState is what has changed of a switch since the last state that told of it.
type SwitchState struct {
	Switch string      `json:"switch"`
	Now    *SwitchNow  `json:"now,omitempty"`   // only there if it has changed
	Ports  []PortState `json:"ports,omitempty"` // those that have changed
}

// A SwitchNow is what a switch is like, but for its ports.
type SwitchNow struct {
	Dialect string      `json:"dialect"` // "standard" or "linux"
	Tree    *TreeState  `json:"tree,omitempty"`
	Known   []VLANState `json:"known,omitempty"` // the first VLANs in which it knows addresses
	More    int         `json:"more,omitempty"`  // how many others there are
}

// A TreeState is what a switch knows of its spanning tree.
type TreeState struct {
	ID        string `json:"id"`                 // "8000.025300010000"
	Root      string `json:"root"`               // likewise
	Cost      int64  `json:"cost"`               // of the way there; 0 at the root
	RootPort  string `json:"rootPort,omitempty"` // "" at the root
	Changing  bool   `json:"changing"`           // it tells of a change of the topology
	Changes   uint64 `json:"changes"`            // that it has detected or heard of
	ChangedAt int64  `json:"changedAt"`          // virtual nanoseconds, of the last of them
}

// A VLANState is how many addresses a switch knows in a VLAN.
type VLANState struct {
	VLAN      int `json:"vlan"` // 0 where it knows no VLANs
	Addresses int `json:"addresses"`
}

// A PortLink is the link of a port.
type PortLink string

// What it may be.
const (
	LinkUp   PortLink = "up"
	LinkDown PortLink = "down" // nothing is plugged in, or the other end is off
	LinkOff  PortLink = "off"  // the port is switched off
)

// A PortState is a port of a switch.
type PortState struct {
	Port     string   `json:"port"`
	Link     PortLink `json:"link"`
	State    string   `json:"state,omitempty"` // "disabled", "discarding", "listening", "learning" or "forwarding"
	Role     string   `json:"role,omitempty"`  // "" where there is no spanning tree; else "disabled", "root", "designated", "alternate" or "backup"
	Cost     int64    `json:"cost,omitempty"`
	Flags    []string `json:"flags,omitempty"`    // "edge": nobody else speaks a spanning tree there; "stp": a neighbour makes it speak STP
	Guarded  string   `json:"guarded,omitempty"`  // why a guard has shut it
	Access   int      `json:"access,omitempty"`   // the VLAN of an access port
	Native   int      `json:"native,omitempty"`   // of a trunk: that of frames without a tag
	Tagged   string   `json:"tagged,omitempty"`   // of a trunk: VLANs whose frames have a tag, as "10,20-30"
	Untagged string   `json:"untagged,omitempty"` // others whose frames leave without one
	In       uint64   `json:"in,omitempty"`       // frames
	Out      uint64   `json:"out,omitempty"`
	Flooded  uint64   `json:"flooded,omitempty"`
	Learned  uint64   `json:"learned,omitempty"` // addresses
	Moved    uint64   `json:"moved,omitempty"`

	Dropped []DropCount `json:"dropped,omitempty"` // of the frames that came in
}

// A DropCount is how many frames were dropped for a reason.
type DropCount struct {
	Why string `json:"why"`
	N   uint64 `json:"n"`
}

// An ImpairState is what is done to the frames that leave a port, in the words of tc netem.
type ImpairState struct {
	Port       string   `json:"port"`
	Words      []string `json:"words,omitempty"`  // a text for each stage; none: the link is plain again
	Stages     []string `json:"stages,omitempty"` // what they mean, as tc shows it
	Waiting    int      `json:"waiting,omitempty"`
	Entered    uint64   `json:"entered,omitempty"` // this and what follows: since the words were said
	Lost       uint64   `json:"lost,omitempty"`
	Marked     uint64   `json:"marked,omitempty"`
	Duplicated uint64   `json:"duplicated,omitempty"`
	Corrupted  uint64   `json:"corrupted,omitempty"`
	Reordered  uint64   `json:"reordered,omitempty"`
	Full       uint64   `json:"full,omitempty"`    // that found no room in a queue
	Dropped    uint64   `json:"dropped,omitempty"` // by CoDel
	Came       uint64   `json:"came,omitempty"`    // frames that came out, with copies
	Mean       int64    `json:"mean,omitempty"`    // nanoseconds that they took
	Least      int64    `json:"least,omitempty"`
	Longest    int64    `json:"longest,omitempty"`
}

// SetPort switches a port of a switch off or on.
type SetPort struct {
	Port string `json:"port"`
	Link string `json:"link"` // "down" or "up"
}

// SetVLAN says which VLANs a port is a member of: of one without tags, or of those of a trunk.
type SetVLAN struct {
	Port   string `json:"port"`
	Access int    `json:"access"` // 0 for a trunk
	Native int    `json:"native"` // of a trunk; 0 for none
	Trunk  string `json:"trunk"`  // of a trunk, as "10,20-30"
}

// Impair says what is done to the frames of a link.
type Impair struct {
	Port  string   `json:"port"`
	Way   string   `json:"way"`   // "out": frames that leave the port, "in": that come in by it; "" for both
	Words []string `json:"words"` // of tc netem, a text for each stage; none: nothing
}

// Plug connects two ends that have no link.
type Plug struct {
	A     string `json:"a"`
	B     string `json:"b"`
	Delay int64  `json:"delay"` // nanoseconds
}

// Unplug takes the link away that an end has.
type Unplug struct {
	Port string `json:"port"`
}

// Table asks for the addresses that a switch knows. The result is a [TableResult].
type Table struct {
	Switch string `json:"switch"`
	VLAN   int    `json:"vlan"` // -1 for all
}

// A TableResult is the beginning of a switch's table.
type TableResult struct {
	Entries []TableEntry `json:"entries"`
	Total   int          `json:"total"` // how many there are
}

// A TableEntry is an address that a switch knows.
type TableEntry struct {
	MAC    string `json:"mac"`
	VLAN   int    `json:"vlan"` // 0 where it knows no VLANs
	Port   string `json:"port"`
	Seen   int64  `json:"seen"`   // virtual nanoseconds since the lab began
	Static bool   `json:"static"` // it does not age
}
