package run

import (
	"fmt"
	"strings"

	"wireloom/internal/decode"
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
	switch {
	case e.Op == "open":
		fmt.Fprintf(&b, "(%q)", e.Path)
	case e.Path != "" && (e.Op == "read" || e.Op == "write"):
		fmt.Fprintf(&b, "(%d<%s>, %d)", e.FD, e.Path, e.Len)
	case e.Path != "":
		fmt.Fprintf(&b, "(%d<%s>%s)", e.FD, e.Path, sep(e.Text))
	default:
		fmt.Fprintf(&b, "(%s)", strings.TrimPrefix(sep(e.Text), ", "))
	}
	if e.Errno != 0 {
		fmt.Fprintf(&b, " = %v", errno.Errno(e.Errno))
	} else {
		fmt.Fprintf(&b, " = %d", e.N)
	}
	return b.String()
}

func sep(s string) string {
	if s == "" {
		return ""
	}
	if len(s) > 80 {
		s = s[:80] + "..."
	}
	return ", " + s
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
