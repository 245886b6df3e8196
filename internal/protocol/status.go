package protocol

// A Status is what a lab is like at an instant.
type Status struct {
	Type    string        `json:"type" ts:"kind"`
	N       uint64        `json:"n"`         // its number: the page says when it has taken it in
	At      int64         `json:"t" ts:"at"` // virtual nanoseconds since the lab began
	Rate    Rate          `json:"rate"`
	Paused  bool          `json:"paused"`
	Lag     int64         `json:"lag"`               // how far virtual time is behind, in nanoseconds of real time
	Slipped int64         `json:"slipped,omitempty"` // real time that it was too far behind to catch up with, likewise
	Steps   uint64        `json:"steps"`             // of the lab's loop
	Ended   bool          `json:"ended"`
	Why     string        `json:"why,omitempty"` // why it has ended, a sentence
	Procs   []ProcStatus  `json:"procs"`
	Ifaces  []IfaceStatus `json:"ifaces"`
	Viewers int           `json:"viewers"`
	Capture *Capture      `json:"capture,omitempty"` // only there if it lacks something
	Doors   []DoorStatus  `json:"doors,omitempty"`   // only there if the lab has doors
	Nodes   *[]NodeStatus `json:"nodes,omitempty"`   // only there if it has changed since the last state
	Drops   Drops         `json:"drops"`

	// What is plugged in where, of what the switches are like, and what is done to the frames
	// of links: only there if it has changed since the last state.
	Links    *[]Link        `json:"links,omitempty"`
	Switches *[]SwitchState `json:"switches,omitempty"`
	Impaired *[]ImpairState `json:"impaired,omitempty"`
}

// A Rate is how many virtual seconds a real second has; 0 is as fast as it goes.
type Rate int

// The rates that a page offers.
const (
	RealTime Rate = 1
	TenTimes Rate = 10
	Fastest  Rate = 0
)

// A Capture says what the lab's capture lacks.
type Capture struct {
	Missing uint64 `json:"missing"`       // frames that the server's disk did not take
	Why     string `json:"why,omitempty"` // why it takes none now; "" if it does again
}

// A DoorStatus is a door of the lab, into which a peer from outside may be plugged.
type DoorStatus struct {
	Port    string            `json:"port"`
	Kind    string            `json:"kind"`           // what the peer speaks: "websocket"
	At      string            `json:"at,omitempty"`   // where it connects to, if that is not the lab's address
	Shut    string            `json:"shut,omitempty"` // why nobody can, a sentence
	By      string            `json:"by,omitempty"`   // who is there
	Last    string            `json:"last,omitempty"` // why the last one went
	In      uint64            `json:"in"`             // frames
	Out     uint64            `json:"out"`
	Dropped map[string]uint64 `json:"dropped"` // frames that were lost at the door, by reason
}

// Drops are what this viewer was not shown.
type Drops struct {
	Events uint64 `json:"events"` // that were gone from the log
	Left   uint64 `json:"left"`   // that were only counted
}

// A ProcState is what a process does.
type ProcState string

// The states that there are.
const (
	Running  ProcState = "running"
	Ready    ProcState = "ready"
	Sleeping ProcState = "sleeping"
	Exited   ProcState = "exited"
	Stopped  ProcState = "stopped" // it was not started yet, or was stopped from outside
)

// A ProcStatus is a process at an instant.
type ProcStatus struct {
	Node    string    `json:"node"`
	Proc    string    `json:"proc"`
	PID     int       `json:"pid,omitempty"`
	PPID    int       `json:"ppid,omitempty"` // of the process that started it; 0 for the lab and the node's prompt
	State   ProcState `json:"state"`
	Wchan   string    `json:"wchan,omitempty"` // where it sleeps
	Fuel    int64     `json:"fuel"`
	CPU     float64   `json:"cpu"`               // share of its node's CPU over the last second of virtual time, 0 to 1
	Memory  int64     `json:"memory"`            // bytes
	Program string    `json:"program,omitempty"` // the name of its file
	Dropped int64     `json:"dropped,omitempty"` // bytes that it wrote to its console and that were dropped
	Exit    *Exit     `json:"exit,omitempty"`
}

// An Exit is how a process ended.
type Exit struct {
	Code int    `json:"code"`
	How  string `json:"how,omitempty"` // "exit", "trap", "killed" or "limit"
	Why  string `json:"why,omitempty"`
}

// An IfaceStatus is an interface at an instant.
type IfaceStatus struct {
	Port      string            `json:"port"`
	Kind      IfaceKind         `json:"kind"`
	MAC       string            `json:"mac,omitempty"`
	MTU       int               `json:"mtu,omitempty"`
	Addresses []string          `json:"addresses"` // as ifconfig has them: "10.0.0.1/24", "10.8.0.1 --> 10.8.0.2"
	Flags     []string          `json:"flags"`
	Link      string            `json:"link,omitempty"` // "up" or "down"
	QLen      int               `json:"qlen"`           // packets in its send queue, and how many that takes
	QMax      int               `json:"qmax"`
	Counters  map[string]uint64 `json:"counters"` // by the names that netstat(1) has
}

// A NodeStatus is how a node passes packets on.
type NodeStatus struct {
	Node     string  `json:"node"`
	Forward  bool    `json:"forward"`
	Forward6 bool    `json:"forward6"`
	Routes   []Route `json:"routes"`
}

// A Route is a line of netstat -rn.
type Route struct {
	To    string `json:"to"`
	Via   string `json:"via,omitempty"` // the gateway, "" if the destination is on the interface itself
	Dev   string `json:"dev,omitempty"`
	Flags string `json:"flags,omitempty"`
}
