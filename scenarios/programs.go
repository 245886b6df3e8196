package scenarios

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"wireloom/vnet"
)

// MaxOutput is how many bytes of a program's output are looked at.
const MaxOutput = 256 << 10

// maxScanned is how many bytes of output are searched while a step waits for more.
const maxScanned = 32 << 20

// An output is what a program has printed since it began: 0 is both streams as they
// came, 1 and 2 are one of them.
type output struct {
	text  [3][]byte
	marks [3]int // where the step began
	lost  bool   // there was more
	tail  tail
}

func (o *output) write(fd int, b []byte) {
	o.tail.write(fd, b)
	for _, i := range []int{0, fd} {
		if i < 0 || i > 2 || i == 0 && fd == 0 {
			continue
		}
		room := MaxOutput - len(o.text[i])
		if len(b) > room {
			o.lost = true
		}
		o.text[i] = append(o.text[i], b[:min(len(b), room)]...)
	}
}

func (o *output) mark() {
	for i := range o.text {
		o.marks[i] = len(o.text[i])
	}
}

// since is what was printed on a stream, of the step only or all of it.
func (o *output) since(stream int, step bool) string {
	from := 0
	if step {
		from = o.marks[stream]
	}
	return string(o.text[stream][from:])
}

// output is that of a program; an empty one before it begins.
func (g *grader) output(sl Slot) *output {
	o := g.out[sl]
	if o == nil {
		o = &output{}
		g.out[sl] = o
	}
	return o
}

// An ending is how a program ended.
type ending struct {
	at   time.Duration
	code int
	how  string // "exit", "trap", "killed" or "limit"
	why  string
	said string // by a submitted program that failed, of why; "" if nothing
}

// String is the ending in words.
func (e *ending) String() string {
	if e.how == "exit" {
		return fmt.Sprintf("it ended at %v with code %d", e.at, e.code)
	}
	return fmt.Sprintf("it ended at %v: %s", e.at, e.why)
}

// told is the ending in words, with what the program said of it.
func (e *ending) told() string {
	if e.said == "" {
		return e.String()
	}
	return quoted(e.said) + "; " + e.String()
}

// restart kills a program that runs, and starts it.
func (g *grader) restart(sl Slot) error {
	if g.alive(sl) {
		g.order(vnet.Kill{Node: sl.Node, Proc: sl.Proc}, sl)
		err := g.runTo(g.lab.Now()+time.Second, func() bool { return g.ended[sl] != nil })
		if err != nil {
			return err
		}
	}
	g.order(vnet.Start{Node: sl.Node, Proc: sl.Proc}, sl)
	return nil
}

// alive reports whether a program runs.
func (g *grader) alive(sl Slot) bool {
	for _, p := range g.lab.Status().Procs {
		if p.Node == sl.Node && p.Name == sl.Proc {
			return p.PID != 0 && p.Exit == nil
		}
	}
	return false
}

func (g *grader) stdin(x Stdin) {
	text, err := g.tell(x.Text)
	if err == nil {
		_, err = g.lab.Do(vnet.Stdin{Node: x.Node, Proc: x.Proc, Text: text, EOF: x.EOF})
	}
	if err != nil {
		g.fail(err.Error())
	}
}

// met says what is wrong with an output; "" when nothing is.
func (x *Stdout) met(out string) string {
	for _, t := range x.Contains {
		if !strings.Contains(out, t) {
			return fmt.Sprintf("it lacks %q", t)
		}
	}
	for _, t := range x.Lacks {
		if strings.Contains(out, t) {
			return fmt.Sprintf("it contains %q", t)
		}
	}
	for _, re := range x.Matches {
		if !re.MatchString(out) {
			return "it does not match " + re.String()
		}
	}
	if x.Equals != nil && out != *x.Equals {
		return fmt.Sprintf("it is not %q", *x.Equals)
	}
	return ""
}

