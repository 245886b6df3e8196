package stream

import (
	"context"
	"fmt"

	"wireloom/internal/protocol"
	"wireloom/internal/session"
	"wireloom/vnet/event"
)

// maxParts is how many bytes of text a reply has.
const maxParts = 64 << 10

// text returns what a process wrote between two events, both of which belong to it:
// all of what a viewer was only shown in part.
func text(_ context.Context, s *session.Session, c *command) (any, error) {
	if *c.To < *c.From {
		return nil, fmt.Errorf("there is nothing from event %d to event %d", *c.From, *c.To)
	}
	r := protocol.TextResult{Parts: []protocol.TextPart{}, Next: *c.To + 1}
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
			r.Parts = append(r.Parts, protocol.TextPart{FD: e.FD})
		}
		b = append(b, e.Data...)
		return true
	})
	end()
	r.Missed = min(missed, *c.To+1-*c.From)
	return r, nil
}
