package main

import (
	"context"
	"fmt"
	"hash/maphash"
	"strings"

	"wireloom/internal/report"
	"wireloom/internal/scenario/grade"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
)

// maxRemembered is how many bytes of the first run's events are kept as they are, to
// show the first that differs. Of those behind only their hashes are kept.
const maxRemembered = 64 << 20

// A comparer finds the first event in which a run differs from the first run.
type comparer struct {
	seed   maphash.Seed
	hashes []uint64 // of each event of the first run
	bytes  []byte   // its first events
	ends   []int    // where each ends in bytes
	later  bool     // a run after the first is on
	at     int      // events of this run so far
	buf    []byte
	differ string // where this run differs from the first
}

// repeated runs a grading n times. It returns the first result, and where and how
// another run differed: "" where none did.
func repeated(ctx context.Context, n int, run func(watch func(*event.Event)) (*grade.Result, error)) (*grade.Result, string, error) {
	if n == 1 {
		res, err := run(nil)
		return res, "", err
	}
	c := &comparer{seed: maphash.MakeSeed()}
	var first *grade.Result
	for i := range n {
		if err := ctx.Err(); err != nil {
			return nil, "", fmt.Errorf("interrupted after %d runs", i)
		}
		c.later, c.at = i > 0, 0
		res, err := run(c.see)
		if err != nil {
			return nil, "", err
		}
		if first == nil {
			first = res
			continue
		}
		if how := c.verdict(first, res); how != "" {
			return first, fmt.Sprintf("run %d differs from the first: %s", i+1, how), nil
		}
	}
	return first, "", nil
}

// see is called for each event of a run.
func (c *comparer) see(e *event.Event) {
	if c.differ != "" {
		return
	}
	c.buf = e.AppendTo(c.buf[:0])
	h := maphash.Bytes(c.seed, c.buf)
	switch {
	case !c.later:
		c.hashes = append(c.hashes, h)
		if len(c.bytes)+len(c.buf) <= maxRemembered && len(c.ends) == len(c.hashes)-1 {
			c.bytes = append(c.bytes, c.buf...)
			c.ends = append(c.ends, len(c.bytes))
		}
	case c.at >= len(c.hashes):
		c.differ = fmt.Sprintf("it has an event more, number %d: %s", c.at, eventText(e))
	case c.hashes[c.at] != h:
		c.differ = fmt.Sprintf("event %d is\n  %s\nand was\n  %s", c.at, eventText(e), c.remembered(c.at))
	}
	c.at++
}

// verdict says how the run that has just ended differs from the first.
func (c *comparer) verdict(first, res *grade.Result) string {
	switch {
	case c.differ != "":
		return c.differ
	case c.at < len(c.hashes):
		return fmt.Sprintf("it ends after %d events; the first had %d, the next of them: %s", c.at, len(c.hashes), c.remembered(c.at))
	}
	a, b := report.Report{Result: first}, report.Report{Result: res}
	if diffs, _ := report.Compare(a.Document(), b.Document()); len(diffs) > 0 {
		return "its events are the same, its result is not: " + diffs[0].String()
	}
	return ""
}

// remembered is an event of the first run, for people.
func (c *comparer) remembered(i int) string {
	if i >= len(c.ends) {
		return "an event too late in the run to be kept"
	}
	start := 0
	if i > 0 {
		start = c.ends[i-1]
	}
	e, _, err := event.Decode(c.bytes[start:c.ends[i]])
	if err != nil {
		return err.Error()
	}
	return eventText(&e)
}

// eventText is an event on a line.
func eventText(e *event.Event) string {
	out := []string{e.At.String(), e.Kind.String()}
	for _, f := range []struct{ name, value string }{
		{"node", e.Node}, {"proc", e.Proc}, {"port", e.Port}, {"peer", e.Peer}, {"op", e.Op}, {"path", e.Path}, {"text", e.Text},
	} {
		if f.value != "" {
			out = append(out, f.name+" "+report.Line(f.value))
		}
	}
	for _, f := range []struct {
		name  string
		value int64
	}{{"fd", int64(e.FD)}, {"len", int64(e.Len)}, {"n", e.N}, {"fuel", e.Fuel}, {"frame", int64(e.Frame)}} {
		if f.value != 0 {
			out = append(out, fmt.Sprintf("%s %d", f.name, f.value))
		}
	}
	if e.Errno != 0 {
		out = append(out, errno.Errno(e.Errno).String())
	}
	if len(e.Data) > 0 {
		out = append(out, fmt.Sprintf("data %x", e.Data[:min(len(e.Data), 64)]))
	}
	return strings.Join(out, ", ")
}