// printed is an output for people: its end, where it is long.
func printed(out string) string {
	const most = 400
	if out == "" {
		return "nothing was printed"
	}
	if len(out) > most {
		return fmt.Sprintf("printed was, last: %q", out[len(out)-most:])
	}
	return fmt.Sprintf("printed was %q", out)
}

// stdout waits until a program has printed what it should.
func (g *grader) stdout(x *Stdout, v *verdict) error {
	// It is looked at each time that there is more, until that has taken long enough;
	// then only at the end. What must not be printed can be until the time is over.
	seen, work, ok := -1, 0, false
	done := func() bool {
		out := g.output(x.Slot)
		if n := len(out.text[x.Stream]); n != seen && work < maxScanned && len(x.Lacks) == 0 {
			seen, work = n, work+n
			ok = x.met(out.since(x.Stream, x.SinceStep)) == ""
		}
		return ok
	}
	if err := g.runTo(g.lab.Now()+x.Within, done); err != nil {
		return err
	}
	v.add(x.finding(g.output(x.Slot).since(x.Stream, x.SinceStep)))
	return nil
}

func (x *Stdout) finding(out string) finding {
	f := finding{expected: x.String(), absent: out == ""}
	wrong := x.met(out)
	f.ok, f.actual = wrong == "", printed(out)
	if !f.ok {
		f.actual = wrong + "; " + f.actual
	}
	return f
}

// exit waits until a program has ended, as it should.
func (g *grader) exit(x *ExitWant, v *verdict) error {
	if err := g.runTo(g.lab.Now()+x.Within, func() bool { return g.ended[x.Slot] != nil }); err != nil {
		return err
	}
	e := g.ended[x.Slot]
	f := finding{expected: x.String()}
	switch {
	case e == nil && g.alive(x.Slot):
		f.actual = "it still runs"
	case e == nil:
		f.actual = "it has not been started"
	default:
		if f.ok, f.actual = x.is(e), e.String(); !f.ok {
			f.actual = e.told()
		}
	}
	g.mayEnd[x.Slot] = g.mayEnd[x.Slot] || f.ok
	if f.ok && x.Limit {
		delete(g.limited, x.Slot)
	}
	v.add(f)
	return nil
}

// is reports whether an ending is the one wanted.
func (x *ExitWant) is(e *ending) bool {
	switch {
	case x.Code >= 0:
		return e.how == "exit" && e.code == x.Code
	case x.Signal != "":
		return e.how == "killed" && strings.Contains(e.why, x.Signal)
	case x.Trap:
		return e.how == "trap"
	case x.Limit:
		return e.how == "limit" || e.how == "killed" && strings.Contains(e.why, "SIGXCPU")
	}
	return true
}

// exec starts a command at a node.
func (g *grader) exec(node string, words []string) (Slot, error) {
	c := vnet.Exec{Node: node, Argv: words}
	if len(words) == 1 {
		c.Argv, c.Line = nil, words[0]
	}
	r, err := g.lab.Do(c)
	sl := Slot{node, r.Proc}
	g.known[sl] = true
	return sl, err
}

// forget drops what is known of a command that has been looked at.
func (g *grader) forget(sl Slot) {
	delete(g.out, sl)
	delete(g.ended, sl)
	delete(g.reads, sl)
	delete(g.known, sl)
}

