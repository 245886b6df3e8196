package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
	"wireloom/internal/sign"
)

// MaxDocument is how many bytes a report may have that is read.
const MaxDocument = 64 << 20

// A Head is what a report says it is of: what it takes to make it again. A report in
// text doesn't say all.
type Head struct {
	Scenario string            `json:"scenario"`
	Source   string            `json:"source"`
	Student  string            `json:"student,omitempty"`
	Stage    string            `json:"stage,omitempty"`
	Attempt  int               `json:"attempt,omitempty"`
	Hints    grade.Asked       `json:"hints,omitempty"`
	Audience scenario.Audience `json:"audience"`
	Version  string            `json:"version,omitempty"`
	Seed     uint64            `json:"seed"`
	Hash     string            `json:"hash,omitempty"`
	Programs []ProgramHash     `json:"programs,omitempty"`
	Inputs   Inputs            `json:"inputs"`
	Hidden   bool              `json:"hidden,omitempty"`
}

// A ProgramHash is which program was graded in a slot.
type ProgramHash struct {
	Slot string `json:"slot"`
	Hash string `json:"hash"`
}

// head is what a result says it is of.
func head(r *grade.Result, in Inputs) Head {
	h := Head{
		Scenario: r.Scenario, Source: r.Source, Student: r.Student, Stage: r.Stage, Attempt: r.Attempt, Hints: r.Hints, Audience: r.Audience, Version: r.Version,
		Seed: r.Seed, Hash: r.Hash, Inputs: in, Hidden: r.Hidden,
	}
	for _, p := range r.Programs {
		h.Programs = append(h.Programs, ProgramHash{p.Node + "." + p.Proc, p.Hash})
	}
	return h
}

// A File is a report as somebody gave it: nothing in it is believed.
type File struct {
	Format    Format
	Bytes     []byte
	Unsigned  []byte          // the bytes without their signature
	Signature *sign.Signature // in the file; nil if there is none
	Document  *Document       // of JSON and a page; nil of others
	Head      Head            // of Text the version alone, and the seed
	Verdict   string          // what it says was reached
}

// ErrNoReport is the error of bytes that are no report at all.
var ErrNoReport = errors.New("this is no report of labserver grade, in none of its forms")

// scriptStart and scriptEnd enclose the document in a page.
const (
	scriptID    = `id="wireloom-report"`
	scriptStart = `<script type="application/json" ` + scriptID + `>`
	scriptEnd   = `</script>`
)

// Parse reads a report of any format. It may come from anybody: one that no labserver
// writes so is an *Altered, and one of more than MaxDocument bytes is an error.
func Parse(b []byte) (*File, error) {
	if len(b) > MaxDocument {
		return nil, fmt.Errorf("report: it has more than %d bytes", MaxDocument)
	}
	f := &File{Bytes: b}
	// What somebody put before it shows when the bytes are compared.
	start := bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\ufeff")), " \t\r\n")
	switch {
	case bytes.HasPrefix(start, []byte("{")):
		return f, f.parseJSON(start)
	case bytes.HasPrefix(start, []byte("<")) && bytes.Contains(b, []byte(junitRoot)):
		f.Format, f.Unsigned = JUnit, b
		return f, f.parseJUnit(start)
	case !bytes.HasPrefix(start, []byte("<")) && f.parseText(): // in which a program may print what looks like a page
		return f, nil
	case bytes.Contains(b, []byte(scriptID)):
		return f, f.parsePage()
	}
	return nil, ErrNoReport
}

// parseJSON reads the JSON report, or Gradescope's file.
func (f *File) parseJSON(b []byte) error {
	format, err := jsonKind(b)
	if err != nil {
		return err
	}
	f.Format = format
	f.Unsigned, f.Signature = unseal(format, f.Bytes)
	if format == JSON {
		f.Document, err = parseDocument(b)
		if err != nil {
			return err
		}
		if f.Document.Signature != nil && f.Signature == nil {
			return altered("signature: it is not as labserver writes it")
		}
		f.Document.Signature = nil
		f.said()
		return nil
	}
	var g gradescope
	if err := strictly(b, &g); err != nil {
		return err
	}
	f.Head = g.ExtraData.Wireloom
	score, most := 0, 0
	for _, t := range g.Tests {
		score, most = score+t.Score, most+t.MaxScore
	}
	f.Verdict = fmt.Sprintf("%d of %s", score, count(most, "point"))
	return f.Head.check()
}

