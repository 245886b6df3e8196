package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"wireloom/internal/terminal"
	"wireloom/scenarios"
)

// MaxDocument is how many bytes a report may have that is read.
const MaxDocument = 64 << 20

// A Document is the JSON form of a report. Of a result whose total is withheld it
// says neither passed nor score.
type Document struct {
	Format   int    `json:"format"` // scenarios.ResultFormat: another meaning of a field gets another number
	Inputs   Inputs `json:"inputs"`
	Passed   *bool  `json:"passed,omitempty"`
	Score    *int   `json:"score,omitempty"`
	MaxScore *int   `json:"max_score,omitempty"`
	result
}

// result is a Result whose fields the document's own may hide.
type result scenarios.Result

// Inputs are the files of a grading as they were named to it; for others than staff
// without their folders.
type Inputs struct {
	Scenario   string            `json:"scenario"`             // a built-in one's name, or a folder or zip
	Programs   map[string]string `json:"programs,omitempty"`   // file by NODE.PROC
	Submission string            `json:"submission,omitempty"` // the folder that was handed in, where no program was found in it
}

// seen are the inputs as an audience may see them.
func (in Inputs) seen(a scenarios.Audience) Inputs {
	name := FileName
	if a == scenarios.Staff {
		name = func(path string) string { return strings.ToValidUTF8(path, "\ufffd") }
	}
	out := Inputs{Scenario: name(in.Scenario), Submission: name(in.Submission)}
	for slot, file := range in.Programs {
		if out.Programs == nil {
			out.Programs = map[string]string{}
		}
		out.Programs[slot] = name(file)
	}
	return out
}

// Document returns the report's JSON form: what its audience may see.
func (r *Report) Document() *Document {
	s := Seen(r.Result)
	d := &Document{Format: scenarios.ResultFormat, Inputs: r.Inputs.seen(s.Audience), result: result(*s)}
	if !s.Hidden {
		d.Passed, d.Score, d.MaxScore = &s.Passed, &s.Score, &s.MaxScore
	}
	d.result.Passed, d.result.Score, d.result.MaxScore = false, 0, 0 // the fields above hide them
	return d
}

// Report returns the report that the document is of. Its totals are those of its
// checks, whatever the document says.
func (d *Document) Report() *Report {
	r := scenarios.Result(d.result)
	return &Report{Result: Seen(&r), Inputs: d.Inputs}
}

func (d *Document) write(w io.Writer) error {
	return writeJSON(w, d)
}

// writeJSON writes a value with a line for each field. It is shown on terminals, too:
// what these would obey stands there in JSON's own escapes.
func writeJSON(w io.Writer, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(terminal.JSON(b), '\n'))
	return err
}

// scriptStart and scriptEnd enclose the document in a page.
const (
	scriptStart = `<script type="application/json" id="wireloom-report">`
	scriptEnd   = `</script>`
)

// ErrNoReport is the error of bytes that are no report at all.
var ErrNoReport = errors.New("this is no report of labserver grade, neither its JSON nor its page")

// Read reads a report, as JSON or as the page that holds it. It may come from
// anybody: an unknown field, a second value, or more than MaxDocument bytes are
// errors, and nothing in it is believed.
func Read(in io.Reader) (*Document, error) {
	b, err := io.ReadAll(io.LimitReader(in, MaxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	if len(b) > MaxDocument {
		return nil, fmt.Errorf("report: it has more than %d bytes", MaxDocument)
	}
	b = bytes.TrimSpace(b)
	if len(b) == 0 || b[0] != '{' {
		before, rest, ok := bytes.Cut(b, []byte(scriptStart))
		if !ok || !bytes.HasPrefix(before, []byte("<!doctype html>")) {
			return nil, ErrNoReport
		}
		data, after, ok := bytes.Cut(rest, []byte(scriptEnd))
		if !ok || bytes.Contains(after, []byte(scriptStart)) {
			return nil, ErrNoReport
		}
		b = data
	}
	return decodeDocument(b)
}

func decodeDocument(b []byte) (*Document, error) {
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	if head.Format == 0 {
		return nil, ErrNoReport
	}
	if head.Format != scenarios.ResultFormat {
		return nil, fmt.Errorf("report: its format is %d; this labserver reads format %d", head.Format, scenarios.ResultFormat)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	d := &Document{}
	if err := dec.Decode(d); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("report: something follows it")
	}
	if d.Scenario == "" || d.Source == "" {
		return nil, errors.New("report: it lacks its scenario or the hash of that")
	}
	return d, nil
}
