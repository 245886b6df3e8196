package product

import (
	"testing"
	"time"

	"wireloom/internal/open"
	"wireloom/vnet"
	"wireloom/vnet/event"
)

// Every built-in lab says its goal and has buttons, of which each can be pressed, one
// after the other, and one makes frames soon: nobody who opens a lab sees nothing.
func TestEveryLabHasSomethingToTry(t *testing.T) {
	for _, name := range open.Builtin() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := find(t, name)
			lab, setup := buildLab(t, src, Options{Window: -1})
			if setup.Goal == "" || len(setup.Tries) < 2 {
				t.Fatalf("its goal is %q, and it has %d tries", setup.Goal, len(setup.Tries))
			}
			frames := 0
			lab.Log().Subscribe(func(e *event.Event) {
				if _, moved := e.Moved(); moved || e.Kind == event.Frame {
					frames++
				}
			})
			lab.Start()
			lab.Run(100*time.Millisecond, vnet.NoLimit)
			for _, try := range setup.Tries {
				for _, c := range try.Commands {
					if _, err := lab.Do(c); err != nil {
						t.Errorf("try %q: %v", try.Label, err)
					}
				}
				lab.Run(lab.Now()+10*time.Second, vnet.NoLimit)
				if try.Look == "" {
					t.Errorf("try %q does not say what to look at", try.Label)
				}
			}
			if frames == 0 {
				t.Error("no try makes a frame, or lets a program read a packet")
			}
		})
	}
}
