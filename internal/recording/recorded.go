package recording

import (
	"encoding/json"
	"fmt"

	"wireloom/internal/strictjson"
	"wireloom/vnet"
)

// A Recorded is a command with where in the run it took effect.
type Recorded struct {
	At      int64  // virtual nanoseconds
	Step    uint64 // steps that the loop had taken
	Command vnet.Command
	Name    string // install: the program's file name
}

// MarshalJSON is the command's own object with "at", "step" and, of an install, "name".
func (r Recorded) MarshalJSON() ([]byte, error) {
	c, err := vnet.EncodeCommand(r.Command)
	if err != nil {
		return nil, err
	}
	out := fmt.Appendf(nil, `{"at":%d,"step":%d,`, r.At, r.Step)
	out = append(out, c[1:len(c)-1]...)
	if r.Name != "" {
		name, err := json.Marshal(r.Name)
		if err != nil {
			return nil, err
		}
		out = append(append(out, `,"name":`...), name...)
	}
	return append(out, '}'), nil
}

// UnmarshalJSON takes what MarshalJSON makes, and no other field.
func (r *Recorded) UnmarshalJSON(b []byte) error {
	var fields map[string]json.RawMessage
	if err := strictjson.Decode(b, &fields); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		to   any
	}{{"at", &r.At}, {"step", &r.Step}, {"name", &r.Name}} {
		if raw, there := fields[f.name]; there {
			if err := strictjson.Decode(raw, f.to); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
		}
		delete(fields, f.name)
	}
	rest, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	r.Command, err = vnet.DecodeCommand(rest, strictjson.Decode)
	return err
}