// said fills in what the document says.
func (f *File) said() {
	r := Of(f.Document).Result
	f.Head, f.Verdict = head(f.Document.Result(), f.Document.Inputs), verdict(r)
}

// jsonKind finds out which of the formats in JSON it is, by the keys of the whole,
// whatever their capitals.
func jsonKind(b []byte) (Format, error) {
	var top map[string]json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(b))
	if err := dec.Decode(&top); err != nil {
		switch {
		case bytes.Contains(b, []byte(`"wireloom"`)):
			return "", strictly(b, &gradescope{})
		case bytes.Contains(b, []byte(`"format"`)):
			return "", strictly(b, &Document{})
		}
		return "", ErrNoReport
	}
	has := func(key string) bool {
		for k := range top {
			if strings.EqualFold(k, key) {
				return true
			}
		}
		return false
	}
	switch {
	case has("format"):
		return JSON, nil
	case has("tests") && has("extra_data"):
		return Gradescope, nil
	}
	return "", ErrNoReport
}

// parsePage reads the page: its document. What else it shows is compared as bytes.
func (f *File) parsePage() error {
	f.Format = HTML
	f.Unsigned, f.Signature = unseal(HTML, f.Bytes)
	_, rest, ok := bytes.Cut(f.Bytes, []byte(scriptStart))
	if !ok {
		return altered("the element that holds the page's data was changed")
	}
	data, after, ok := bytes.Cut(rest, []byte(scriptEnd))
	if !ok {
		return altered("it ends in the middle")
	}
	if bytes.Contains(after, []byte(scriptID)) {
		return altered("it holds the data of two reports")
	}
	d, err := parseDocument(data)
	if err != nil {
		return err
	}
	if d.Signature != nil {
		return told(altered("signature: there is no such key in the data of a page"), data)
	}
	f.Document = d
	f.said()
	return nil
}

func parseDocument(b []byte) (*Document, error) {
	var first struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(b, &first); err == nil && first.Format != 0 && first.Format != grade.ResultFormat {
		return nil, fmt.Errorf("report: its format is %d; this labserver reads format %d", first.Format, grade.ResultFormat)
	}
	d := &Document{}
	if err := strictly(b, d); err != nil {
		return nil, err
	}
	if d.Format == 0 {
		return nil, ErrNoReport
	}
	h := head(d.Result(), d.Inputs)
	return d, h.check()
}

// check says what a head lacks without which nothing can be made again.
func (h *Head) check() error {
	if h.Scenario == "" || h.Source == "" {
		return altered("it lacks its scenario or the hash of that")
	}
	return nil
}

// versions finds the version in what cannot be read otherwise.
var versions = regexp.MustCompile(`"version": ?"([^"\\]{1,100})"`)

// told adds the version that the bytes say to an *Altered: another one may write
// something that this one doesn't know.
func told(err error, b []byte) error {
	var a *Altered
	if m := versions.FindSubmatch(b); errors.As(err, &a) && m != nil {
		a.Version = string(m[1])
	}
	return err
}

// lastLines are the end of a report in text, which may be wrapped.
var lastLines = regexp.MustCompile(`\n  seed (\d+), \d+ events\s+in\s+\S+\s+of\s+virtual\s+time;\s+(\S[^\n]*(?:\n  [^\n]+)*)\n`)

// verdictLine is the line of a report in text that says what was reached.
var verdictLine = regexp.MustCompile(`^  (passed: |not passed: |\d+ of \d+ checks? passed so far|all \d+ checks? passed so far|nothing is checked so far)`)

// parseText reads a report in text; false if it is none.
func (f *File) parseText() bool {
	text := strings.ReplaceAll(string(f.Bytes), "\r\n", "\n")
	all := lastLines.FindAllStringSubmatch(text, -1)
	if all == nil {
		return false
	}
	m := all[len(all)-1]
	f.Format, f.Unsigned = Text, f.Bytes
	f.Head.Version = strings.Join(strings.Fields(m[2]), " ")
	f.Head.Seed, _ = strconv.ParseUint(m[1], 10, 64) // one that is too large is another one
	f.Head.Audience = scenario.Staff
	for l := range strings.Lines(text) {
		if verdictLine.MatchString(l) {
			f.Verdict = strings.TrimSpace(l)
		}
	}
	return true
}
