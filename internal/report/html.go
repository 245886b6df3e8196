package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
	"wireloom/internal/terminal"
)

// What a page shows of one check. A report with more says that there is more.
const (
	maxPagePackets = 12
	maxPageLog     = 200
	maxPageBytes   = 2048 // of one packet
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// page is what page.html shows. Its texts are clean; html/template escapes them.
type page struct {
	Policy, Heading, Sub, Big, Beside, Outcome, Tone, Length string
	Style                                                    template.CSS
	Private                                                  bool
	Bar                                                      []segment
	Facts                                                    []fact
	Checks                                                   []pageCheck
	Notes                                                    []string
	Printed                                                  []printed
	Document                                                 template.HTML
}

type fact struct {
	Name, Value string
	Mono        bool
}

// A segment is a part of a bar that is a thousand wide.
type segment struct {
	Class string
	X, W  int
}

// A pageCheck is a check as the page's template reads it: its fields are the places there.
type pageCheck struct {
	segment
	Anchor, Word, Tone, Name, Tag, Points, When, Because string
	Expected, Actual, Parts, Why, More, Paid             string
	Staff, Place, Source                                 string
	Hints                                                []string
	Open                                                 bool
	Ticks                                                []int
	Diff                                                 []grade.FieldDiff
	Packets                                              []pagePacket
	MorePackets                                          string
	Log                                                  []string
	Printed                                              []printed
}

func writeHTML(w io.Writer, d *Document, signedBy string) error {
	r := Of(d).Result
	data, err := json.Marshal(d) // with < as \u003c, so that no text ends the element
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	heading := r.Title
	if heading == "" {
		heading = r.Scenario
	}
	p := page{
		Policy: Policy(pageStyle), Style: template.CSS(pageStyle),
		Heading: line(heading), Sub: line(subtitle(r)), Outcome: verdict(r), Tone: "good", Length: seconds(r.Ended),
		Private: r.Audience == scenario.Staff && private(r), Facts: facts(r), Bar: bar(r),
		Document: template.HTML(scriptStart + string(terminal.JSON(data)) + scriptEnd), // escaped by json
	}
	if signedBy != "" {
		p.Facts = append(p.Facts, fact{"Signed with key", line(signedBy), true})
	}
	switch {
	case !r.Passed:
		p.Tone = "bad"
	case r.Hidden:
		p.Tone = ""
	}
	checks := checked(r)
	p.Big, p.Beside = fmt.Sprintf("%d of %s", r.Score, count(r.MaxScore, "point")), strings.TrimPrefix(bonus(r)+", ", ", ")+checks+" passed"
	if r.Hidden {
		p.Big, p.Beside = checks, "passed so far; more is checked, and the total comes later"
	}
	for i := range r.Checks {
		p.Checks = append(p.Checks, newPageCheck(r, i))
	}
	p.Printed = printedBy(r.Output)
	for _, n := range r.Notes {
		p.Notes = append(p.Notes, clean(n))
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

func subtitle(r *grade.Result) string {
	out := []string{"scenario " + r.Scenario}
	if r.Stage != "" {
		out = append(out, "stage "+r.Stage)
	}
	if r.Student != "" {
		out = append(out, "student "+r.Student)
	}
	return strings.Join(out, ", ")
}

func facts(r *grade.Result) []fact {
	var out []fact
	add := func(name, value string, mono bool) {
		if value != "" {
			out = append(out, fact{line(name), line(value), mono})
		}
	}
	for _, g := range r.Programs {
		add("Program "+g.Node+"."+g.Proc, fmt.Sprintf("%s, %d bytes, SHA-256 %s", g.Name, g.Size, g.Hash), false)
	}
	for _, k := range slices.Sorted(maps.Keys(r.Params)) {
		add("Parameter "+k, r.Params[k], true)
	}
	add("Run", r.Hash, true)
	add("Scenario's hash", r.Source, true)
	add("Seed", fmt.Sprint(r.Seed), true)
	add("Length", fmt.Sprintf("%d events in %v of virtual time", r.Events, r.Ended), false)
	add("Version", r.Version, false)
	return out
}

// bar is the points of each check, in order: what was earned, and what was not.
// Where nothing gives points, each check counts the same.
func bar(r *grade.Result) []segment {
	weigh := func(c *grade.Check) (earned, of int) {
		if r.MaxScore > 0 {
			return c.Earned, c.Points
		}
		if c.Status == passed {
			return 1, 1
		}
		return 0, 1
	}
	total := r.MaxScore
	if total <= 0 {
		total = max(len(r.Checks), 1)
	}
	var out []segment
	sum := 0
	for i := range r.Checks {
		c := &r.Checks[i]
		if c.Bonus && r.MaxScore > 0 {
			continue
		}
		earned, of := weigh(c)
		x := sum * 1000 / total
		sum += of
		if earned > 0 {
			out = append(out, segment{passed, x, max(min(earned, of)*1000/total-2, 1)})
		}
	}
	return out
}

func tone(outcome string) string {
	switch outcome {
	case passed:
		return "good"
	case skipped:
		return "dim"
	case partly, missed:
		return "warn"
	}
	return "bad"
}

// class is a check's outcome as the style sheet knows it.
func class(outcome string) string {
	switch outcome {
	case passed, skipped, errored, partly, missed:
		return outcome
	}
	return failed
}

func newPageCheck(r *grade.Result, i int) pageCheck {
	c := &r.Checks[i]
	k := pageCheck{
		segment: segment{Class: class(outcome(c))}, Anchor: fmt.Sprintf("check-%d", i+1),
		Word: class(outcome(c)), Tone: tone(outcome(c)), Name: line(c.ID), Points: points(c), When: seconds(c.At),
		Expected: clean(c.Expected), Actual: clean(c.Actual), Parts: partial(c), Why: clean(c.Why), More: more(c), Paid: paid(c), Staff: clean(c.Staff),
		Place: line(place(c)), Source: clean(c.Source), Open: explained(c),
	}
	if c.Title != "" {
		k.Name = line(c.Title)
	}
	for _, h := range hints(c) {
		k.Hints = append(k.Hints, clean(h))
	}
	var tags []string
	if c.Bonus {
		tags = append(tags, "bonus")
	}
	if c.Visible != visibleAlways {
		tags = append(tags, line(c.Visible))
	}
	k.Tag = strings.Join(tags, ", ")
	if c.Status == skipped {
		k.Because = line(because(c))
	}
	whole := max(r.Ended, 1)
	at := func(d time.Duration) int { return int(float64(min(max(d, 0), whole)) / float64(whole) * 1000) }
	k.X = at(c.At - c.Took)
	k.W = max(at(c.At)-k.X, 6)
	k.X = min(k.X, 1000-k.W)
	off := map[string]bool{}
	for _, f := range c.Diff {
		off[f.Field] = off[f.Field] || !f.Same
		k.Diff = append(k.Diff, grade.FieldDiff{Field: line(f.Field), Want: line(f.Want), Got: line(f.Got), Same: f.Same})
	}
	for j, pk := range c.Packets {
		if j == maxPagePackets {
			k.MorePackets = fmt.Sprintf("and %d packets more, which the JSON report holds", len(c.Packets)-j)
			break
		}
		k.Packets = append(k.Packets, newPagePacket(pk, off))
		k.Ticks = append(k.Ticks, min(at(pk.At), 998))
	}
	if n := len(c.Log) - maxPageLog; n > 0 {
		k.Log = append(k.Log, fmt.Sprintf("(%d lines before)", n))
	}
	for _, l := range c.Log[max(0, len(c.Log)-maxPageLog):] {
		k.Log = append(k.Log, clean(l))
	}
	k.Printed = printedBy(c.Output)
	return k
}
