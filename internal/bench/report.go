package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
)

// A Report is what an item found.
type Report struct {
	Item  string   `json:"item"`
	Title string   `json:"title"`
	Rows  []Row    `json:"rows"`
	Notes []string `json:"notes,omitempty"`
	Error string   `json:"error,omitempty"`
}

// A Row is one figure of ours, with what it is held against where there is such a
// thing: a peer measured in the same rounds, or a goal.
type Row struct {
	What  string  `json:"what"`
	Unit  string  `json:"unit"`
	Ours  Spread  `json:"ours"`
	Peer  *Spread `json:"peer,omitempty"`
	Ratio *Spread `json:"ratio,omitempty"` // ours divided by peer, round by round
	Goal  string  `json:"goal,omitempty"`
	Met   *bool   `json:"met,omitempty"` // whether the goal is
	Note  string  `json:"note,omitempty"`
}

// against makes a row of figures measured round by round; without a peer's only
// ours are shown.
func against(what, unit string, ours, peer []float64, note string) Row {
	r := Row{What: what, Unit: unit, Ours: spread(ours), Note: note}
	if len(peer) > 0 {
		p, q := spread(peer), spread(ratios(ours, peer))
		r.Peer, r.Ratio = &p, &q
	}
	return r
}

// below makes a row of one figure that is to stay at or below a limit.
func below(what, unit string, x, limit float64) Row {
	return figure(what, unit, one(x), "").atMost(limit)
}

// atMost says what the median of our figures is to be at most, whatever a peer's are.
func (r Row) atMost(limit float64) Row {
	met := r.Ours.Median <= limit
	r.Goal, r.Met = "<= "+number(limit), &met
	return r
}

// above makes a row of one figure that is to stay at or above a limit.
func above(what, unit string, x, limit float64) Row {
	met := x >= limit
	return Row{What: what, Unit: unit, Ours: Spread{x, x, x}, Goal: ">= " + number(limit), Met: &met}
}

// goal says what the ratio is to be at most. Without a peer there is nothing to say.
func (r Row) goal(limit float64) Row {
	r.Goal = "<= " + number(limit)
	if r.Ratio != nil {
		met := r.Ratio.Median <= limit
		r.Met = &met
	}
	return r
}

// machine describes what a run was measured on, in a line.
func machine() string {
	s := fmt.Sprintf("%d cores, GOMAXPROCS %d, %s %s/%s", runtime.NumCPU(), runtime.GOMAXPROCS(0), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(b), "model name\t: "); ok {
			model, _, _ := strings.Cut(rest, "\n")
			s += ", " + model
		}
	}
	return s
}

// loadAverage is that of the last minute; "" where the system does not tell.
func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	one, _, _ := strings.Cut(string(b), " ")
	return one
}

// write prints the report as a table for people.
func (r *Report) write(w io.Writer) {
	fmt.Fprintf(w, "\n%s: %s\n", r.Item, r.Title)
	if r.Error != "" {
		fmt.Fprintf(w, "  not measured: %s\n", r.Error)
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  what\tunit\tours\tpeer\tratio\t")
	for _, x := range r.Rows {
		peer, ratio := "", ""
		switch {
		case x.Peer != nil:
			peer, ratio = x.Peer.String(), x.Ratio.String()
			if x.Met != nil {
				ratio += ", goal " + x.Goal + map[bool]string{true: " met", false: " MISSED"}[*x.Met]
			}
		case x.Met != nil && *x.Met:
			peer, ratio = "goal "+x.Goal, "met"
		case x.Met != nil:
			peer, ratio = "goal "+x.Goal, "MISSED"
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\t%s\n", x.What, x.Unit, x.Ours, peer, ratio, x.Note)
	}
	_ = t.Flush() // of the same writer that the lines above went to
	for _, n := range r.Notes {
		fmt.Fprintf(w, "  %s\n", n)
	}
}

// String is "median [min..max]", or one number where they are the same.
func (s Spread) String() string {
	if s.Min == s.Max || math.IsNaN(s.Median) {
		return number(s.Median)
	}
	return fmt.Sprintf("%s [%s..%s]", number(s.Median), number(s.Min), number(s.Max))
}

// number prints x with about three digits that matter.
func number(x float64) string {
	switch a := math.Abs(x); {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return "-"
	case a >= 999_500:
		return fmt.Sprintf("%.3gM", x/1e6)
	case a >= 9_999.5:
		return fmt.Sprintf("%.3gk", x/1e3)
	case a >= 100:
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.3g", x)
}

// A document is everything that -json prints.
type document struct {
	Machine string    `json:"machine"`
	Rounds  int       `json:"rounds"`
	Items   []*Report `json:"items"`
}

func (d document) write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(d)
}
