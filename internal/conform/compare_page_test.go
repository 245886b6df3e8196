package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/drivers.md with what the drivers do")

var page = filepath.Join("..", "..", "docs", "drivers.md")

// A pageRow is one behaviour. Its cells are what run observes on a new kernel
// with the one driver and with the other.
type pageRow struct {
	id, text string
	source   functions
	run      func(l *lab) string
}

// functions are those of the original sources that a row is about, the one
// driver's and the other's; "" where a driver has no such thing.
type functions [2]string

// in is the function of both sources, or that of each.
func in(names ...string) functions {
	return functions{names[0], names[len(names)-1]}
}

func (f functions) String() string {
	var out []string
	for i, name := range f {
		if name != "" && (i == 0 || name != f[0]) {
			out = append(out, "`"+name+"`")
		}
	}
	return strings.Join(out, " / ")
}

// A topic is a part of a device's table.
type topic struct {
	title string
	rows  []pageRow
}

// A table puts two drivers of one device side by side.
type table struct {
	device  string
	drivers [2]string
	titles  [2]string
	topics  []topic
}

var tables = []table{
	{"tun", [2]string{"freebsd-tun", "dragonfly-tun"}, [2]string{"FreeBSD 9.1", "DragonFly 2005"}, tunTopics},
	{"tap", [2]string{"dragonfly-tap", "netbsd-tap"}, [2]string{"DragonFly", "NetBSD 1.123"}, tapTopics},
}

// cells are what both drivers do; "–" for one that has no such thing.
func (r pageRow) cells(t *testing.T, drivers [2]string) [2]string {
	var out [2]string
	for i, driver := range drivers {
		if out[i] = "–"; r.source[i] != "" {
			out[i] = r.run(newLab(t, driver))
		}
	}
	return out
}

// mark says at a glance whether the drivers do the same.
func (r pageRow) mark(cells [2]string) string {
	switch {
	case r.source[0] == "" || r.source[1] == "":
		return "1"
	case cells[0] == cells[1]:
		return "="
	}
	return "≠"
}

// markdown is a table, in a section for each topic. A row begins with its
// mark, which is also what a link to it points at.
func (tb table) markdown(t *testing.T) string {
	var b strings.Builder
	for _, tp := range tb.topics {
		fmt.Fprintf(&b, "\n### %s: %s\n\n| | Behaviour | %s | %s | Source |\n|---|---|---|---|---|\n", tb.device, tp.title, tb.titles[0], tb.titles[1])
		for _, r := range tp.rows {
			c := r.cells(t, tb.drivers)
			id := tb.device + "-" + r.id
			fmt.Fprintf(&b, "| <a id=%q href=%q>%s</a> | %s | %s | %s | %s |\n", id, "#"+id, r.mark(c), r.text, cell(c[0]), cell(c[1]), r.source)
		}
	}
	return b.String()
}

func cell(s string) string { return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(s) }

func markers(device string) (begin, end string) {
	return "<!-- " + device + ": begin, written by go test ./internal/conform -run TestDriversPage -update -->\n",
		"\n<!-- " + device + ": end -->"
}

// The tables of the page are what the drivers do today.
func TestDriversPage(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, tb := range tables {
		begin, end := markers(tb.device)
		head, rest, ok := strings.Cut(text, begin)
		old, tail, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s: no place for the table of %s: it goes between the lines\n%s%s", page, tb.device, begin, end)
		}
		now := tb.markdown(t)
		if now != old && !*update {
			t.Errorf("%s is not what the drivers of %s do; if they are right, run go test ./internal/conform -run TestDriversPage -update\n%s", page, tb.device, lineDiff(old, now))
		}
		text = head + begin + now + end + tail
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// lineDiff is the lines of each text that the other doesn't have.
func lineDiff(old, now string) string {
	var b strings.Builder
	only := func(sign, a, other string) {
		for line := range strings.Lines(a) {
			if !strings.Contains("\n"+other, "\n"+line) {
				b.WriteString(sign + line)
			}
		}
	}
	only("- page:    ", old, now)
	only("+ drivers: ", now, old)
	return b.String()
}

// Rows can be linked to, and each says where in the original it comes from.
func TestDriversPageRows(t *testing.T) {
	name := regexp.MustCompile(`^((tun|tap|filt_tap|sysctl_tap)_?[a-z_]*[a-z]|dofileread|svn_read|devfs_fo_read|spec_read)$`) // the last four are between read(2) and a driver
	id := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	for _, tb := range tables {
		seen := map[string]bool{}
		for _, tp := range tb.topics {
			for _, r := range tp.rows {
				if !id.MatchString(r.id) || seen[r.id] {
					t.Errorf("%s, %s: the id %q is not one, or not the only one", tb.device, r.text, r.id)
				}
				seen[r.id] = true
				if r.source == (functions{}) {
					t.Errorf("%s-%s has no source", tb.device, r.id)
				}
				for _, f := range r.source {
					if f != "" && !name.MatchString(f) {
						t.Errorf("%s-%s: %q is no function of a driver", tb.device, r.id, f)
					}
				}
			}
		}
		if len(seen) < 60 {
			t.Errorf("%d rows about %s, want at least 60", len(seen), tb.device)
		}
	}
}

// A driver that does something else is noticed.
func TestDriversPageNoticesAChange(t *testing.T) {
	tb := tables[0]
	before := tb.markdown(t)
	tb.drivers[0] = tb.drivers[1]
	got := lineDiff(before, tb.markdown(t))
	for _, want := range []string{"- page:    ", "+ drivers: ", "tun-write-down"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in the difference:\n%s", want, got)
		}
	}
}
