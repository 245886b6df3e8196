// Package memory counts what a lab makes its host hold, against two limits: that of its
// programs, which its configuration sets, and one of its kernels, which all labs share.
// Both count what programs asked for, not what the host's allocator made of it, so that
// they take effect at the same place in every run.
package memory

import (
	"cmp"
	"fmt"

	"wireloom/vnet/kern"
)

// Limits of a lab.
const (
	DefaultLab = 256 << 20 // bytes of all programs of a lab, unless its configuration says otherwise
	MinLab     = 1 << 20   // bytes that a configuration may say,
	MaxLab     = 1 << 30   // from here to there
	MaxKernel  = 128 << 20 // bytes that the kernels of a lab hold for its programs
)

// A Lab is what a lab holds.
type Lab struct {
	limit    int64 // of programs
	programs int64
	stacks   int64 // what the host keeps for nested calls
	kernels  *kern.Memory
	grant    func(programs, others int64) bool
	aside    func(work func())
	refused  bool // by the host: nothing runs any more
	cut      func()
}

// New returns the memory of a lab whose programs may have limit bytes, DefaultLab if 0.
// cut is called where the host refuses what the lab asks for, full once, where its kernels
// hold as much as they may.
func New(limit int64, cut, full func()) *Lab {
	l := &Lab{limit: cmp.Or(limit, DefaultLab), cut: cut}
	told := false
	l.kernels = kern.NewMemory(MaxKernel, func(n int64) { l.Ask(0, n) }, func() {
		if !told {
			told = true
			full()
		}
	})
	return l
}

// Kernels is what the lab's kernels hold.
func (l *Lab) Kernels() *kern.Memory { return l.kernels }

// Used is how many bytes the lab holds: those of its programs, which its configuration
// limits, and others: what their nested calls take and what kernels hold for them.
func (l *Lab) Used() (programs, others int64) { return l.programs, l.stacks + l.kernels.Used() }

// Limit is how many bytes the programs of the lab may have together, and Free how many
// more.

func (l *Lab) Limit() int64 { return l.limit }
func (l *Lab) Free() int64  { return l.limit - l.programs }

// String is "the lab's programs have 5 of the 10 bytes that they may have together".
func (l *Lab) String() string {
	return fmt.Sprintf("the lab's programs have %d of the %d bytes that they may have together", l.programs, l.limit)
}

// SetGrant makes the lab ask before it holds more, for its kernels a little ahead, whether its host has that:
// f gets what Used is going to be.
func (l *Lab) SetGrant(f func(programs, others int64) bool) { l.grant = f }

// Ask asks the host for so many bytes more. Where they are refused, the lab ends with
// this step.
func (l *Lab) Ask(programs, others int64) bool {
	if !l.refused && l.grant != nil && !l.grant(l.programs+programs, l.stacks+l.kernels.Used()+others) {
		l.refused = true
		l.cut()
	}
	return !l.refused
}

// Refused reports whether the host has refused memory: the lab runs no more.
func (l *Lab) Refused() bool { return l.refused }

// SetAside makes the lab hand f what takes its host a while.
func (l *Lab) SetAside(f func(work func())) { l.aside = f }

// Aside runs work of the host's as SetAside says, which touches nothing of the lab.
func (l *Lab) Aside(work func()) {
	if l.aside == nil {
		work()
		return
	}
	l.aside(work)
}

// A Part is what the processes of one machine hold.
type Part struct {
	lab              *Lab
	programs, stacks int64
}

// Part returns the part of a machine.
func (l *Lab) Part() *Part { return &Part{lab: l} }

// Lab is the whole.
func (p *Part) Lab() *Lab { return p.lab }

// Count counts what the processes have more, or less.
func (p *Part) Count(programs, stacks int64) {
	p.programs += programs
	p.stacks += stacks
	p.lab.programs += programs
	p.lab.stacks += stacks
}

// Drop gives back all that the machine's processes have.
func (p *Part) Drop() { p.Count(-p.programs, -p.stacks) }
