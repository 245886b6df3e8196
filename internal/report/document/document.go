// Package document is the JSON form of a report, and what an audience may see of a result. It is
// apart from the other forms because a page that grades has need of this one alone.
package document

import (
	"strings"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
)

// A Document is the JSON form of a report. Of a result whose total is withheld it
// says neither passed nor score.
type Document struct {
	Format   int    `json:"format"` // grade.ResultFormat: another meaning of a field gets another number
	Inputs   Inputs `json:"inputs"`
	Passed   *bool  `json:"passed,omitempty"`
	Score    *int   `json:"score,omitempty"`
	MaxScore *int   `json:"max_score,omitempty"`
	Bonus    *int   `json:"bonus,omitempty"`
	MaxBonus *int   `json:"max_bonus,omitempty"`
	result
	Signature *Signature `json:"signature,omitempty"` // the last of all: what is before it was signed
}

// A Signature is that of who made a report, in the report.
type Signature struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// result is a Result whose fields the document's own may hide.
type result grade.Result

// Inputs are the files of a grading as they were named to it; for others than staff
// without their folders.
type Inputs struct {
	Scenario   string            `json:"scenario"`             // a built-in one's name, or a folder or zip
	Programs   map[string]string `json:"programs,omitempty"`   // file by NODE.PROC
	Submission string            `json:"submission,omitempty"` // the folder that was handed in, where no program was found in it
}

// Seen are the inputs as an audience may see them.
func (in Inputs) Seen(a scenario.Audience) Inputs {
	name := FileName
	if a == scenario.Staff {
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

// Of returns the document of a result: what its audience may see.
func Of(r *grade.Result, in Inputs) *Document {
	s := Seen(r)
	d := &Document{Format: grade.ResultFormat, Inputs: in.Seen(s.Audience), result: result(*s)}
	if !s.Hidden {
		d.Passed, d.Score, d.MaxScore = &s.Passed, &s.Score, &s.MaxScore
		if s.MaxBonus > 0 {
			d.Bonus, d.MaxBonus = &s.Bonus, &s.MaxBonus
		}
	}
	d.result.Passed, d.result.Score, d.result.MaxScore, d.result.Bonus, d.result.MaxBonus = false, 0, 0, 0, 0 // the fields above hide them
	return d
}

// Result is what the document says beside its totals. The caller must not change it.
func (d *Document) Result() *grade.Result { return (*grade.Result)(&d.result) }
