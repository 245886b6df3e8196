package sys

import (
	"wireloom/vnet/loop"
)

// A cpu is the one processor of a node. Processes take turns on it, in the order
// in which they became ready, for a slice of SliceFuel units each. The process that
// has it keeps it while it waits for its own time to come, and gives it up when it
// sleeps, ends, or has used its slice while others wait.
type cpu struct {
	loop *loop.Loop
	cur  *Proc
	line []*Proc
}

// waiting reports whether another process is in line.
func (c *cpu) waiting() bool { return len(c.line) > 0 }

func (c *cpu) enqueue(p *Proc) {
	c.line = append(c.line, p)
	c.dispatch()
}

// dispatch gives an idle CPU to the first process in line, which runs in a turn of
// its own.
func (c *cpu) dispatch() {
	if c.cur != nil || len(c.line) == 0 {
		return
	}
	c.cur = c.line[0]
	n := copy(c.line, c.line[1:])
	c.line[n] = nil
	c.line = c.line[:n]
	c.cur.left = SliceFuel
	c.loop.Set(&c.cur.timer, c.loop.Now())
}

// release takes the CPU from p, if it has it.
func (c *cpu) release(p *Proc) {
	if c.cur == p {
		c.cur = nil
		c.dispatch()
	}
}

// rotate puts the running process p at the end of the line.
func (c *cpu) rotate(p *Proc) {
	c.line = append(c.line, p)
	c.release(p)
}
