package main

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"wireloom/internal/kernelconform/situation"
	"wireloom/internal/kernelconform/transcript"
	"wireloom/vnet/kern"
)

// A cell is what a dialect's kernel does and what our node does, of one row.
type cell struct {
	want, got string
	applies   bool
	same      bool
}

// cells are a row's, in the order of dialects.
func (w *row) cells(recorded, node map[kern.Dialect]*runs) (out [3]cell) {
	for i, d := range dialects {
		if w.only != nil && w.only[0] != d {
			continue
		}
		out[i].applies = true
		out[i].want = w.known(d, recorded)
		out[i].got = w.shows(node[d])
		out[i].same = transcript.Same(out[i].got, out[i].want)
	}
	return out
}

// known is what a kernel does.
func (w *row) known(d kern.Dialect, recorded map[kern.Dialect]*runs) string {
	switch {
	case d == kern.NetBSD && w.nbsd != "":
		return w.nbsd
	case d == kern.DragonFly && w.dfly != "":
		return w.dfly
	case d != kern.NetBSD && w.fbsd != "":
		return w.fbsd
	case d == kern.NetBSD:
		return w.shows(recorded[kern.NetBSD])
	}
	return w.shows(recorded[kern.FreeBSD])
}

// all are the recordings and our nodes, by dialect. A node is asked once in a run of the
// command.
var all = sync.OnceValues(func() (recorded, node map[kern.Dialect]*runs) {
	recorded, node = map[kern.Dialect]*runs{}, map[kern.Dialect]*runs{}
	for _, d := range dialects {
		recorded[d], node[d] = recordings(d), ours(d)
	}
	return recorded, node
})

// table writes the table and says how many rows differ.
func table(out, errout io.Writer) int {
	recorded, node := all()
	var differ [4]int
	part := ""
	for i := range rows {
		w := &rows[i]
		if w.part != part {
			part = w.part
			fmt.Fprintf(out, "\n## %s\n\n| situation | FreeBSD 9.1 | ours | NetBSD 7.99 | ours | DragonFly | ours | equal | severity |\n|---|---|---|---|---|---|---|---|---|\n", part)
		}
		equal := "yes"
		fmt.Fprintf(out, "| %s |", w.what)
		for _, c := range w.cells(recorded, node) {
			if !c.applies {
				fmt.Fprint(out, " - | - |")
				continue
			}
			got := "="
			if !c.same {
				got, equal = c.got, "**no**"
			}
			fmt.Fprintf(out, " %s | %s |", c.want, got)
		}
		if equal != "yes" {
			differ[w.matters]++
		}
		fmt.Fprintf(out, " %s | %s |\n", equal, w.matters)
	}
	if !ran(node, errout) {
		return 2
	}
	fmt.Fprintf(out, "\n%d rows; %d differ of severity 1, %d of 2, %d of 3, %d of those that were equal\n", len(rows), differ[blocks], differ[hurts], differ[polish], differ[none])
	left := left(recorded, node)
	for _, x := range left {
		fmt.Fprintf(out, "- %s, %s: %s\n", x.row.what, x.dialect, x.row.reason)
	}
	if differ[blocks]+differ[hurts]+differ[none] > 0 {
		return 1
	}
	return 0
}

// ran says whether every situation came about.
func ran(node map[kern.Dialect]*runs, errout io.Writer) bool {
	for _, d := range dialects {
		if err := node[d].err; err != nil {
			fmt.Fprintf(errout, "kernelconform: %v\n", err)
			return false
		}
	}
	return true
}

// A rest is a row that differs, for a dialect.
type rest struct {
	row     *row
	dialect kern.Dialect
	cell    cell
}

// left are the rows that differ.
func left(recorded, node map[kern.Dialect]*runs) (out []rest) {
	for i := range rows {
		for j, c := range rows[i].cells(recorded, node) {
			if c.applies && !c.same {
				out = append(out, rest{&rows[i], dialects[j], c})
			}
		}
	}
	return out
}

// everything writes every difference of every situation.
func everything(out, errout io.Writer) int {
	recorded, node := all()
	found := differences(recorded, node)
	for _, s := range found.lines {
		fmt.Fprintln(out, s)
	}
	if !ran(node, errout) {
		return 2
	}
	fmt.Fprintf(out, "%d transcripts, %d fields differ\n", found.transcripts, len(found.lines))
	for i, c := range cannot {
		fmt.Fprintf(out, "- %s %s: %d: %s\n", c.file, c.step, found.excused[i], c.why)
	}
	if len(found.lines) > 0 {
		return 1
	}
	return 0
}

// found is where our nodes' transcripts are not as the recorded ones.
type found struct {
	transcripts int
	lines       []string
	excused     []int // by cause
}

func differences(recorded, node map[kern.Dialect]*runs) found {
	out := found{excused: make([]int, len(cannot))}
	for _, s := range situation.All {
		for _, d := range dialects {
			if !s.Recorded(d) {
				continue
			}
			out.transcripts++
			want := recorded[d].get(s.Name)
			for _, x := range transcript.Compare(node[d].get(s.Name), want) {
				if i := excuse(want.Name, x); i >= 0 {
					out.excused[i]++
				} else {
					out.lines = append(out.lines, fmt.Sprintf("%s:%v", want.Name, x))
				}
			}
		}
	}
	return out
}

// show writes the transcripts of a situation.
func show(name string, out, errout io.Writer) int {
	s, ok := situation.Find(name)
	if !ok {
		fmt.Fprintf(errout, "kernelconform: there is no situation %q\n", name)
		return 2
	}
	for _, d := range dialects {
		text, err := s.Text(d)
		if err != nil {
			fmt.Fprintf(errout, "kernelconform: %v\n", err)
			return 2
		}
		fmt.Fprintf(out, "=== %s.%s, ours\n%s", situation.Prefix(d), name, text)
		if s.Recorded(d) {
			file := situation.Prefix(d) + "." + name
			b, err := testdata.ReadFile("testdata/" + file + ".txt")
			if err != nil {
				fmt.Fprintf(errout, "kernelconform: %v\n", err)
				return 2
			}
			fmt.Fprintf(out, "=== %s, recorded\n%s", file, strings.TrimRight(string(b), "\n")+"\n")
			for _, x := range transcript.Compare(transcript.Parse(file, text), transcript.Parse(file, string(b))) {
				mark := ""
				if i := excuse(file, x); i >= 0 {
					mark = " (" + cannot[i].why + ")"
				}
				fmt.Fprintf(out, "differs: %v%s\n", x, mark)
			}
		}
	}
	return 0
}
