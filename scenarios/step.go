package scenarios

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"wireloom/internal/decode"
	"wireloom/vnet"
)

// A Step is one thing done and checked, or several at once.
type Step struct {
	ID, Title, Why, Hint, Staff string
	Points                      int
	Needs                       []string
	Visible                     Audience // the least that sees it
	Stage                       string
	Line                        int    // in the file
	Source                      string // that line
	setup                       bool   // it is of a stage's setup

	Stop, Kill, Restart []Slot
	Start               []Start
	Faults              []Fault
	Stdin               []Stdin
	Wait                time.Duration
	Send                []Send
	Do                  []Do
	Run                 []Run
	Ping                []Ping
	Expect              []Expect
	Stdout              []Stdout
	Exit                []ExitWant
	Running             []Slot
	Budget              []Budget
	Counters            []Counters
	MACTable            []MACTable
	ARPTable            []ARPTable
	Routes              []Routes
	Device              []Device
}

// Start starts a program, with its slot's arguments where Argv is empty.
type Start struct {
	Slot
	Argv []string
}

// A Fault makes a link or an interface fail, or work again.
type Fault struct {
	Interface string // NODE:INTERFACE; State is its new state
	Up        bool
	Link      vnet.SetLink // where Link.Link is not empty: a whole link; or
	Frames    vnet.Fault   // frames of one direction
}

// Stdin types to a program.
type Stdin struct {
	Slot
	Text string
	EOF  bool
}

// Send puts frames onto a wire, or out of a node's interface.
type Send struct {
	Port   string // or Device
	Device string
	Out    bool // as if what is at Port had sent it
	Link   decode.Link
	Frame  []byte      // nil where it must be built when the run has told its values
	Fields []decode.KV // what it is built from then
	Hex    string      // or read from
	Cut    int         // only so many bytes; -1: all
	Repeat int
	Every  time.Duration
}

// Count is how many there may be.
type Count struct{ Min, Max int64 }

// String is "3", "1..3" or "2..".
func (c Count) String() string {
	switch {
	case c.Min == c.Max:
		return fmt.Sprint(c.Min)
	case c.Max == unbounded:
		return fmt.Sprintf("%d..", c.Min)
	}
	return fmt.Sprintf("%d..%d", c.Min, c.Max)
}

// has reports whether n is as many as there may be.
func (c Count) has(n uint64) bool { return n >= uint64(c.Min) && n <= uint64(c.Max) }

const unbounded = 1 << 62

// A Pattern is the fields that a frame must have.
type Pattern struct {
	fields []patternField
	wants  []decode.Want // nil where the run must tell first
	late   bool
}

type patternField struct {
	name   string
	op     decode.WantOp
	values []string
}

// Expect looks for frames at a port or a device.
type Expect struct {
	Port, Device string
	Direction    string // "in", "out" or "both"
	Link         decode.Link
	Within       time.Duration
	Since        string
	Count        Count
	Counted      bool // Count was given; else the first frame is enough
	Patterns     []Pattern
	List         bool // packets, not packet
	Strict       bool
	Only         bool
	ReplyTo      string
	Text         string // what is expected, for people
}

// Do makes system calls by hand.
type Do struct {
	Node, Process string
	Within        time.Duration
	Calls         []Call
}

// A Call is one system call, as at the prompt of a node's syscall command.
type Call struct {
	Text   string
	Result string // the answer wanted, in words
	Packet *Pattern
	Hex    string
	Prints string
}

// Run runs a command that nodes have.
type Run struct {
	Node    string
	Command []string // its words, or one text that is split at blanks
	Within  time.Duration
	Exit    int // -1: any
	Stdout  *Stdout
}

// Stdout is what a program prints.
type Stdout struct {
	Slot
	Contains, Lacks []string
	Matches         []*regexp.Regexp
	Equals          *string
	Within          time.Duration
	SinceStep       bool
	Stream          int // 1, 2, or 0 for both
}

// ExitWant is how a program ends.
type ExitWant struct {
	Slot
	Code   int // -1: any
	Signal string
	Trap   bool
	Limit  bool
	Within time.Duration
}

