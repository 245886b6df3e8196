package stream

import (
	"unicode/utf8"

	"wireloom/internal/decode"
	"wireloom/internal/stream/gapped"
	"wireloom/internal/stream/object"
	"wireloom/vnet/event"
)

// Limits of an event as the page gets it.
const (
	maxData = 16 << 10 // bytes of a frame or a call; "size" says how many there are
	maxText = 8 << 10  // bytes of a sentence
)

// appendText appends what was written to a console, and its bytes if the text does not
// tell them.
func appendText(o *object.Object, v []byte) {
	o.Name("text")
	o.B = object.AppendString(o.B, v)
	if !utf8.Valid(v) {
		o.Hex("data", v)
	}
}

// frameOf returns the frame that an event is about, if the event is what shows it: the
// frame of a command or a limit has an event of its own.
func frameOf(e *event.Event) (event.Packet, bool) {
	p, ok := e.Packet()
	return p, ok && e.Kind != event.Command && e.Kind != event.Limit
}

// textOf is the sentence of an event, which may name the frame that it is about.
func textOf(e *event.Event) string {
	s := e.Text
	if e.Kind == event.Limit && e.Frame != 0 {
		sum := decode.Summarize(e.Link, e.Data)
		s += ": " + sum.Proto + " " + sum.Info
	}
	if len(s) > maxText {
		s = s[:maxText-gapped.Torn([]byte(s[:maxText]))] + "…"
	}
	return s
}
