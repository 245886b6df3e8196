package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestBadArguments(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"an item that is not there", []string{"fabrik"}, `there is no item "fabrik": there is fabric, sizes, switches, guest, pair, spawn, fuel, grading, hosts, stream, labs, many, revive, neighbours, address, class, soak, tab, page`},
		{"no rounds", []string{"-rounds", "0"}, "-rounds 0: 1 to 100 are possible"},
		{"too many rounds", []string{"-rounds=101", "fabric"}, "-rounds 101: 1 to 100 are possible"},
		{"a flag that is not there", []string{"-fast"}, "flag provided but not defined: -fast"},
		{"a base that git doesn't know", []string{"-base", "no-such-commit", "fabric"}, "-base no-such-commit: git knows no such commit here"},
		{"a base that is an option", []string{"-base=--all", "fabric"}, "-base --all: git knows no such commit here"},
		{"viewers of nothing", []string{drain, "127.0.0.1", "1", "1"}, "drain 127.0.0.1 1 1: that is for the command itself"},
		{"an item for a process of its own", []string{only, "fabrik", "7"}, "only fabrik 7: that is for the command itself"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			err := run(t.Context(), tc.args, &out, &errs)
			if err == nil || err.Error() != tc.want {
				t.Errorf("error %v, want %s", err, tc.want)
			}
			if out.Len() > 0 {
				t.Errorf("it printed %q", out.String())
			}
		})
	}
}

func TestReportTable(t *testing.T) {
	r := Report{Item: "fabric", Title: "frames", Notes: []string{"a note"}, Rows: []Row{
		against("64 B", "ns", []float64{100, 400, 300}, []float64{10, 20, 30}, "2 allocations"),
		against("alone", "ns", []float64{5}, nil, ""),
		below("memory", "MB", 900, 1500),
		below("lag", "ms", 51, 50),
		above("frames", "1/s", 29, 30),
	}}
	var b strings.Builder
	r.write(&b)
	got := strings.Split(b.String(), "\n")
	for i, line := range got {
		got[i] = strings.Join(strings.Fields(line), " ")
	}
	want := []string{
		"",
		"fabric: frames",
		"what unit ours peer ratio",
		"64 B ns 300 [100..400] 20 [10..30] 10 [10..20] 2 allocations",
		"alone ns 5",
		"memory MB 900 goal <= 1500 met",
		"lag ms 51 goal <= 50 MISSED",
		"frames 1/s 29 goal >= 30 MISSED",
		"a note",
		"",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestReportOfWhatFailed(t *testing.T) {
	r := Report{Item: "guest", Title: "frames", Error: "run make guests"}
	var b strings.Builder
	r.write(&b)
	if want := "\nguest: frames\n  not measured: run make guests\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestDocumentIsJSON(t *testing.T) {
	d := document{Machine: "2 cores", Rounds: 3, Items: []*Report{{Item: "fabric", Rows: []Row{
		against("64 B", "ns", []float64{100}, []float64{50}, ""), below("lag", "ms", 51, 50),
	}}}}
	var b bytes.Buffer
	if err := d.write(&b); err != nil {
		t.Fatal(err)
	}
	var back document
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	rows := back.Items[0].Rows
	if rows[0].Ratio == nil || rows[0].Ratio.Median != 2 || rows[1].Met == nil || *rows[1].Met {
		t.Errorf("got %s, want a ratio of 2 and a goal that is not met", b.Bytes())
	}
}
