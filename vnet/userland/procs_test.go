package userland_test

import (
	"testing"
)

func TestProcessCommands(t *testing.T) {
	b := newBench(t, nil)
	b.exec("sleep 1000")
	asleep := b.exec("sleep 0x1p4")
	b.want("ps", 0, "  PID  PPID STAT WCHAN       RSS      TIME COMMAND\n"+
		"    1     0 S    select        0  0:00.00 sleep 1000\n"+
		"    2     0 S    select        0  0:00.00 sleep 0x1p4\n"+
		"    3     0 R    -             0  0:00.00 ps\n")
	b.want("ps -x", 64, "usage: ps\n")
	b.want("kill 1 77 x", 1, "kill: 77: No such process\nkill: illegal process id: x\n")
	b.want("kill -0 2", 0, "")
	b.want("kill -nope 2", 1, "kill: nope: unknown signal\n")
	b.want("kill -77 2", 1, "kill: 77: unknown signal\n")
	b.want("kill", 64, "usage: kill [-signal_name | -signal_number] pid ...\n")
	b.want("kill -STOP 2", 1, "kill: 2: Invalid argument\n")
	b.want("kill -sigio 2", 0, "")
	b.want("kill -9 2", 0, "")
	b.want("sleep x", 1, "sleep: x is not a number of seconds from 0 to 1000000\n")
	b.want("sleep -1", 1, "sleep: -1 is not a number of seconds from 0 to 1000000\n")
	b.want("sleep NaN", 1, "sleep: NaN is not a number of seconds from 0 to 1000000\n")
	b.want("sleep", 64, "usage: sleep seconds\n")
	before := b.Now()
	b.want("sleep 2.5", 0, "")
	if d := b.Now() - before; d < 2_500_000_000 || d > 4_000_000_000 {
		t.Errorf("sleep 2.5 took %v", d)
	}
	if got := b.exits[asleep]; got != 137 {
		t.Errorf("the killed one ended with %d, want 137", got)
	}
}
