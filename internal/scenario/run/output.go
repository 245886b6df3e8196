package run

import (
	"bytes"

	"wireloom/internal/scenario/format"
)

// MaxOutput is how many bytes of a program's output are looked at.
const MaxOutput = 256 << 10

// The streams of an output.
const (
	Both = iota // as they came
	Out
	Err
)

// An Output is what a program has printed since it began, by stream.
type Output struct {
	text  [3][]byte
	marks [3]int // where the step began
	tail  tail
}

func (o *Output) write(fd int, b []byte) {
	o.tail.write(fd, b)
	for _, i := range []int{Both, fd} {
		if i < 0 || i > 2 || i == Both && fd == Both {
			continue
		}
		o.text[i] = append(o.text[i], b[:min(len(b), MaxOutput-len(o.text[i]))]...)
	}
}

func (o *Output) mark() {
	for i := range o.text {
		o.marks[i] = len(o.text[i])
	}
}

// Len is how many bytes of a stream there are.
func (o *Output) Len(stream int) int { return len(o.text[stream]) }

// Text is what was printed on a stream: in the step only, or all of it.
func (o *Output) Text(stream int, step bool) string {
	from := 0
	if step {
		from = o.marks[stream]
	}
	return string(o.text[stream][from:])
}

// LastError is the last line on standard error that is not blank, without what can't be
// shown; "" if there is none.
func (o *Output) LastError() string {
	return plainLine(format.Clip(string(o.tail.last[Err]), maxPrintedLine))
}

// EndsWith reports whether what was printed last is a text.
func (o *Output) EndsWith(text string) bool { return bytes.HasSuffix(o.text[Both], []byte(text)) }
