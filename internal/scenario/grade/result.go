package grade

import (
	"encoding/json"
	"time"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/run"
)

// ResultFormat is the version of the JSON form of a Result.
const ResultFormat = 1

// A Result is what a grading found: everything that a report says. It holds what
// the audience of the grading may see and no more. Its fields are those of the JSON report.
type Result struct {
	Scenario string            `json:"scenario"`
	Title    string            `json:"title,omitempty"`
	Student  string            `json:"student,omitempty"`
	Stage    string            `json:"stage,omitempty"`   // the stage that was graded alone
	Attempt  int               `json:"attempt,omitempty"` // which one it is; 0: the first
	Hints    Asked             `json:"hints,omitempty"`   // that take points and were asked for
	Audience scenario.Audience `json:"audience"`          // whom it is for
	Version  string            `json:"version,omitempty"` // of the program that graded, which its edge fills in
	Seed     uint64            `json:"seed"`
	Params   map[string]string `json:"params,omitempty"`   // the values of this student
	Source   string            `json:"source"`             // SHA-256 of the scenario folder's content, in hexadecimal
	Programs []ProgramRef      `json:"programs,omitempty"` // in the order of the file
	Passed   bool              `json:"passed"`
	Score    int               `json:"score"`
	MaxScore int               `json:"max_score"`
	Bonus    int               `json:"bonus,omitempty"`     // points beyond Score
	MaxBonus int               `json:"max_bonus,omitempty"` // how many there are
	Hash     string            `json:"hash"`                // of the run: SHA-256 over all its events
	Events   uint64            `json:"events"`
	Ended    time.Duration     `json:"ended_ns"` // virtual time
	Checks   []Check           `json:"checks"`
	Notes    []string          `json:"notes,omitempty"`  // how programs ended, limits that took effect
	Output   []Printed         `json:"output,omitempty"` // what submitted programs printed last
	Hidden   bool              `json:"hidden,omitempty"` // something is withheld: no total may be shown
}

// A ProgramRef says which program was graded in a slot.
type ProgramRef struct {
	Node string `json:"node"`
	Proc string `json:"proc"`
	Name string `json:"name,omitempty"` // its file's
	Hash string `json:"hash,omitempty"` // SHA-256 of its bytes
	Size int    `json:"size,omitempty"`
}

// What can become of a check.
const (
	StatusPassed  = "passed"
	StatusFailed  = "failed"
	StatusSkipped = "skipped" // a check that it needs did not pass
	StatusError   = "error"   // it could not be made: the program cannot be used, or the step could not be done
)

// A Check is one step that checked something, or a fact about a program that has
// to hold for the others to mean anything. Its fields are those of the JSON report, which
// is flat for who reads it with other programs.
type Check struct {
	ID    string `json:"id"`
	Title string `json:"title,omitempty"`
	Why   string `json:"why,omitempty"`
	Hint  string `json:"hint,omitempty"` // those that are shown, a line each

	HintsLeft int `json:"hints_left,omitempty"` // that are shown after more failures
	HintCost  int `json:"hint_cost,omitempty"`  // points that the next one takes from who asks for it
	Paid      int `json:"paid,omitempty"`       // points that hints have taken

	Points int  `json:"points"`          // what it is worth
	Bonus  bool `json:"bonus,omitempty"` // beyond the total
	Earned int  `json:"earned"`
	Met    int  `json:"met,omitempty"`   // of one that failed and is worth something in part: how many parts there are
	Parts  int  `json:"parts,omitempty"` // of so many

	Status   string        `json:"status"`
	Visible  string        `json:"visible"`
	Needs    []string      `json:"needs,omitempty"`
	Because  string        `json:"because,omitempty"` // the check that it depended on and that did not pass
	File     string        `json:"file"`
	Line     int           `json:"line"`   // of the step in File
	Source   string        `json:"source"` // that line
	At       time.Duration `json:"at_ns"`  // virtual time at which it was decided
	Took     time.Duration `json:"took_ns"`
	Expected string        `json:"expected"`
	Actual   string        `json:"actual"`
	Diff     []FieldDiff   `json:"diff,omitempty"`   // the expectation beside the frame that came nearest
	Log      []string      `json:"log,omitempty"`    // of the time of the step, where it did not pass
	Output   []Printed     `json:"output,omitempty"` // that no failed check before has shown, where it did not pass
	Packets  []Packet      `json:"packets,omitempty"`
	Staff    string        `json:"staff,omitempty"` // text for staff alone; empty for any other audience
}

// What checks hold of packets and of programs' output is what a run found.
type (
	FieldDiff = run.FieldDiff
	Packet    = run.Packet
	Printed   = run.Printed
)

// The parts that packets play in a check.
const (
	RoleSent       = run.RoleSent
	RoleExpected   = run.RoleExpected
	RoleNearest    = run.RoleNearest
	RoleUnexpected = run.RoleUnexpected
)

// MaxLogLines is how many lines of log a check carries.
const MaxLogLines = 24

// MarshalJSON writes the result with its format's version in front.
func (r *Result) MarshalJSON() ([]byte, error) {
	type plain Result
	return json.Marshal(struct {
		Format int `json:"format"`
		*plain
	}{ResultFormat, (*plain)(r)})
}

// Fail returns whether the check did not pass, for whatever reason.
func (c *Check) Fail() bool { return c.Status != StatusPassed }
