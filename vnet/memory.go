package vnet

import (
	"fmt"

	"wireloom/vnet/event"
	"wireloom/vnet/memory"
)

func newMemory(l *Lab) *memory.Lab {
	return memory.New(l.conf.Memory, l.loop.Cut, func() {
		l.emit(event.Event{
			Kind: event.Limit, Op: "kernel-memory", N: memory.MaxKernel,
			Text: fmt.Sprintf("the nodes hold %d MiB of packets, pipes, files and sockets, and hold no more until some is gone", memory.MaxKernel>>20),
		})
	})
}

// Memory is how many bytes the lab holds: those of its programs, which its configuration
// limits, and others: what their nested calls take and what kernels hold for them.
func (l *Lab) Memory() (programs, others int64) {
	return l.mem.Used()
}

// SetGrant makes the lab ask before it holds more, for its kernels a little ahead, whether its host has that:
// f gets what Memory is going to be. It is called within Run, which waits for it;
// nothing of that wait can be seen in the run. Where f returns false the lab ends
// there: Run does no more, and to Close it is all that is left. What it has logged until
// then is what it logs wherever it runs.
func (l *Lab) SetGrant(f func(programs, others int64) bool) { l.mem.SetGrant(f) }

// SetAside makes the lab hand f what takes its host a while and nothing of the lab waits
// for but the process that asked: f is to run it, within Run, and may let others have what
// the lab holds up meanwhile.
func (l *Lab) SetAside(f func(work func())) { l.mem.SetAside(f) }
