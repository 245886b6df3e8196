package main

import (
	"strings"
	"testing"
)

func measured(rows ...Row) *Report { return &Report{Rows: rows} }

func TestABuildIsComparedWithItsBase(t *testing.T) {
	cpu := func(x float64) Row { return against("64 B", "ns CPU/frame", []float64{x}, []float64{1}, "") }
	rate := func(x float64) Row { return against("one viewer", "events/s delivered", []float64{x}, nil, "") }
	left := func(x float64) Row { return below("goroutines after closing", "", x, 3) }
	fresh := against("a frame through five switches", "ns CPU/frame", []float64{1}, nil, "")
	r, err := compare(item{name: "fabric", about: "frames"},
		[]*Report{measured(cpu(104), rate(50), left(1), fresh), measured(cpu(110), rate(100), left(0), fresh), measured(cpu(120), rate(40), left(0), fresh)},
		[]*Report{measured(cpu(100), rate(100), left(0)), measured(cpu(100), rate(90), left(0)), measured(cpu(200), rate(100), left(0))})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	r.write(&b)
	got := strings.Split(strings.TrimSpace(b.String()), "\n")
	for i, line := range got {
		got[i] = strings.Join(strings.Fields(line), " ")
	}
	want := []string{
		"fabric: frames: this build against the base",
		"what unit ours peer ratio",
		"64 B ns CPU/frame 110 [104..120] 100 [100..200] 1.04 [0.6..1.1], goal <= 1.05 met",
		"one viewer events/s delivered 50 [40..100] 100 [90..100] 2 [0.9..2.5], goal <= 1.05 MISSED",
		"the base has no such figure: a frame through five switches",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestABaseWithoutTheFiguresIsAnError(t *testing.T) {
	if r, err := compare(item{}, []*Report{measured(Row{What: "a"})}, []*Report{measured(Row{What: "b"})}); err == nil {
		t.Errorf("got %+v, want an error", r)
	}
}