// Budget is what a program may use.
type Budget struct {
	Slot
	Fuel, Memory, PerPacket int64 // 0: any
	SinceStep               bool
}

// Counters are those of an interface.
type Counters struct {
	Interface string
	SinceStep bool
	Want      []CounterWant
}

// A CounterWant is one of them.
type CounterWant struct {
	Name  string
	Count Count
}

// MACTable is what a switch has learned.
type MACTable struct {
	Switch string
	Has    [][2]string // address and port
	Lacks  []string
	Count  *Count
}

// ARPTable is what a node has resolved.
type ARPTable struct {
	Node  string
	Has   []Resolved
	Lacks []netip.Addr
	Count *Count
}

// Resolved is an address with its MAC address.
type Resolved struct {
	Addr netip.Addr
	MAC  string
}

// Routes are those of a node.
type Routes struct {
	Node       string
	Has, Lacks []Route
}

// A Route is one; what is zero is not looked at.
type Route struct {
	To  netip.Prefix
	Via netip.Addr
	Dev string
}

// Device is the state of an interface.
type Device struct {
	Name       string // NODE:INTERFACE
	Missing    bool
	Open       *bool
	Flags      []string
	LacksFlags []string
	Link       string
	MTU, Queue *Count
	MAC        string
	Addresses  []netip.Addr
}

// Ping runs the node's ping command.
type Ping struct {
	Node    string
	To      netip.Addr
	Count   int
	Replies int
	Size    int
	Within  time.Duration // the longest that a reply may take; 0: any
	From    string        // the node that must have answered; fromAny: whoever; "": who has To in the file, if any has
}

// fromAny is From where it does not matter who has answered.
const fromAny = "any"

// checks reports whether the step checks something.
func (s *Step) checks() bool {
	n := len(s.Do) + len(s.Expect) + len(s.Stdout) + len(s.Exit) + len(s.Running) + len(s.Budget) + len(s.Counters) +
		len(s.MACTable) + len(s.ARPTable) + len(s.Routes) + len(s.Device)
	for _, r := range s.Run {
		if r.Exit >= 0 || r.Stdout != nil {
			n++
		}
	}
	return n+len(s.Ping) > 0
}

// idle reports whether the step holds where nothing happens at all: all that it checks
// is that something does not come, is not printed or not known; that a program is still
// there and has not used too much proves nothing beside it.
func (s *Step) idle() bool {
	c := *s
	c.Expect = without(s.Expect, func(x Expect) bool { return x.Count.Min == 0 && !x.List })
	c.Stdout = without(s.Stdout, func(x Stdout) bool { return len(x.Contains)+len(x.Matches) == 0 && x.Equals == nil })
	c.MACTable = without(s.MACTable, func(x MACTable) bool { return len(x.Has) == 0 && (x.Count == nil || x.Count.Min == 0) })
	c.ARPTable = without(s.ARPTable, func(x ARPTable) bool { return len(x.Has) == 0 && (x.Count == nil || x.Count.Min == 0) })
	c.Routes = without(s.Routes, func(x Routes) bool { return len(x.Has) == 0 })
	c.Ping = without(s.Ping, func(x Ping) bool { return x.Replies == 0 })
	c.Counters = without(s.Counters, func(x Counters) bool {
		return !slices.ContainsFunc(x.Want, func(w CounterWant) bool { return w.Count.Min > 0 })
	})
	if s.checks() && len(c.Expect)+len(c.Stdout)+len(c.MACTable)+len(c.ARPTable)+len(c.Routes)+len(c.Ping)+len(c.Counters) ==
		len(s.Expect)+len(s.Stdout)+len(s.MACTable)+len(s.ARPTable)+len(s.Routes)+len(s.Ping)+len(s.Counters) {
		return false // nothing is to be absent
	}
	c.Running = nil
	c.Budget = without(s.Budget, func(x Budget) bool { return x.PerPacket == 0 })
	return s.checks() && !c.checks()
}

// without is a list without some of its items.
func without[T any](list []T, which func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), which)
}

