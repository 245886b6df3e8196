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
	sched := NewScheduler(1)
	lab, err := vnet.New(config.Lab{Name: "x", Seed: 1}, vnet.Runtime{})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	ctx, cancel := context.WithCancel(t.Context())
	x, err := NewShare(ctx, sched, Owner{Name: "me"}, nil, lab)
	if err != nil {
		t.Fatal(err)
	}
	other := sched.Ask(lineLight, Owner{Name: "other"})
	if err := x.Rest(); err != nil || granted(other) {
		t.Errorf("a turn that has just begun: %v, another has it: %v", err, granted(other))
	}
	x.began = time.Now().Add(-2 * TurnTime)
	rested := make(chan error)
	go func() { rested <- x.Rest() }()
	<-other.Granted()
	sched.Release()
	if err := <-rested; err != nil {
		t.Error(err)
	}
	x.began = time.Now().Add(-2 * TurnTime)
	held := sched.Ask(lineLight, Owner{Name: "other"}) // and it keeps its turn, until ctx has ended
	go func() { rested <- x.Rest() }()
	<-held.Granted()
	cancel()
	sched.Release()
	if err := <-rested; err == nil {
		t.Error("it goes on after its context")
	}
	x.Done()
	if sched.Free() != 1 || sched.Waiting() != 0 {
		t.Errorf("%d turns are free, %d wait", sched.Free(), sched.Waiting())
	}
	if _, err := NewShare(ctx, sched, Owner{Name: "me"}, nil, lab); err == nil && sched.Free() != 0 {
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
