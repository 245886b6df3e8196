package look

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wireloom/internal/decode"
	"wireloom/internal/filter"
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
)

func init() { verb.Register(verb.Answers, 1, expect{}) }

// expect looks for frames at a port or a device.
type expect struct{}

func (expect) Name() string { return "expect" }
func (expect) Doc() string  { return "Expect frames." }

func (expect) Shape() *format.Shape {
	return format.Many(format.Object(
		format.Field{Name: "port", Shape: format.LinkEnd, Doc: "Where to look."},
		format.Field{Name: "device", Shape: format.LinkEnd, Doc: "Instead of port: what programs write to a tun or tap (in) and read from it (out)."},
		format.Field{Name: "direction", Shape: format.OneOf("in, out or both", "in", "out", "both"), Doc: "Frames that come in by the port to the switch or interface, go out of it, or both, which is meant where it is not given."},
		format.Field{Name: "within", Shape: format.Duration(verb.MaxWithin), Doc: "For how long, from the step's last send; 1s where it is not given."},
		format.Field{Name: "not_before", Shape: format.Duration(verb.MaxWithin), Doc: "The earliest that the first of them may come, from the step's last send; not looked at where it is not given."},
		format.Field{Name: "every", Shape: verb.Spaced, Doc: "The time from each of them to the next, such as 10ms or 9ms..11ms; not looked at where it is not given."},
		format.Field{Name: "since", Shape: verb.StepID, Doc: "Frames count from the beginning of this earlier step."},
		format.Field{Name: "count", Shape: verb.Counted, Doc: "How many must be seen, a number or a range; at least one where it is not given. 0 means none."},
		format.Field{Name: "packet", Shape: verb.Wanted, Doc: "The fields that the frame must have; any frame where it is not given."},
		format.Field{Name: "filter", Shape: format.TextOf("a display filter such as arp.opcode == 2 or icmp", filter.MaxText), Doc: "A display filter, in Wireshark's words: frames that it does not choose are not looked at."},
		format.Field{Name: "packets", Shape: format.ListOf(verb.Wanted, 64), Doc: "Instead of packet: each is met by a frame of its own."},
		format.Field{Name: "order", Shape: format.OneOf("any or strict", "any", "strict"), Doc: "Of packets: strict, as they are listed, or any, which is meant where it is not given."},
		format.Field{Name: "only", Shape: format.Boolean, Doc: "Whether other frames than these are a failure."},
		format.Field{Name: "reply_to", Shape: verb.StepID, Doc: "The step that sent what this frame answers."},
	), 64)
}

// A direction is which way frames go.
type direction uint8

const (
	both direction = iota
	in
	out
)

var directions = [...]string{in: "in", out: "out", both: "both"}

func (d direction) String() string { return directions[d] }

func (expect) Parse(v *format.Value, s *verb.Scope) verb.Step {
	x := &expecting{
		port: s.End(v.Get("port")), device: s.Device(v.Get("device")), direction: direction(max(slices.Index(directions[:], v.Get("direction").String()), 0)),
		within: format.Or(v.Get("within"), time.Second), since: v.Get("since").String(), count: verb.Count{Min: 1, Max: verb.Unbounded},
		strict: v.Get("order").String() == "strict", only: format.Read[bool](v.Get("only")), replyTo: v.Get("reply_to").String(), list: v.Get("packets") != nil,
		Tells: verb.TellsMet(),
	}
	x.link = verb.LinkOf(x.device)
	if x.port != (format.End{}) {
		x.link = verb.LinkOf(x.port)
	}
	if c := s.Count(v.Get("count")); c != nil {
		x.count, x.counted = *c, true
	}
	x.patterns = []verb.Pattern{s.Pattern(v.Get("packet"))}
	if x.list {
		x.patterns = nil
		for _, p := range v.Get("packets").Items {
			x.patterns = append(x.patterns, s.Pattern(p))
		}
	}
	if f := v.Get("filter"); f != nil {
		var err error
		if x.filter, err = filter.Compile(f.Text); err != nil {
			s.Mistakes.At(f, "%v", err)
		}
	}
	x.notBefore = format.Read[time.Duration](v.Get("not_before"))
	if e := v.Get("every"); e != nil {
		every := format.Read[verb.Space](e)
		x.every = &every
	}
	switch {
	case x.notBefore > 0 && x.notBefore >= x.within:
		s.Mistakes.At(v.Get("not_before"), "not_before %v is not before the end of within, %v", x.notBefore, x.within)
	case x.notBefore > 0 && x.since != "":
		s.Mistakes.At(v.Get("not_before"), "not_before counts from the step's last send, and since looks back before it")
	case x.every != nil && (x.list || x.counted && x.count.Max < 2 || !x.counted):
		s.Mistakes.At(v.Get("every"), "every is the time between two frames: say with count how many there are, such as 2..")
	case (v.Get("port") == nil) == (v.Get("device") == nil):
		s.Mistakes.At(v, "expect needs either a port or a device")
	case x.list && v.Get("packet") != nil:
		s.Mistakes.At(v, "expect takes packet or packets, not both")
	case x.list && len(x.patterns) == 0:
		s.Mistakes.At(v.Get("packets"), "packets lists none; count: 0 says that none may come")
	case x.list && x.counted:
		s.Mistakes.At(v.Get("count"), "packets lists what must come, one by one; count is for packet")
	case !x.list && v.Get("order") != nil:
		s.Mistakes.At(v.Get("order"), "order is that of packets, and there is only one")
	}
	if o := v.Get("reply_to"); o != nil {
		s.ReplyTo(o)
	}
	if p := v.Get("port"); x.port != (format.End{}) && !s.Linked(x.port) {
		s.Mistakes.Remark(p, "nothing is plugged into %s, so no frame passes there: look at another port, or plug something in, with the port of a NIC or device, or under links", p.Text)
	}
	if x.since != "" && s.Step(x.since) == nil {
		s.Mistakes.At(v.Get("since"), "no step before this one has the id %s%s", x.since, s.Meant(x.since))
	}
	x.text = x.describe()
	return x
}

