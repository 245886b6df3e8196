// Package event holds the closed set of facts that a lab's log is made of, their
// canonical encoding, the run's hash over it, and the log itself: readers that
// miss nothing are called at each append, viewers read a bounded window through
// cursors and are told what they missed. Nobody slows the lab.
package event

import (
	"time"

	"wireloom/vnet/packet"
)

// Kind says what an Event is a fact about. The set is closed: the encoding, the
// stream and the page know each one.
type Kind uint8

// The kinds, with the fields of Event that each uses besides Seq, At and Kind.
const (
	Lab     Kind = iota + 1 // a lab begins: Text scenario, N seed, Data canonical configuration
	Command                 // something from outside: Op, N loop step, Node, Proc, Text the command as JSON; of a frame Port, Frame, Link, Data
	Start                   // a process begins: Node, Proc, PID, Text program name, Path program hash
	Exit                    // a process ends: Node, Proc, PID, N exit code, Op "exit" "trap" "killed" "limit", Text why, Fuel
	Call                    // a system call returned: Node, Proc, PID, Op, FD, Path, Len asked, N result, Errno, Began, Fuel, Frame, Link, Head, Data, Text
	Frame                   // a frame is put on a link: Port sender, Peer receiver, Op "" "injected" "output", N delay in ns, Frame identity, Link, Head, Data
	Drop                    // a frame is lost: Port where, Op reason, Text sentence, Frame, Link, Head, Data
	Learn                   // a switch learns: Node switch, Port, Text MAC, N VLAN
	Forget                  // a switch forgets: Node switch, Port, Text MAC, N VLAN, Op "aged" "moved" "port-down" "vlan-left" "flushed" "topology-change"
	Iface                   // an interface changed: Node, Port, Op what, Text sentence
	Console                 // a process wrote to its console: Node, Proc, PID, FD, Data
	Signal                  // a signal was posted, or taken by a handler: Node, Proc, PID, Op name, Text what becomes of it, Fuel
	Message                 // a kernel message: Node, Text
	Panic                   // this kernel would have panicked: Node, Text why
	Limit                   // a limit took effect: Node, Proc, PID, Op which, Text sentence, N the limit
	Step                    // a scenario step ran: Op id, Text sentence
	Check                   // a scenario check was decided: Op id, Text sentence, N points, Errno 0 passed
	Tree                    // a spanning tree: Node switch, Port, Op "state" "role" "root" "proposal" "agreement" "topology-change" "flush" "short-age" "guard" "blocked", Text the value, N its number
	kinds
)

var kindNames = [kinds]string{
	Lab: "lab", Command: "command", Start: "start", Exit: "exit", Call: "call", Frame: "frame", Drop: "drop",
	Learn: "learn", Forget: "forget", Iface: "iface", Console: "console", Signal: "signal", Message: "log",
	Panic: "panic", Limit: "limit", Step: "step", Check: "check",
	Tree: "tree",
}

// String returns the kind's name in lower case, as the stream spells it.
func (k Kind) String() string {
	if k.Valid() {
		return kindNames[k]
	}
	return "invalid"
}

// Valid reports whether k is one of the closed set.
func (k Kind) Valid() bool { return k > 0 && k < kinds }

// An Event is one fact in a lab's log. It is flat, so that appending one
// allocates nothing; the table at Kind says which fields a kind uses, the others
// are zero. Data and the strings are only borrowed by Append.
type Event struct {
	Seq   uint64        // position in the log, from 0
	At    time.Duration // virtual time since the lab began
	Kind  Kind
	Node  string        // node or switch
	Proc  string        // name of the process' slot
	PID   int           // process id on its node
	Port  string        // an end of a link: "alice:em0", "s1.2"
	Peer  string        // the other end
	Path  string        // path of the file, or hash of the program
	Op    string        // which call, reason or limit
	FD    int           // file descriptor
	Len   int           // bytes asked for
	N     int64         // result
	Errno uint16        // BSD error number, 0 is success
	Began time.Duration // when a call that returns at At was made
	Fuel  int64         // units of fuel that the process has used so far
	Frame uint64        // identity of the frame, the same along its whole way; 0 is none
	Link  packet.Link   // what Data starts with where it is a frame, behind Head; else NoLink
	Head  uint8         // bytes before the frame in Data: what a tun puts there, its family or a socket address
	Text  string        // for people
	Data  []byte        // bytes of the frame, call or console
}
