package vnet

import (
	"fmt"
	"testing"
	"time"
)

func TestStatusShowsWhoStartedAProcess(t *testing.T) {
	b, _ := family(t, map[string]func(*Proc) Exit{"a": func(p *Proc) Exit {
		p.Spawn([]string{"b"}, nil, std)
		return sleeps(p)
	}, "b": sleeps})
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