// command runs a command at a node to its end.
func (g *grader) command(x *Run, v *verdict) error {
	words, ok := g.tellAll(x.Command)
	if !ok {
		return nil
	}
	line := strings.Join(words, " ")
	sl, err := g.exec(x.Node, words)
	if err != nil {
		g.fail(fmt.Sprintf("%s at %s: %v", line, x.Node, err))
		return nil
	}
	defer g.forget(sl)
	if err := g.runTo(g.lab.Now()+x.Within, func() bool { return g.ended[sl] != nil }); err != nil {
		return err
	}
	e, out := g.ended[sl], g.output(sl)
	all := out.since(0, false)
	if e == nil {
		g.order(vnet.Kill{Node: sl.Node, Proc: sl.Proc}, sl)
		v.add(finding{expected: fmt.Sprintf("%s at %s ends within %v", line, x.Node, x.Within), actual: "it still runs; " + printed(all)})
		return nil
	}
	if x.Exit >= 0 {
		f := finding{ok: e.how == "exit" && e.code == x.Exit, expected: fmt.Sprintf("%s at %s ends with code %d", line, x.Node, x.Exit), actual: e.String()}
		if !f.ok {
			f.actual += "; " + printed(all)
		}
		v.add(f)
	}
	if x.Stdout != nil {
		f := x.Stdout.finding(out.since(x.Stdout.Stream, false))
		f.expected += fmt.Sprintf(" (%s at %s)", line, x.Node)
		v.add(f)
	}
	return nil
}

// ping runs the node's ping command and counts the answers that it prints.
func (g *grader) ping(x *Ping, v *verdict) error {
	words := []string{"ping", "-c", fmt.Sprint(x.Count), "-s", fmt.Sprint(x.Size), x.To.String()}
	sl, err := g.exec(x.Node, words)
	if err != nil {
		g.fail(err.Error())
		return nil
	}
	defer g.forget(sl)
	g.answers = g.follow(x)
	defer func() { g.answers = nil }()
	// ping waits ten seconds for the last answer.
	if err := g.runTo(g.lab.Now()+time.Duration(x.Count)*time.Second+15*time.Second, func() bool { return g.ended[sl] != nil }); err != nil {
		return err
	}
	out := g.output(sl).since(0, false)
	answered := replies(out)
	f := finding{
		ok: answered >= x.Replies && (x.Replies > 0 || answered == 0), expected: x.String(), actual: fmt.Sprintf("%d of %d answered", answered, x.Count),
	}
	if why, wrong := g.answers.finding(x); f.ok && wrong {
		f.ok, f.actual = false, f.actual+why
	}
	if slow := slowest(out); f.ok && x.Within > 0 && slow > x.Within {
		f.ok, f.actual = false, f.actual+fmt.Sprintf(", the slowest after %v", slow)
	}
	if last := lastLine(out, "ping: "); !f.ok && last != "" {
		f.actual += "; " + last
	}
	v.add(f)
	return nil
}

// replies is how many a ping has printed: "64 bytes from 10.0.0.2: icmp_seq=0 ttl=64", and
// not "92 bytes from 10.0.0.1: Destination Net Unreachable", nor one that came again.
func replies(out string) (n int) {
	for l := range strings.Lines(out) {
		if strings.Contains(l, " bytes from ") && strings.Contains(l, "icmp_seq=") && !strings.Contains(l, "(DUP!)") {
			n++
		}
	}
	return n
}

// String is what is expected of the ping, in words.
func (x *Ping) String() string {
	s := fmt.Sprintf("%d of %d pings from %s to %v answered", x.Replies, x.Count, x.Node, x.To)
	if x.From != "" {
		s += ", from " + x.From
	}
	if x.Within > 0 {
		s += fmt.Sprintf(", each within %v", x.Within)
	}
	return s
}

// slowest is the longest round trip that a ping has printed.
func slowest(out string) (d time.Duration) {
	for l := range strings.Lines(out) {
		_, t, ok := strings.Cut(l, " time=")
		if !ok {
			continue
		}
		text, _, _ := strings.Cut(t, " ")
		if ms, err := strconv.ParseFloat(text, 64); err == nil {
			d = max(d, time.Duration(ms*float64(time.Millisecond)))
		}
	}
	return d
}

func lastLine(out, prefix string) string {
	last := ""
	for l := range strings.Lines(out) {
		if strings.HasPrefix(l, prefix) {
			last = strings.TrimSpace(l)
		}
	}
	return last
}
