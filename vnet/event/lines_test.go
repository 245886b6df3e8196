package event

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestLines(t *testing.T) {
	type write struct {
		proc string
		fd   int
		text string // "": the process ends
	}
	long := strings.Repeat("x", MaxLine)
	for _, tc := range []struct {
		name   string
		writes []write
		want   []string // PROC.FD@TIME TEXT; after a "|" what Flush brings
	}{
		{"a line in four pieces", []write{{"a", 2, "a.wasm"}, {"a", 2, ": "}, {"a", 2, "cannot open"}, {"a", 2, "\n"}}, []string{`a.2@4 "a.wasm: cannot open\n"`}},
		{"several lines in one", []write{{"a", 1, "one\n\ntwo\nth"}, {"a", 1, "ree\n"}}, []string{`a.1@1 "one\n"`, `a.1@1 "\n"`, `a.1@1 "two\n"`, `a.1@2 "three\n"`}},
		{"outputs and processes apart", []write{{"a", 1, "1"}, {"a", 2, "2"}, {"b", 1, "3"}, {"a", 1, "\n"}, {"b", 1, "\n"}}, []string{`a.1@4 "1\n"`, `b.1@5 "3\n"`, "|", `a.2@2 "2"`}},
		{"a process that ends", []write{{"a", 2, "late"}, {"a", 1, "name? "}, {"b", 1, "b"}, {"a", 0, ""}}, []string{`a.1@2 "name? "`, `a.2@1 "late"`, "|", `b.1@3 "b"`}},
		{"a line that is too long", []write{{"a", 1, long[:10]}, {"a", 1, long + "y\n"}}, []string{fmt.Sprintf("a.1@2 %q", long), fmt.Sprintf("a.1@2 %q", long[:10]+"y\n")}},
		{"as long as it may be", []write{{"a", 1, long}, {"a", 1, "\n"}}, []string{fmt.Sprintf("a.1@1 %q", long), `a.1@2 "\n"`}},
		{"in the order in which they began", []write{{"b", 1, "x"}, {"a", 1, "y"}, {"b", 1, "z"}}, []string{"|", `b.1@3 "xz"`, `a.1@2 "y"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var l Lines
			var got []string
			show := func(e *Event) {
				got = append(got, fmt.Sprintf("%s.%d@%d %q", e.Proc, e.FD, e.At, e.Data))
			}
			for i, w := range tc.writes {
				if w.text == "" {
					l.End("n", w.proc, 7, show)
					continue
				}
				data := []byte(w.text)
				l.Add(&Event{Kind: Console, Node: "n", Proc: w.proc, PID: 7, FD: w.fd, Seq: uint64(i), At: time.Duration(i + 1), Data: data}, show)
				clear(data) // it was only lent
			}
			if len(l.open) > 0 {
				got = append(got, "|")
			}
			l.Flush(show)
			l.Flush(show)
			if fmt.Sprint(got) != fmt.Sprint(tc.want) || len(l.open) > 0 {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}
