package vnet

import (
	"fmt"
	"testing"
	"time"

	"wireloom/vnet/sys"
)

func TestStatusShowsWhoStartedAProcess(t *testing.T) {
	b := newBench(t, one("a", "b"))
	b.program("a", func(p *sys.Proc) sys.Exit {
		p.Spawn([]string{"b"}, nil, std)
		return sleeps(p)
	})
	b.program("b", sleeps)
	if _, err := b.Do(Start{Node: "n", Proc: "a"}); err != nil {
		t.Fatal(err)
	}
	b.Run(time.Second, 1000)
	parents := map[string]int{}
	for _, p := range b.Status().Procs {
		if p.PID != 0 {
			parents[p.Name] = p.PPID
		}
	}
	if got, want := fmt.Sprint(parents), "map[a:0 b.1:1]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