type expecting struct {
	verb.Tells
	port, device format.End // one of them
	direction    direction
	link         decode.Link
	within       time.Duration
	since        string
	replyTo      string
	notBefore    time.Duration // from the last send on
	every        *verb.Space   // from each frame to the next; nil: any
	count        verb.Count
	counted      bool           // count was given; else the first frame is enough
	filter       *filter.Filter // of the frames that are looked at; nil: all
	patterns     []verb.Pattern
	list         bool // packets, not packet
	strict       bool
	only         bool
	text         string // what is expected, for people
}

// place is where it looks.
func (x *expecting) place() string { return x.port.String() + x.device.String() }

// Say is the expectation on one line.
func (x *expecting) Say() string {
	return "expect " + strings.ReplaceAll(strings.ReplaceAll(x.text, ":\n- ", ": "), "\n- ", "; ")
}

func (x *expecting) Wants() string { return x.text }

// Since is the step from whose beginning frames count; "" for this one.
func (x *expecting) Since() string { return x.since }

func (x *expecting) Proof() verb.Proof {
	if x.count.Min == 0 && !x.list {
		return verb.NothingIs
	}
	return verb.Strong
}

// Parts are the frames that it looks for.
func (x *expecting) Parts() int {
	if x.list {
		return len(x.patterns)
	}
	return int(x.count.Min)
}

// describe is the expectation in words.
func (x *expecting) describe() string {
	what := "a frame"
	switch {
	case x.list:
		what = fmt.Sprintf("%d frames", len(x.patterns))
		if x.strict {
			what += " in this order"
		}
	case x.counted && x.count.Max == 0:
		what = "no frame"
	case x.counted && x.count == verb.Count{Min: 1, Max: 1}:
		what = "exactly one frame"
	case x.counted && x.count.Min == x.count.Max:
		what = fmt.Sprintf("exactly %d frames", x.count.Min)
	case x.counted:
		what = x.count.String() + " frames"
	}
	if x.filter != nil {
		what += " that " + x.filter.String() + " chooses"
	}
	if x.replyTo != "" {
		what += " in reply to " + x.replyTo
	}
	var pats []string
	for i := range x.patterns {
		if t := x.patterns[i].String(); t != "" {
			pats = append(pats, t)
		}
	}
	at := " at " + x.place()
	if x.direction != both {
		at += " going " + x.direction.String()
	}
	at += fmt.Sprintf(" within %v", x.within)
	if x.notBefore > 0 {
		at += fmt.Sprintf(", not before %v", x.notBefore)
	}
	if x.every != nil {
		at += ", one every " + x.every.String()
	}
	if len(pats) > 1 { // a line for each
		if x.only {
			at += ", and no other"
		}
		return what + at + ":\n- " + strings.Join(pats, "\n- ")
	}
	if len(pats) > 0 {
		what += " with " + pats[0]
	}
	if x.only {
		what += ", and no other,"
	}
	return what + at
}

// watches are the expectations of the step that is done: they are watched at the same
// time. A run keeps them under watching.
type watches struct{ all []*watch }

type watching struct{}

// Begin forgets those of the step before.
func (x *expecting) Begin(r *run.Run) { *run.Keep[watches](r, watching{}) = watches{} }

// Watch begins to look.
func (x *expecting) Watch(r *run.Run) {
	w := newWatch(x)
	ws := run.Keep[watches](r, watching{})
	ws.all = append(ws.all, w)
	r.Watch(w)
	if id, _ := r.Step(); x.replyTo != id || id == "" {
		w.resolve(r)
	} // else what it answers has not been sent yet: see Replies
}

// Run waits until all expectations of the step are met or can no longer be: the first of
// them does. Then each says what it found.
func (x *expecting) Run(r *run.Run) error {
	ws := run.Keep[watches](r, watching{})
	r.Replies() // those that wait for what was not sent
	from := r.Lab.Now()
	for _, w := range ws.all {
		w.from = from
	}
	open := func(w *watch) bool { return !w.over && !w.decided() }
	for slices.ContainsFunc(ws.all, open) {
		until := time.Duration(-1) // when the first of them gives up
		for _, w := range ws.all {
			if at := from + w.x.within; open(w) && (until < 0 || at < until) {
				until = at
			}
		}
		if err := r.Until(until, func() bool { return !slices.ContainsFunc(ws.all, open) }); err != nil {
			return err
		}
		for _, w := range ws.all {
			w.over = w.over || from+w.x.within <= r.Lab.Now()
		}
	}
	i := slices.IndexFunc(ws.all, func(w *watch) bool { return w.x == x })
	f := ws.all[i].finding()
	if text, err := r.Tell(f.Expected); err == nil {
		f.Expected = text // with what the run has told in it
	}
	r.Find(f)
	return nil
}
