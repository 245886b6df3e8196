package sys

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"wireloom/vnet/event"
)

// limits is a set of limits of a process, each of which is told once.
type limits uint8

const (
	limitFiles limits = 1 << iota
	limitFuel
	limitProcs
	limitMemory
	limitSockets
)

// LimitReached records that a limit of the process took effect.
func (p *Proc) LimitReached(which, text string, n int64) {
	p.sys.log.Emit(event.Event{Kind: event.Limit, Node: p.sys.name, Proc: p.name, PID: p.pid, Op: which, Text: text, N: n, Fuel: p.fuel})
}

// once is LimitReached the first time.
func (p *Proc) once(l limits, which, text string, n int64) {
	if p.told&l == 0 {
		p.told |= l
		p.LimitReached(which, text, n)
	}
}

// tooManyFiles tells that the descriptor table is full.
func (p *Proc) tooManyFiles() {
	p.once(limitFiles, "open-files", fmt.Sprintf("the process has %d files open and may not open more", p.opened), MaxFiles)
}

// Of the processes of a machine and their arguments.
const (
	MaxProcs      = 64       // alive
	ReservedProcs = 8        // of MaxProcs, those that only the prompt and the lab start
	MaxArgs       = 64       // arguments and variables of the environment of a process
	MaxArgBytes   = 32 << 10 // bytes in them
)

// CheckArgs returns what is wrong with arguments and an environment.
func CheckArgs(argv, env []string) error {
	total := 0
	for _, a := range slices.Concat(argv, env) {
		total += len(a) + 1
		if strings.ContainsRune(a, 0) {
			return errors.New("an argument holds a NUL byte")
		}
	}
	if len(argv)+len(env) > MaxArgs || total > MaxArgBytes {
		return fmt.Errorf("%d arguments of %d bytes in all, at most %d of %d bytes are allowed", len(argv)+len(env), total, MaxArgs, MaxArgBytes)
	}
	return nil
}
