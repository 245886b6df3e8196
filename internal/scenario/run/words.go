package run

import (
	"fmt"
	"strings"

	"wireloom/internal/decode"
	"wireloom/internal/scenario/format"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
)

// Events and frames in words.

// Where is the process that an event is of, or the node.
func Where(e *event.Event) string {
	if e.Proc == "" {
		return e.Node
	}
	return e.Node + ":" + e.Proc
}

// ExitText is how a process ended.
func ExitText(e *event.Event) string {
	if e.Op == "exit" {
		return fmt.Sprintf("exit code %d", e.N)
	}
	return e.Text
}

// CallText is a system call in words: "read(4</dev/tap0>, 2048) = 42".
func CallText(e *event.Event) string {
	var b strings.Builder
	b.WriteString(e.Op)
	const limit = 80
	text := format.Clip(e.Text, limit)
	switch {
	case e.Op == "open":
		fmt.Fprintf(&b, "(%q)", e.Path)
	case e.Path != "" && (e.Op == "read" || e.Op == "write"):
		fmt.Fprintf(&b, "(%d<%s>, %d)", e.FD, e.Path, e.Len)
	case e.Path != "" && text != "":
		fmt.Fprintf(&b, "(%d<%s>, %s)", e.FD, e.Path, text)
	case e.Path != "":
		fmt.Fprintf(&b, "(%d<%s>)", e.FD, e.Path)
	default:
		fmt.Fprintf(&b, "(%s)", text)
	}
	if e.Errno != 0 {
		fmt.Fprintf(&b, " = %v", errno.Errno(e.Errno))
	} else {
		fmt.Fprintf(&b, " = %d", e.N)
	}
	return b.String()
}

// Summary is a frame in words.
func Summary(link decode.Link, b []byte) string {
	s := decode.Summarize(link, b)
	text := strings.TrimSpace(s.Proto + " " + s.Info)
	if s.Bad != "" {
		text += " (" + s.Bad + ")"
	}
	return text
}
