package sys

import (
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/signal"
)

// A sized is a program that begins with memory, as modules do.
type sized struct {
	native
	memory, instance int64
}

func (s sized) Begins() (memory, instance int64) { return s.memory, s.instance }

// labOf is a machine of three programs, of which a begins with it, in a lab that may use so
// many bytes.
func labOf(memory int64) setup {
	return setup{programs: []string{"a", "b", "c"}, start: []string{"a"}, memory: memory}
}

// used is the memory of the programs without what each process counts besides.
func used(b *bench) int64 {
	programs, _ := b.whole.Used()
	return programs - int64(len(b.procs)+b.zombies)*ProcMemory
}

func TestProgramsShareTheLabsMemory(t *testing.T) {
	const mib = 1 << 20
	b := newBench(t, labOf(100*mib))
	lines := calls(b)
	free := func(p *Proc) int64 { return p.MemoryFree() / mib }
	b.program("a", func(p *Proc) Exit {
		p.SetMemory(60 * mib)
		if got := free(p); got != 64 { // its own limit
			t.Errorf("a may have %d MiB, want 64", got)
		}
		p.Sleep(2 * time.Second)
		p.SetMemory(0)
		p.Sleep(time.Second)
		return done
	})
	b.program("b", func(p *Proc) Exit {
		if got := free(p); got != 39 { // 100 - 60, and what two processes count
			t.Errorf("b may have %d MiB beside a's 60, want 39", got)
		}
		p.SetMemory(39 * mib)
		p.RefuseMemory(40 * mib)
		p.RefuseMemory(41 * mib)
		p.Sleep(2 * time.Second)
		if got := free(p); got != 64 {
			t.Errorf("b may have %d MiB when a has none, want 64", got)
		}
		return done
	})
	b.Start()
	b.Run(time.Second)
	if err := b.begin("b"); err != nil {
		t.Fatal(err)
	}
	b.Run(time.Minute)
	want := []string{"1s b limit lab-memory", "2s a poll(2s) = 0", "3s b poll(2s) = 0", "3s b ended: exit 0", "3s a poll(1s) = 0", "3s a ended: exit 0"}
	if !slices.Equal(*lines, want) {
		t.Errorf("log is\n%s\nwant\n%s", strings.Join(*lines, "\n"), strings.Join(want, "\n"))
	}
	if programs, _ := b.whole.Used(); programs != 0 {
		t.Errorf("%d bytes count when nothing runs", programs)
	}
}

func TestSpawnWithoutMemory(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		name             string
		memory, instance int64
		spawns           int
		want             string
		left             int64 // of the lab's, afterwards, while they sleep
	}{
		{"what fits", 20 * mib, 0, 4, "OK OK OK OK", 80 * mib},
		{"too many", 20 * mib, 0, 6, "OK OK OK OK ENOMEM ENOMEM", 80 * mib},
		{"tables count", 20 * mib, 10 * mib, 4, "OK OK OK ENOMEM", 90 * mib},
		{"more than all", 101 * mib, 0, 1, "ENOMEM", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, labOf(100*mib))
			var got []string
			b.program("a", func(p *Proc) Exit {
				for range c.spawns {
					_, e := p.Spawn([]string{"b"}, nil, std)
					got = append(got, e.String())
				}
				p.Sleep(time.Second)
				return done
			})
			b.install("b", sized{native{"b.wasm", "bb", sleeps}, c.memory, c.instance})
			b.Start()
			b.Run(time.Millisecond)
			if s := strings.ReplaceAll(strings.Join(got, " "), "errno.", ""); s != c.want {
				t.Errorf("got %s, want %s", s, c.want)
			}
			if got := used(b); got != c.left {
				t.Errorf("%d bytes count, want %d", got, c.left)
			}
			limits := uint64(0)
			if strings.Contains(c.want, "ENOMEM") {
				limits = 1
			}
			if n := b.log.Count(event.Limit); n != limits {
				t.Errorf("%d limit events, want %d", n, limits)
			}
			b.Run(time.Minute)
			if programs, _ := b.whole.Used(); programs != 0 {
				t.Errorf("%d bytes count when nothing runs", programs)
			}
		})
	}
}

// A child that ended counts as a process until its parent has waited for it, ended, or
// said that it never will.
func TestZombiesCount(t *testing.T) {
	for _, c := range []struct {
		name  string
		after func(p *Proc) // what a does when b has ended
		want  int64         // processes that count then
	}{
		{"nobody waits", func(*Proc) {}, 2},
		{"it is waited for", func(p *Proc) { p.Waitpid(-1, 0) }, 1},
		{"the parent ends", func(p *Proc) { p.Kill(p.PID(), signal.SIGKILL) }, 0},
		{"a second wait finds none", func(p *Proc) { p.Waitpid(-1, 0); p.Waitpid(-1, 0) }, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, labOf(0))
			b.program("a", func(p *Proc) Exit {
				if _, e := p.Spawn([]string{"b"}, nil, std); e != errno.OK {
					t.Error(e)
				}
				p.Sleep(time.Second)
				c.after(p)
				p.Sleep(time.Hour)
				return ending(p)
			})
			b.program("b", code(0))
			b.Start()
			b.Run(2 * time.Second)
			if programs, _ := b.whole.Used(); programs != c.want*ProcMemory {
				t.Errorf("%d bytes count, want those of %d processes", programs, c.want)
			}
		})
	}
}

func TestStartWithoutMemory(t *testing.T) {
	b := newBench(t, labOf(1<<20)) // sixteen processes fit
	b.program("a", sleeps)
	b.program("b", sleeps)
	b.Start()
	for range 15 {
		if _, err := b.line("b"); err != nil {
			t.Fatal(err)
		}
	}
	_, line := b.line("b | b")
	for _, err := range []error{b.begin("b"), line} {
		if want := "node n can't start b: the lab's programs use the 1 MiB of memory that they may have together; stop one first"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if n := b.log.Count(event.Limit); n != 2 {
		t.Errorf("%d limit events, want 2", n)
	}
}
