package main

import (
	"fmt"
	"io"
	"strings"

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

// all are the recordings and our nodes, by dialect.
func all() (recorded, node map[kern.Dialect]*runs) {
	recorded, node = map[kern.Dialect]*runs{}, map[kern.Dialect]*runs{}
	for _, d := range dialects {
		recorded[d], node[d] = recordings(d), ours(d)
	}
	return recorded, node
}

// table writes the table and says how many rows differ.
func table(out, errout io.Writer) int {
	recorded, node := all()
	var differ [4]int
	var left []string
	part := ""
	for i := range rows {
		w := &rows[i]
		if w.part != part {
			part = w.part
			fmt.Fprintf(out, "\n## %s\n\n| situation | FreeBSD 9.1 | ours | NetBSD 7.99 | ours | DragonFly | ours | equal | severity |\n|---|---|---|---|---|---|---|---|---|\n", part)
		}
		equal := "yes"
		fmt.Fprintf(out, "| %s |", w.what)
		for j, c := range w.cells(recorded, node) {
			if !c.applies {
				fmt.Fprint(out, " - | - |")
				continue
			}
			got := "="
			if !c.same {
				got, equal = c.got, "**no**"
				if w.reason != "" {
					left = append(left, fmt.Sprintf("%s, %s: %s", w.what, dialects[j], w.reason))
				}
			}
			fmt.Fprintf(out, " %s | %s |", c.want, got)
		}
		if equal != "yes" {
			differ[w.matters]++
		}
		fmt.Fprintf(out, " %s | %s |\n", equal, [...]string{"=", "1", "2", "3"}[w.matters])
	}
	for _, d := range dialects {
		if err := node[d].err; err != nil {
			fmt.Fprintf(errout, "kernelconform: %v\n", err)
			return 2
		}
	}
	fmt.Fprintf(out, "\n%d rows; %d differ of severity 1, %d of 2, %d of 3, %d of those that were equal\n", len(rows), differ[blocks], differ[hurts], differ[polish], differ[none])
	for _, s := range left {
		fmt.Fprintf(out, "- %s\n", s)
	}
	if differ[blocks]+differ[hurts]+differ[none] > 0 {
		return 1
	}
	return 0
}

// everything writes every difference of every situation.
func everything(out, errout io.Writer) int {
	recorded, node := all()
	situations, excused, left := 0, map[string]int{}, 0
	for _, s := range situation.All {
		for _, d := range dialects {
			if !s.Recorded(d) {
				continue
			}
			situations++
			for _, x := range transcript.Compare(node[d].get(s.Name), recorded[d].get(s.Name)) {
				if why := excuse(recorded[d].get(s.Name).Name, x); why != "" {
					excused[why]++
					continue
				}
				left++
				fmt.Fprintf(out, "%s:%v\n", recorded[d].get(s.Name).Name, x)
			}
			if err := node[d].err; err != nil {
				fmt.Fprintf(errout, "kernelconform: %v\n", err)
				return 2
			}
		}
	}
	fmt.Fprintf(out, "%d transcripts, %d fields differ\n", situations, left)
	for _, c := range cannot {
		fmt.Fprintf(out, "- %d where %s\n", excused[c.why], c.why)
	}
	if left > 0 {
		return 1
	}
	return 0
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
				if why := excuse(file, x); why != "" {
					mark = " (" + why + ")"
				}
				fmt.Fprintf(out, "differs: %v%s\n", x, mark)
			}
		}
	}
	return 0
}
