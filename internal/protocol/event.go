package protocol

import "wireloom/internal/decode"

// A Batch is what happened from one event up to, but not with, another: shown, counted,
// or gone. In a message most of its events are in a member parts, in short: see [Part].
type Batch struct {
	Type   string  `json:"type" ts:"kind"`
	N      uint64  `json:"n"` // its number: the page says when it has taken it in
	From   uint64  `json:"from"`
	Next   uint64  `json:"next"`
	Missed uint64  `json:"missed"` // events of the stretch that the server had no more
	Events []Event `json:"events"`
}

// An Event is one of Events.
type Event any

// Events has a value of each kind of event, by what its member k is.
var Events = map[string]any{
	"lab":     LabEvent{},
	"command": CommandEvent{},
	"start":   StartEvent{},
	"exit":    ExitEvent{},
	"call":    CallEvent{},
	"frame":   FrameEvent{},
	"drop":    DropEvent{},
	"learn":   LearnEvent{},
	"forget":  ForgetEvent{},
	"iface":   IfaceEvent{},
	"console": ConsoleEvent{},
	"signal":  SignalEvent{},
	"log":     LogEvent{},
	"panic":   PanicEvent{},
	"limit":   LimitEvent{},
	"step":    StepEvent{},
	"check":   CheckEvent{},
	"tree":    TreeEvent{},
	"left":    LeftEvent{},
	"":        OtherEvent{}, // what the page makes of a kind that it does not know
}

// A Fact is what every event has.
type Fact struct {
	Seq uint64 `json:"seq"`       // position in the lab's log
	At  int64  `json:"t" ts:"at"` // virtual nanoseconds since the lab began
	K   string `json:"k" ts:"kind"`
}

// OfProc says which process an event is of.
type OfProc struct {
	Node string `json:"node,omitempty"`
	Proc string `json:"proc,omitempty"`
	PID  int    `json:"pid,omitempty"`
}

// OfBytes are the bytes that an event is about.
type OfBytes struct {
	Data Hex `json:"data,omitempty"` // the beginning, if Size says so
	Size int `json:"size,omitempty"` // how many there are, if they are more than data has
}

// OfFrame is the frame that an event is about, if it is about one. A message has the
// bytes of a frame once: its other events say which one has them.
type OfFrame struct {
	Frame uint64  `json:"frame,omitempty"` // its identity, 0 for no frame
	As    *uint64 `json:"as,omitempty"`    // seq of the event that has the members below
	OfBytes
	Link LinkType        `json:"link,omitempty"` // what the frame begins with; "" is Ethernet where there is a sum
	Head int             `json:"head,omitempty"` // bytes of the driver's before the frame: the family of TUNSIFHEAD, or the address of TUNSLMODE
	Sum  *decode.Summary `json:"sum,omitempty"`
}

// A LabEvent begins a lab.
type LabEvent struct {
	Fact
	Text string `json:"text,omitempty"` // the scenario
	Seed int64  `json:"n,omitempty" ts:"seed"`
}

// A CommandEvent is something that came from outside.
type CommandEvent struct {
	Fact
	Op   string `json:"op,omitempty"`
	Node string `json:"node,omitempty"`
	Proc string `json:"proc,omitempty"`
	Port string `json:"port,omitempty"`
	Step uint64 `json:"n,omitempty" ts:"step"` // of the lab's loop, at which it was done
	Text string `json:"text,omitempty"`        // the command, as JSON
	// A frame's fields are those of a frame that came from outside.
	Frame uint64 `json:"frame,omitempty"`
	OfBytes
}

// A StartEvent begins a process.
type StartEvent struct {
	Fact
	OfProc
	Text string `json:"text,omitempty"` // the program's name
	Path string `json:"path,omitempty"` // the program's hash
}

// An ExitEvent ends a process.
type ExitEvent struct {
	Fact
	OfProc
	Code int64  `json:"n" ts:"code"`
	Op   string `json:"op,omitempty"`   // "exit", "trap", "killed" or "limit"
	Text string `json:"text,omitempty"` // why
	Fuel int64  `json:"fuel,omitempty"`
}

// A CallEvent is a system call that has returned.
type CallEvent struct {
	Fact
	OfProc
	OfFrame
	Op    string `json:"op,omitempty"`
	FD    int    `json:"fd,omitempty"`
	Path  string `json:"path,omitempty"`
	Len   int    `json:"len,omitempty"` // bytes asked for
	N     int64  `json:"n"`
	Errno string `json:"errno,omitempty"` // "" if it succeeded
	Began int64  `json:"began,omitempty"` // virtual nanoseconds
	Fuel  int64  `json:"fuel,omitempty"`
	Text  string `json:"text,omitempty"`
}

// A FrameEvent puts a frame on a link.
type FrameEvent struct {
	Fact
	OfFrame
	Port  string `json:"port,omitempty"` // the sender's
	Peer  string `json:"peer,omitempty"` // the receiver's
	Op    string `json:"op,omitempty"`   // "injected" or "output" if no node sent it
	Delay int64  `json:"n" ts:"delay"`   // virtual nanoseconds
}

// A DropEvent loses a frame.
type DropEvent struct {
	Fact
	OfFrame
	Port string `json:"port,omitempty"`
	Node string `json:"node,omitempty"`
	Op   string `json:"op,omitempty"`   // why, a word
	Text string `json:"text,omitempty"` // why, a sentence
}

