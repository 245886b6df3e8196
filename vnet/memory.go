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

// SetGrant makes the lab ask f before it holds more. f gets what Memory is going to be, for
// the kernels a little ahead, and says whether the host has that. It is called within Run,
// which waits for it; the wait can't be seen in the run. Where f returns false the lab ends
// there: Run does no more, and the lab can only be closed. What it has logged until then is
// what it logs wherever it runs.
func (l *Lab) SetGrant(f func(programs, others int64) bool) { l.mem.SetGrant(f) }

// SetAside makes the lab hand f work that takes its host a while, and for which only the
// process that asked waits. f runs it within Run, and may let other labs run meanwhile.
func (l *Lab) SetAside(f func(work func())) { l.mem.SetAside(f) }
