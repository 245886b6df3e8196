package protocol

// A Hello is what a viewer is told first, each time that it connects.
type Hello struct {
	Type     string   `json:"type" ts:"kind"`
	Protocol int      `json:"protocol"`
	Lab      Lab      `json:"lab"`
	Topology Topology `json:"topology"`
	First    uint64   `json:"first"` // the oldest event that the server still has
	Next     uint64   `json:"next"`  // the event that it writes next
}

// A Lab says which one it is.
type Lab struct {
	ID       string   `json:"id"`
	Scenario string   `json:"scenario"`
	Title    string   `json:"title"`
	Seed     string   `json:"seed"` // a text: it may be larger than what the page counts exactly
	Version  string   `json:"version"`
	Brief    string   `json:"brief"` // Markdown
	Goal     string   `json:"goal"`  // what is to be reached, a sentence; "" if the scenario says none
	Tries    []Button `json:"tries"`
}

// A Button is something that the scenario offers to do: the command "try" does it.
type Button struct {
	N     uint64 `json:"n"`     // its number, from 1
	Label string `json:"label"` // what stands on it
	Look  string `json:"look"`  // what to look at then, a sentence; "" if nothing is said
	Says  string `json:"says"`  // what it does, in words
	Node  string `json:"node"`  // whose prompt it gives a line, "" if none
	Auto  bool   `json:"auto"`  // it was done when the lab began
}

// A Topology is what a lab is made of, as its scenario has it.
type Topology struct {
	Nodes    []Node   `json:"nodes"`
	Switches []Switch `json:"switches"`
	Links    []Link   `json:"links"`
	Doors    []Door   `json:"doors,omitempty"`
}

// A Door is a port of a switch whose cable leads out of the lab. Its other end is called
// "door:" and the port.
type Door struct {
	Port string `json:"port"`
	Kind string `json:"kind"` // what a peer there speaks: "websocket"
}

// A Node is a machine.
type Node struct {
	Name    string     `json:"name"`
	Dialect string     `json:"dialect"` // whose drivers it has: "freebsd"
	Ifaces  []Iface    `json:"ifaces"`
	Procs   []ProcSpec `json:"procs"`
}

// An IfaceKind is what an interface is.
type IfaceKind string

// The kinds of interfaces that there are.
const (
	NIC IfaceKind = "nic"
	Tap IfaceKind = "tap"
	Tun IfaceKind = "tun"
)

// An Iface is an interface of a node.
type Iface struct {
	Name      string    `json:"name"`
	Kind      IfaceKind `json:"kind"`
	MAC       string    `json:"mac"` // "" of a tun
	Addresses []string  `json:"addresses"`
	Port      string    `json:"port"` // the other end of its link, "" if it is plugged into nothing
}

// A ProcSpec is a process that the scenario has.
type ProcSpec struct {
	Name    string   `json:"name"`
	Argv    []string `json:"argv"`
	Slot    bool     `json:"slot"`    // it takes an uploaded program
	Program string   `json:"program"` // the name of its file, "" if there is none yet
}

// A Switch joins links.
type Switch struct {
	Name  string   `json:"name"`
	Ports []string `json:"ports"`
}

// A Link is a cable between two ports.
type Link struct {
	A     string `json:"a"`
	B     string `json:"b"`
	Delay int64  `json:"delay"` // one way, in virtual nanoseconds
}
