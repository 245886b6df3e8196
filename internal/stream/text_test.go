package stream

import (
	"fmt"
	"strings"
	"testing"

	"wireloom/internal/protocol"
	"wireloom/internal/session"
	"wireloom/vnet/event"
)

// TestTextComesInPieces, of which none is longer than a reply may be, and what the log
// has lost is counted.
func TestTextComesInPieces(t *testing.T) {
	s := newSession(t, nil, 1<<20, session.Options{})
	log := s.Log()
	_, from := log.Bounds()
	const lines = 40_000
	for i := range lines {
		log.Append(&event.Event{Kind: event.Console, Node: "h1", Proc: "p", FD: 1 + i%2, Data: fmt.Appendf(nil, "this is line %d of those\n", i)})
	}
	to := from + lines - 1
	first, _ := log.Bounds()
	node, proc := "h1", "p"
	var out, errs strings.Builder
	for next := from; next <= to; {
		got, err := text(t.Context(), s, &command{Node: &node, Proc: &proc, From: &next, To: &to})
		if err != nil {
			t.Fatal(err)
		}
		r := got.(protocol.TextResult)
		if want := first - min(first, next); r.Missed != want {
			t.Errorf("%d events from %d on are missed, want %d", r.Missed, next, want)
		}
		size := 0
		for _, p := range r.Parts {
			size += len(p.Text)
			if p.FD == 1 {
				out.WriteString(p.Text)
			} else {
				errs.WriteString(p.Text)
			}
		}
		if size > maxParts || r.Next <= next {
			t.Fatalf("%d bytes from %d up to %d", size, next, r.Next)
		}
		next = r.Next
	}
	var want [2]strings.Builder
	for i := int(first - from); i < lines; i++ {
		fmt.Fprintf(&want[i%2], "this is line %d of those\n", i)
	}
	if first == from || out.String() != want[0].String() || errs.String() != want[1].String() {
		t.Errorf("%d and %d bytes came, want %d and %d: all that the log still has", out.Len(), errs.Len(), want[0].Len(), want[1].Len())
	}
}
