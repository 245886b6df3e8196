package product

import (
	"context"
	"errors"
	"runtime/debug"

	"wireloom/internal/budget"
	"wireloom/internal/compilechild"
	"wireloom/wasm"
)

// What a compilation takes of a budget: compileHold when it begins, though it needs more
// in the end, as most do; and at most a compileShare of it.
const (
	compileHold  = 64 << 20
	compileShare = 4
)

// KeepWithin holds what the engine takes to a budget: programs are compiled when there
// is memory for that. It is called before the first one is.
func (e *Engine) KeepWithin(b *budget.Budget) {
	e.budget = b
	e.apart = compilechild.Within(min(b.Limit()/compileShare, compilechild.DefaultMemory))
}

// compileApart compiles a module in another process (wasm.Apart), as soon as the budget
// has the memory.
func (e *Engine) compileApart(ctx context.Context, module []byte, dir string) error {
	claim, err := e.budget.Hold(ctx, "", compileHold)
	if err != nil {
		return errors.Join(ctx.Err(), err)
	}
	defer claim.Release()
	return e.apart(ctx, module, dir)
}

// Usage is what this process and those that compile for it take of the machine's memory.
func (e *Engine) Usage() budget.Usage {
	before, _, _ := wasm.GuestMemory()
	u := budget.Usage{Resident: budget.Resident(0), Code: e.e.Size()}
	u.Heap, u.Garbage = budget.Heap()
	u.Guests, u.Idle, u.InHeap = wasm.GuestMemory()
	u.Guests = max(u.Guests, before) // what is resident is so at one moment, and this at another
	for _, pid := range compilechild.Running() {
		if n := budget.Resident(pid); n > 0 {
			u.Children += n
		} else {
			u.Children += compileHold
		}
	}
	return u
}

// Tidy gives memory back to the system.
func (e *Engine) Tidy(effort budget.Effort) {
	wasm.TrimMemory(effort > budget.Trim)
	if effort == budget.Empty {
		e.e.Trim()
	}
	if effort > budget.Trim {
		debug.FreeOSMemory()
	}
}
