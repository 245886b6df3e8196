package session

import (
	"context"
	"testing"
	"time"

	"wireloom/internal/sched"
	"wireloom/vnet"
	"wireloom/vnet/config"
)

// A lab that is no session's has turns like any, gives them back when it rests, and ends
// with its context.
func TestShare(t *testing.T) {
	turns := sched.New(1)
	lab, err := vnet.New(config.Lab{Name: "x", Seed: 1}, vnet.Runtime{})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	ctx, cancel := context.WithCancel(t.Context())
	x, err := NewShare(ctx, lab, Options{Scheduler: turns, Owner: sched.Owner{Name: "me"}})
	if err != nil {
		t.Fatal(err)
	}
	other := turns.Ask(sched.Light, sched.Owner{Name: "other"})
	if err := x.Rest(); err != nil || granted(other) {
		t.Errorf("a turn that has just begun: %v, another has it: %v", err, granted(other))
	}
	x.began = time.Now().Add(-2 * sched.TurnTime)
	rested := make(chan error)
	go func() { rested <- x.Rest() }()
	<-other.Granted()
	turns.Release()
	if err := <-rested; err != nil {
		t.Error(err)
	}
	x.began = time.Now().Add(-2 * sched.TurnTime)
	held := turns.Ask(sched.Light, sched.Owner{Name: "other"}) // and it keeps its turn, until ctx has ended
	go func() { rested <- x.Rest() }()
	<-held.Granted()
	cancel()
	turns.Release()
	if err := <-rested; err == nil {
		t.Error("it goes on after its context")
	}
	x.Done()
	if turns.Free() != 1 || turns.Waiting() != 0 {
		t.Errorf("%d turns are free, %d wait", turns.Free(), turns.Waiting())
	}
	if _, err := NewShare(ctx, lab, Options{Scheduler: turns, Owner: sched.Owner{Name: "me"}}); err == nil && turns.Free() != 0 {
		t.Error("a turn was had and not taken")
	}
}

func granted(t *sched.Ticket) bool {
	select {
	case <-t.Granted():
		return true
	default:
		return false
	}
}
