package vnet

import (
	"encoding/json"
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

// A Fault makes a link fail in a way that is the same in every run. Either Link
// says that it goes down or comes up again, in both directions; or frames of one
// direction, counted from now on, are lost or come late.
type Fault struct {
	Port  string        `json:"port"`            // an end of the link
	Link  string        `json:"link,omitempty"`  // "down" or "up"
	Out   bool          `json:"out,omitempty"`   // frames that leave the port; else those that come in by it
	Drop  []uint64      `json:"drop,omitempty"`  // which are lost: 1 is the next
	Delay []uint64      `json:"delay,omitempty"` // which come late
	By    time.Duration `json:"by,omitempty"`    // how late; others may overtake them
}

// String is the fault in words.
func (f Fault) String() string {
	if f.Link != "" {
		return f.Port + " link " + f.Link
	}
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
	case f.Link != "" && (len(f.Drop)+len(f.Delay) > 0 || f.By != 0):
		return errors.New("a fault either takes the link down or up, or drops and delays frames")
	case f.Link != "" && f.Link != "down" && f.Link != "up":
		return fmt.Errorf("a link goes down or up, not %q", f.Link)
	case f.Link == "" && len(f.Drop)+len(f.Delay) == 0:
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

// Fault makes a link fail from now on, or work again. It is a command, recorded as
// such; one that is refused is an error and changes nothing.
func (l *Lab) Fault(f Fault) error {
	op := "fault"
	if f.Link != "" {
		op = "link"
	}
	text, err := json.Marshal(struct {
		Op string `json:"op"`
		Fault
	}{op, f})
	if err != nil {
		return fmt.Errorf("fault: %w", err)
	}
	l.emit(event.Event{Kind: event.Command, Op: op, Port: f.Port, Text: string(text), N: int64(l.loop.Steps())})
	if err := f.Check(); err != nil {
		return err
	}
	p := l.ports[f.Port]
	if p == nil || p.peer == nil {
		return fmt.Errorf("there is no link at %q in this lab", f.Port)
	}
	if f.Link != "" {
		for _, end := range []*port{p, p.peer} {
			end.SetDown(f.Link == "down")
		}
		return nil
	}
	if !f.Out {
		p = p.peer
	}
	if !p.Fail(f.Drop, f.Delay, f.By) {
		return fmt.Errorf("port %s has %d faults to come already", p.name, p.Pending())
	}
	return nil
}