// acts reports whether the step does or checks anything.
func (s *Step) acts() bool {
	return s.checks() || len(s.Stop)+len(s.Kill)+len(s.Restart)+len(s.Start)+len(s.Faults)+len(s.Stdin)+len(s.Send)+len(s.Run) > 0 || s.Wait > 0
}

// name is the step's id, or one made of its line.
func (s *Step) name() string {
	if s.ID != "" {
		return s.ID
	}
	return fmt.Sprintf("line-%d", s.Line)
}

// describe is a step in words, for the log.
func (s *Step) describe() string {
	var out []string
	for _, a := range []struct {
		verb string
		what []Slot
	}{{"stop", s.Stop}, {"kill", s.Kill}, {"restart", s.Restart}} {
		for _, sl := range a.what {
			out = append(out, a.verb+" "+sl.String())
		}
	}
	for _, x := range s.Start {
		out = append(out, "start "+x.String())
	}
	for _, x := range s.Faults {
		out = append(out, "fault "+x.String())
	}
	for _, x := range s.Stdin {
		out = append(out, "type to "+x.String())
	}
	if s.Wait > 0 {
		out = append(out, "wait "+s.Wait.String())
	}
	for i := range s.Send {
		out = append(out, s.Send[i].String())
	}
	for _, x := range s.Do {
		out = append(out, fmt.Sprintf("do %d calls at %s", len(x.Calls), x.Node))
	}
	for _, x := range s.Run {
		out = append(out, fmt.Sprintf("run %s at %s", strings.Join(x.Command, " "), x.Node))
	}
	for _, x := range s.Ping {
		out = append(out, fmt.Sprintf("ping %v from %s", x.To, x.Node))
	}
	for i := range s.Expect {
		out = append(out, "expect "+strings.ReplaceAll(strings.ReplaceAll(s.Expect[i].Text, ":\n- ", ": "), "\n- ", "; "))
	}
	for i := range s.Stdout {
		out = append(out, "expect "+s.Stdout[i].String())
	}
	for i := range s.Exit {
		out = append(out, "expect "+s.Exit[i].String())
	}
	if len(out) == 0 {
		return "look at the state"
	}
	return strings.Join(out, ", ")
}

// String is the fault in words.
func (f Fault) String() string {
	switch {
	case f.Link.Link != "":
		return f.Link.String()
	case f.Interface == "":
		return f.Frames.String()
	}
	return f.Interface + map[bool]string{false: " down", true: " up"}[f.Up]
}

// String is the send in words.
func (s *Send) String() string {
	what := "a frame"
	if s.Frame != nil {
		what = fmt.Sprintf("%d bytes", len(s.Frame))
	}
	if s.Repeat > 1 {
		what += fmt.Sprintf(" %d times", s.Repeat)
	}
	if s.Device != "" {
		return "send " + what + " out of " + s.Device
	}
	return "send " + what + " at " + s.Port
}

// String is what is expected, in words.
func (x *Stdout) String() string {
	var parts []string
	for _, t := range x.Contains {
		parts = append(parts, fmt.Sprintf("contains %q", t))
	}
	for _, t := range x.Lacks {
		parts = append(parts, fmt.Sprintf("lacks %q", t))
	}
	for _, t := range x.Matches {
		parts = append(parts, "matches "+t.String())
	}
	if x.Equals != nil {
		parts = append(parts, fmt.Sprintf("is %q", *x.Equals))
	}
	what := "the output"
	if x.Node != "" {
		what += " of " + x.Slot.String()
	}
	return what + " " + strings.Join(parts, " and ")
}

// String is what is expected, in words.
func (x *ExitWant) String() string {
	how := ""
	switch {
	case x.Code >= 0:
		how = fmt.Sprintf(" with code %d", x.Code)
	case x.Signal != "":
		how = " by " + x.Signal
	case x.Trap:
		how = " by a trap"
	case x.Limit:
		how = " at a limit"
	}
	return fmt.Sprintf("%s ends%s within %v", x.Slot, how, x.Within)
}
