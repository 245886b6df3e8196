package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"wireloom/internal/open"
	"wireloom/internal/product"
	"wireloom/internal/program"
	"wireloom/internal/scenario/format"
	"wireloom/vnet"
	"wireloom/vnet/event"
)

// TestHarmfulProgramsDoWhatTheyAreFor: each of those that the page is measured with
// runs in the scenario that it is opened with, and makes what it is to make.
func TestHarmfulProgramsDoWhatTheyAreFor(t *testing.T) {
	ctx := t.Context()
	e, err := product.OpenEngine(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	src, err := open.Scenario("ping")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pagePrograms {
		if p.module == nil {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			lab, _, err := product.Build(ctx, src, e.Compile, product.Options{
				Programs: map[format.Slot]program.File{{Node: "bob", Proc: "pingd"}: {Name: "p.wasm", Module: p.module()}},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer lab.Close()
			frames, text := 0, 0
			lab.Log().Subscribe(func(e *event.Event) {
				if e.Kind == event.Console && e.Proc == "pingd" {
					text += len(e.Data)
				}
				if e.Kind == event.Frame && e.Port == "bob:tap0" {
					frames++
				}
			})
			lab.Start()
			lab.Run(200*time.Millisecond, vnet.NoLimit)
			for _, q := range lab.Status().Procs {
				if q.Name != "pingd" {
					continue
				}
				if q.State == "exited" || q.Fuel < 1_000_000 {
					t.Errorf("it is %s after %d units of fuel: %+v", q.State, q.Fuel, q.Exit)
				}
				if eats := p.name == "eats memory"; eats != (q.Memory > 8<<20) {
					t.Errorf("it has %d bytes of memory", q.Memory)
				}
			}
			if (p.name == "prints") != (text > 200_000) || (p.name == "floods") != (frames > 1000) {
				t.Errorf("it wrote %d bytes of text and sent %d frames", text, frames)
			}
		})
	}
}

func TestRowsOfAVisit(t *testing.T) {
	var v visitFound
	err := json.Unmarshal([]byte(`{"frames":[60,58,12],"latencies":{"pause":[100,120],"step":[30],"run":[50],"kill":[310],"start":[90]},
		"heap":52000000,"rows":412,"left":"1,200 rows · 3,412 left out"}`), &v)
	if err != nil {
		t.Fatal(err)
	}
	v.memory = 2e8
	var b strings.Builder
	r := Report{Item: "page", Title: "t", Rows: v.rows("prints", true)}
	r.write(&b)
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(line), " ")
	}
	want := []string{
		"page: t",
		"what unit ours peer ratio",
		"prints: frames a second, median 1/s 58 goal >= 30 met",
		"prints: frames, worst second 1/s 12 goal >= 30 MISSED",
		"prints: click to effect, median ms 95 goal <= 300 met pause 110, step 30, run 50, kill 310, start 90",
		"prints: click to effect, most ms 310 goal <= 300 MISSED of 6 clicks",
		"prints: page's heap MB 52 goal <= 100 met 412 elements; 1,200 rows · 3,412 left out",
		"prints: server's memory MB resident 200 goal <= 512 met",
	}
	if got := strings.Join(lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	for _, row := range v.rows("pings", false) {
		if row.Met != nil {
			t.Errorf("%s has a goal", row.What)
		}
	}
}
