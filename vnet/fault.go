package vnet

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"wireloom/vnet/event"
	"wireloom/vnet/fabric"
)

// MaxFaults is how many frames one fault may name.
const MaxFaults = fabric.MaxFaults

// A Fault makes frames of one direction of a link be lost or come late, counted from
// now on: the same in every run.
type Fault struct {
	Port  string        `json:"port"`            // an end of the link
	Out   bool          `json:"out,omitempty"`   // frames that leave the port; else those that come in by it
	Drop  []uint64      `json:"drop,omitempty"`  // which are lost: 1 is the next
	Delay []uint64      `json:"delay,omitempty"` // which come late
	By    time.Duration `json:"by,omitempty"`    // how late; others may overtake them
}

// String is the fault in words.
func (f Fault) String() string {
	dir := " in"
	if f.Out {
		dir = " out"
	}
	var parts []string
	if len(f.Drop) > 0 {
		parts = append(parts, "drop "+numbers(f.Drop))
	}
	if len(f.Delay) > 0 {
		parts = append(parts, fmt.Sprintf("delay %s by %v", numbers(f.Delay), f.By))
	}
	return f.Port + dir + " " + strings.Join(parts, ", ")
}

func numbers(ns []uint64) string {
	out := make([]string, len(ns))
	for i, n := range ns {
		out[i] = fmt.Sprint(n)
	}
	return strings.Join(out, ",")
}

// Check returns what is wrong with the fault itself, whatever the lab.
func (f Fault) Check() error {
	switch {
	case len(f.Drop)+len(f.Delay) == 0:
		return errors.New("a fault takes the link down or up, or says which frames to drop or delay")
	case len(f.Drop)+len(f.Delay) > MaxFaults:
		return fmt.Errorf("a fault names %d frames, at most %d are allowed", len(f.Drop)+len(f.Delay), MaxFaults)
	case slices.Contains(f.Drop, 0) || slices.Contains(f.Delay, 0):
		return errors.New("frames are counted from 1")
	case (len(f.Delay) > 0) != (f.By > 0) || f.By > time.Minute:
		return errors.New("frames are delayed by a time between 0 and 1m")
	}
	return nil
}

func (Fault) op() string            { return "fault" }
func (f Fault) fact(e *event.Event) { e.Port = f.Port }
func (f Fault) apply(l *Lab) (r Reply, err error) {
	if err := f.Check(); err != nil {
		return r, err
	}
	p, err := l.linked(f.Port)
	if err != nil {
		return r, err
	}
	if !f.Out {
		p = p.peer
	}
	if !p.Fail(f.Drop, f.Delay, f.By) {
		return r, fmt.Errorf("port %s has %d faults to come already", p.name, p.Pending())
	}
	return r, nil
}

// linked is an end of a link by its name, or why there is none.
func (l *Lab) linked(name string) (*port, error) {
	p := l.ports[name]
	if p == nil || p.peer == nil {
		return nil, fmt.Errorf("there is no link at %q in this lab", name)
	}
	return p, nil
}
