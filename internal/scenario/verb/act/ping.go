package act

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet/event"
	"wireloom/vnet/packet"
)

func init() { verb.Register(verb.Frames, 4, ping{}) }

// ping pings from a node.
type ping struct{}

func (ping) Name() string { return "ping" }
func (ping) Doc() string  { return "Ping from a node, as its ping command does." }

func (ping) Shape() *format.Shape {
	return format.Many(format.Object(
		format.Field{Name: "node", Shape: format.Name, Required: true, Doc: "Who pings."},
		format.Field{Name: "to", Shape: format.TextOf("an IP address, or a node", 64), Required: true, Doc: "Whom: an address, or a node, which is its first address in this file."},
		format.Field{Name: "count", Shape: format.Number(1, 1000), Doc: "How many requests, one a second; 3 where it is not given."},
		format.Field{Name: "replies", Shape: format.Number(0, 1000), Doc: "How many must be answered; all where it is not given."},
		format.Field{Name: "size", Shape: format.Number(0, 65507), Doc: "Bytes of data; 56 where it is not given."},
		format.Field{Name: "within", Shape: format.Duration(time.Minute), Doc: "The longest that a reply may take; not looked at where it is not given."},
		format.Field{Name: "from", Shape: format.Name, Doc: "The node that must have answered, or any; where it is not given, the node that has the address in this file, if one has."},
	), 16)
}

// pinged is the address that stands at v, or that of the node.
func pinged(v *format.Value, s *verb.Scope) netip.Addr {
	if a, err := netip.ParseAddr(v.Text); err == nil && a.Zone() == "" {
		return a
	}
	a, has := s.Lab.Hosts()[v.Text]
	switch {
	case has:
	case strings.ContainsAny(v.Text, ".:"):
		s.Mistakes.At(v, "to is %s, want an IP address, such as 10.0.0.2, or a node", format.Shown(v))
	case s.Node(v) != "":
		s.Mistakes.At(v, "node %s has no address in this file: say the address that it is to have", v.Text)
	}
	return a
}

// fromAny is from where it does not matter who has answered.
const fromAny = "any"

func (ping) Parse(v *format.Value, s *verb.Scope) verb.Step {
	x := &pinging{
		node: s.Node(v.Get("node")), to: pinged(v.Get("to"), s), count: format.Or(v.Get("count"), 3), size: format.Or(v.Get("size"), 56),
		within: format.Or(v.Get("within"), noTime), from: v.Get("from").String(),
	}
	x.replies = format.Or(v.Get("replies"), x.count)
	if f := v.Get("from"); f != nil {
		if x.from != fromAny {
			s.Node(f)
		}
		if x.replies == 0 {
			s.Mistakes.At(f, "nobody answers where no replies are wanted")
		}
	}
	if x.replies > x.count {
		s.Mistakes.At(v.Get("replies"), "%d replies cannot come to %d requests", x.replies, x.count)
	}
	if x.from == "" {
		x.owners = owners(s.Lab, x.to)
	}
	return x
}

type pinging struct {
	node    string
	to      netip.Addr
	count   int
	replies int
	size    int
	within  time.Duration // the longest that a reply may take; 0: any
	from    string        // the node that must have answered; fromAny: whoever; "": one of
	owners  []string      // the nodes that have the address in the file
}

func (x *pinging) Say() string { return fmt.Sprintf("ping %v from %s", x.to, x.node) }

func (x *pinging) Wants() string {
	s := fmt.Sprintf("%d of %d pings from %s to %v answered", x.replies, x.count, x.node, x.to)
	if x.from != "" {
		s += ", from " + x.from
	}
	if x.within > 0 {
		s += fmt.Sprintf(", each within %v", x.within)
	}
	return s
}

func (x *pinging) Proof() verb.Proof {
	if x.replies == 0 {
		return verb.NothingIs
	}
	return verb.Strong
}

// Parts are the replies.
func (x *pinging) Parts() int { return x.replies }

// lastWait is how long ping(8) waits for the last answer (its -W, ten seconds), and time
// to end.
const lastWait = 15 * time.Second

// Run runs the node's ping command and counts the answers that it gets.
func (x *pinging) Run(r *run.Run) error {
	u, err := x.start(r)
	if err != nil {
		r.Fail(err)
		return nil
	}
	defer u.forget(r)
	if err := r.Until(r.Lab.Now()+time.Duration(x.count)*time.Second+lastWait, u.ended); err != nil {
		return err
	}
	r.Find(u.finding())
	return nil
}

// An underway is a ping that runs.
type underway struct {
	*pinging
	command *run.Program
	got     *exchange
	who     *answered // nil where it does not matter who answers
	unwatch []func()
}

// start runs the node's ping command. The caller forgets it.
func (x *pinging) start(r *run.Run) (*underway, error) {
	ping, reply := "ping", packet.ICMPEchoReply
	if x.to.Is6() {
		ping, reply = "ping6", packet.ICMPv6EchoReply
	}
	p, err := r.Exec(x.node, []string{ping, "-c", fmt.Sprint(x.count), "-s", fmt.Sprint(x.size), x.to.String()})
	if err != nil {
		return nil, err
	}
	u := &underway{pinging: x, command: p, who: x.follow()}
	u.got = &exchange{of: p.Slot, reply: reply, sent: map[uint16]time.Duration{}, answered: map[uint16]bool{}}
	u.unwatch = append(u.unwatch, r.Observe(u.got))
	if u.who != nil {
		u.unwatch = append(u.unwatch, r.Observe(u.who))
	}
	return u, nil
}

func (u *underway) ended() bool { return u.command.Ended != nil }

func (u *underway) forget(r *run.Run) {
	for _, f := range u.unwatch {
		f()
	}
	r.Forget(u.command)
}

func (u *underway) finding() run.Finding {
	n := len(u.got.answered)
	f := run.Finding{
		Met: min(n, u.replies), OK: n >= u.replies && (u.replies > 0 || n == 0), Expected: u.Wants(), Actual: fmt.Sprintf("%d of %d answered", n, u.count),
	}
	if why, wrong := u.who.finding(u.pinging); f.OK && wrong {
		f.OK, f.Met, f.Actual = false, 0, f.Actual+why
	}
	if f.OK && u.within > 0 && u.got.slowest > u.within {
		f.OK, f.Met, f.Actual = false, 0, f.Actual+fmt.Sprintf(", the slowest after %v", u.got.slowest)
	}
	if last := u.command.Output.LastError(); !f.OK && last != "" {
		f.Actual += "; " + last
	}
	return f
}

// An exchange is the requests that a ping sends and the replies that it gets, by its
// system calls: what it prints is for people.
type exchange struct {
	of       format.Slot
	reply    uint8                    // the ICMP type of one
	sent     map[uint16]time.Duration // when, by sequence number
	answered map[uint16]bool          // by sequence number: one that comes again counts once
	slowest  time.Duration
}

// Observe is called for each event while the ping is on.
func (x *exchange) Observe(e *event.Event) {
	if e.Kind != event.Call || e.Node != x.of.Node || e.Proc != x.of.Proc || len(e.Data) < packet.ICMPLen {
		return
	}
	seq := binary.BigEndian.Uint16(e.Data[6:])
	switch {
	case e.Op == "sendto":
		x.sent[seq] = e.Began
	case e.Op == "recvfrom" && e.Errno == 0 && e.Data[0] == x.reply:
		x.answered[seq] = true
		if at, ok := x.sent[seq]; ok {
			x.slowest = max(x.slowest, e.At.Truncate(time.Microsecond)-at.Truncate(time.Microsecond))
		}
	}
}
