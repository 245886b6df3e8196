package main

import (
	"fmt"
	goio "io"
	"strings"

	"wireloom/internal/batch"
	"wireloom/internal/terminal"
)

// progress shows how far a batch is: a bar on a terminal, else a line for each
// submission.
type progress struct {
	w     *terminal.Writer
	bar   bool
	total int
	n     int
	kept  int
	bad   int
}

func newProgress(w goio.Writer, total int) *progress {
	return &progress{w: terminal.NewWriter(w), bar: terminal.Is(w), total: total}
}

// progressWide is the width of the bar in letters.
const progressWide = 32

func (p *progress) done(row *batch.Row, kept bool) {
	p.n++
	if kept {
		p.kept++
	}
	if row.Status != batch.Graded {
		p.bad++
	}
	if !p.bar {
		note := row.Status
		switch {
		case kept:
			note = "graded before"
		case row.Error != "":
			note += ": " + terminal.Line(row.Error)
		}
		fmt.Fprintf(p.w, "%*d/%d  %s  %s\n", len(fmt.Sprint(p.total)), p.n, p.total, terminal.Line(row.Name), note)
		return
	}
	full := p.n * progressWide / p.total
	text := fmt.Sprintf("[%s%s] %d of %d", strings.Repeat("#", full), strings.Repeat("-", progressWide-full), p.n, p.total)
	if p.kept > 0 {
		text += fmt.Sprintf(", %d graded before", p.kept)
	}
	if p.bad > 0 {
		text += fmt.Sprintf(", %d could not be", p.bad)
	}
	p.w.Redraw(text)
}

func (p *progress) end() {
	if p.bar && p.n > 0 {
		fmt.Fprintln(p.w)
	}
}
