package stream

import (
	"context"
	"fmt"

	"wireloom/internal/session"
	"wireloom/vnet/event"
)

// maxParts is how many bytes of text a reply has.
const maxParts = 64 << 10

// A textResult is what a process wrote, as far as the log still has it.
type textResult struct {
	Parts  []textPart `json:"parts"`
	Next   uint64     `json:"next"`   // the event to ask from for what follows; beyond To if nothing does
	Missed uint64     `json:"missed"` // events before Parts that are gone, of whatever kind
}

// A textPart is what a process wrote at once, or several times in a row.
type textPart struct {
	FD   int    `json:"fd"`
	Text string `json:"text"`
}

// text returns what a process wrote between two events, both of which belong to it:
// all of what a viewer was only shown in part.
func text(_ context.Context, s *session.Session, c *command) (any, error) {
	if *c.To < *c.From {
		return nil, fmt.Errorf("there is nothing from event %d to event %d", *c.From, *c.To)
	}
	r := textResult{Parts: []textPart{}, Next: *c.To + 1}
	size := 0
	var b []byte // of the last part
	end := func() {
		if len(b) > 0 {
			r.Parts[len(r.Parts)-1].Text = string(b)
			b = b[:0]
		}
	}
	missed, _ := s.Log().Each(*c.From, func(e *event.Event) bool {
		if e.Seq > *c.To {
			return false
		}
		if e.Kind != event.Console || e.Node != *c.Node || e.Proc != *c.Proc {
			return true
		}
		if size > 0 && size+len(e.Data) > maxParts {
			r.Next = e.Seq
			return false
		}
		size += len(e.Data)
		if n := len(r.Parts); n == 0 || r.Parts[n-1].FD != e.FD {
			end()
			r.Parts = append(r.Parts, textPart{FD: e.FD})
		}
		b = append(b, e.Data...)
		return true
	})
	end()
	r.Missed = min(missed, *c.To+1-*c.From)
	return r, nil
}
