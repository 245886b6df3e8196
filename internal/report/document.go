package report

import (
	"encoding/json"
	"io"

	"wireloom/internal/report/document"
	"wireloom/internal/terminal"
)

// The JSON form of a report, under the names that it has here.
type (
	Document  = document.Document
	Signature = document.Signature
	Inputs    = document.Inputs
)

// Document returns the report's JSON form: what its audience may see.
func (r *Report) Document() *Document { return document.Of(r.Result, r.Inputs) }

// Of returns the report that a document is of. Its totals are those of its checks,
// whatever the document says.
func Of(d *Document) *Report {
	r := *d.Result()
	return &Report{Result: document.Seen(&r), Inputs: d.Inputs}
}

// FileName is what a report calls a file: its path's last element, as UTF-8.
func FileName(path string) string { return document.FileName(path) }

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
