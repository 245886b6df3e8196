package run

import (
	"fmt"
	"strings"
	"time"

	"wireloom/internal/decode"
)

// A Finding is one thing that a step checked.
type Finding struct {
	OK               bool
	Absent           bool // it holds because nothing came
	Met              int  // how many of the parts are there that it is about; 0 of one that holds: one
	Expected, Actual string
	Diff             []FieldDiff
	Packets          []Packet
}

// A FieldDiff is one field of a frame: what it had to be and what it was.
type FieldDiff struct {
	Field string `json:"field"`
	Want  string `json:"want"`
	Got   string `json:"got"` // "absent" where the frame has no such field
	Same  bool   `json:"same"`
}

// The parts that packets play in a check.
const (
	RoleSent       = "sent"
	RoleExpected   = "expected" // it met an expectation
	RoleNearest    = "nearest"  // it came nearest to meeting one
	RoleUnexpected = "unexpected"
)

// A Packet is one that mattered to a check.
type Packet struct {
	At      time.Duration `json:"at_ns"`
	Port    string        `json:"port"`
	Summary string        `json:"summary"`
	Hex     string        `json:"hex"`            // at most MaxPacketBytes of it
	Link    string        `json:"link,omitempty"` // what it begins with: "ethernet" where empty, "raw", "null"
	Role    string        `json:"role"`
	Frame   uint64        `json:"-"` // its identity in the lab; 0 of one that has not been there
}

// Limits of the packets of a check.
const (
	MaxPackets     = 8
	MaxPacketBytes = 2048
)

// Near adds the frame that came nearest, field by field.
func (f *Finding) Near(s *Seen, diff []decode.Outcome) {
	if s == nil {
		return
	}
	var parts []string
	for _, o := range diff {
		f.Diff = append(f.Diff, FieldDiff{Field: o.Name, Want: o.Want, Got: o.Got, Same: o.Same})
		if !o.Same {
			parts = append(parts, fmt.Sprintf("%s is %s, want %s", o.Name, o.Got, o.Want))
		}
	}
	f.Actual += fmt.Sprintf("; nearest: %s at %v: %s", s.Summary(), s.At, strings.Join(parts, "; "))
	f.Packets = append(f.Packets, s.Packet(RoleNearest))
}

// A Verdict is all that a step found.
type Verdict struct {
	Bad              bool
	Came             bool   // something holds that is more than that nothing came
	Met              int    // parts of what is looked for that are there
	Spoilt           bool   // something else is wrong, so that nothing is given for these
	Because          string // the step that it needs and that did not pass
	Expected, Actual []string
	Good             [][2]string // what holds: expected, and what came
	Diff             []FieldDiff
	Packets          []Packet
}

// add adds a finding, of something that is looked for or of a condition. Where something
// failed, only what failed is told.
func (v *Verdict) add(f Finding, sought bool) {
	switch {
	case !sought:
		v.Spoilt = v.Spoilt || !f.OK
	case f.OK:
		v.Met += max(f.Met, 1)
	default:
		v.Met += f.Met
	}
	if f.OK {
		v.Good = append(v.Good, [2]string{f.Expected, f.Actual})
		v.Came = v.Came || !f.Absent
	} else {
		v.Bad = true
		v.Expected, v.Actual = append(v.Expected, f.Expected), append(v.Actual, f.Actual)
		if v.Diff == nil {
			v.Diff = f.Diff
		}
	}
	v.Packets = append(v.Packets, f.Packets...)
}

// Failed reports whether the step did not hold, or was not done.
func (v *Verdict) Failed() bool { return v.Bad || v.Because != "" }