// A LearnEvent puts an address into the table of a switch.
type LearnEvent struct {
	Fact
	Node string `json:"node,omitempty"` // the switch
	Port string `json:"port,omitempty"`
	Text string `json:"text,omitempty"`        // the address
	VLAN int64  `json:"n,omitempty" ts:"vlan"` // 0 where the switch knows none
}

// A ForgetEvent takes an address out of the table of a switch.
type ForgetEvent struct {
	Fact
	Node string `json:"node,omitempty"` // the switch
	Port string `json:"port,omitempty"`
	Text string `json:"text,omitempty"`        // the address
	Op   string `json:"op,omitempty"`          // why: "aged", "moved", "port-down", "vlan-left", "flushed" or "topology-change"
	VLAN int64  `json:"n,omitempty" ts:"vlan"` // 0 where the switch knows none
}

// An IfaceEvent changes an interface.
type IfaceEvent struct {
	Fact
	Node string `json:"node,omitempty"`
	Port string `json:"port,omitempty"`
	Op   string `json:"op,omitempty"`   // what changed
	Text string `json:"text,omitempty"` // a sentence
}

// A ConsoleEvent is what a process wrote. It may stand for many events.
type ConsoleEvent struct {
	Fact
	OfProc
	FD     int       `json:"fd,omitempty"`
	Text   string    `json:"text"`
	Data   Hex       `json:"data,omitempty"`   // the bytes, if text can't tell them
	Events uint64    `json:"events,omitempty"` // that this one stands for; 0 is this one alone
	To     uint64    `json:"to,omitempty"`     // the last of them
	Left   *LeftText `json:"left,omitempty"`   // what is left out behind text
	Tail   string    `json:"tail,omitempty"`   // what follows that
}

// LeftText is how much was left out: it came faster than people read.
type LeftText struct {
	Lines uint64 `json:"lines,omitempty"`
	Bytes uint64 `json:"bytes,omitempty"`
}

// A SignalEvent posts a signal to a process.
type SignalEvent struct {
	Fact
	OfProc
	Op   string `json:"op,omitempty"`   // its name
	Text string `json:"text,omitempty"` // what becomes of it
	Fuel int64  `json:"fuel,omitempty"`
}

// A LogEvent is a message of a node's kernel.
type LogEvent struct {
	Fact
	Node string `json:"node,omitempty"`
	Text string `json:"text,omitempty"`
}

// A PanicEvent says that the real kernel would have panicked.
type PanicEvent struct {
	Fact
	Node string `json:"node,omitempty"`
	Text string `json:"text,omitempty"` // why
}

// A LimitEvent says that a limit took effect.
type LimitEvent struct {
	Fact
	OfProc
	Port string `json:"port,omitempty"`
	Op   string `json:"op,omitempty"`   // which
	Text string `json:"text,omitempty"` // a sentence
	N    int64  `json:"n,omitempty"`    // the limit
	Fuel int64  `json:"fuel,omitempty"`
	// A frame's fields are those of the frame that it took effect on.
	Frame uint64 `json:"frame,omitempty"`
	OfBytes
}

// A StepEvent is a step of the scenario.
type StepEvent struct {
	Fact
	Op   string `json:"op,omitempty"`   // its name
	Text string `json:"text,omitempty"` // a sentence
}

// A CheckEvent is a check of the scenario that was decided.
type CheckEvent struct {
	Fact
	Op     string `json:"op,omitempty"`   // its name
	Text   string `json:"text,omitempty"` // a sentence
	Points int64  `json:"n,omitempty" ts:"points"`
	Errno  string `json:"errno,omitempty"` // "" if it passed
}

// A TreeEvent is a change in the spanning tree of a switch.
type TreeEvent struct {
	Fact
	Node string `json:"node,omitempty"` // the switch
	Port string `json:"port,omitempty"`
	Op   string `json:"op,omitempty"`   // what: "state", "role", "root", "proposal", "agreement", "topology-change", "flush", "short-age", "guard" or "blocked"
	Text string `json:"text,omitempty"` // the new state, role or root; "sent" or "received"; why
	N    int64  `json:"n,omitempty"`    // of a root the cost of the way there, of a flush how many addresses
}

// A LeftEvent stands for events of one process, port or node that the server only
// counts: there were too many. Its seq is that of the first.
type LeftEvent struct {
	Fact
	Of     string `json:"of"` // the kind of those events
	Node   string `json:"node,omitempty"`
	Proc   string `json:"proc,omitempty"`
	Port   string `json:"port,omitempty"`
	FD     int    `json:"fd,omitempty"`
	Events uint64 `json:"events"`
	Bytes  uint64 `json:"bytes,omitempty"`
	Lines  uint64 `json:"lines,omitempty"` // of text
	To     uint64 `json:"to"`              // the last of them
}

// An OtherEvent is of a kind that the page does not know, because the server is newer.
type OtherEvent struct {
	Seq  uint64 `json:"seq"`
	At   int64  `json:"t" ts:"at"`
	Name string `json:"k" ts:"name"` // of its kind
	Node string `json:"node,omitempty"`
	Text string `json:"text,omitempty"`
}
