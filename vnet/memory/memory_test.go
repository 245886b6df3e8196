package memory

import "testing"

func TestProgramsOfMachinesShareALimit(t *testing.T) {
	l := New(100, func() {}, func() {})
	a, b := l.Part(), l.Part()
	for _, step := range []struct {
		name         string
		do           func()
		free, others int64
	}{
		{"at first", func() {}, 100, 0},
		{"one machine has some", func() { a.Count(60, 5) }, 40, 5},
		{"another has more", func() { b.Count(30, 1) }, 10, 6},
		{"a process gives back", func() { a.Count(-10, 0) }, 20, 6},
		{"a machine is removed", func() { a.Drop() }, 70, 1},
		{"and holds nothing any more", func() { a.Drop() }, 70, 1},
		{"a kernel's part counts, besides", func() { l.Kernels().Take(7) }, 70, 8},
	} {
		step.do()
		if _, others := l.Used(); l.Free() != step.free || others != step.others {
			t.Errorf("%s: %d bytes are free and %d are held besides, want %d and %d", step.name, l.Free(), others, step.free, step.others)
		}
	}
}

func TestTheHostIsAskedBeforeMoreIsHeld(t *testing.T) {
	cut := 0
	l := New(0, func() { cut++ }, func() {})
	p := l.Part()
	p.Count(10, 0)
	var asked [2]int64
	answer := true
	l.SetGrant(func(programs, others int64) bool {
		asked = [2]int64{programs, others}
		return answer
	})
	if !l.Ask(5, 2) || asked != [2]int64{15, 2} {
		t.Errorf("it asked for %d, want 15 and 2", asked)
	}
	l.Kernels().Take(4)
	if ahead := asked[1] - 4; asked[0] != 10 || ahead < 0 || ahead > 64<<10 {
		t.Errorf("for a kernel it asked for %d, want 10, and 4 with up to 64 KiB ahead", asked)
	}
	answer = false
	if l.Ask(1, 0) || !l.Refused() || cut != 1 {
		t.Errorf("refused %t, and the lab was cut %d times; want true and once", l.Refused(), cut)
	}
	if answer = true; l.Ask(1, 0) || cut != 1 {
		t.Error("a lab that was refused memory gets some later")
	}
}

func TestFullKernelsAreToldOnce(t *testing.T) {
	told := 0
	l := New(0, func() {}, func() { told++ })
	for range 3 {
		if l.Kernels().Take(MaxKernel + 1) {
			t.Error("the kernels hold more than they may")
		}
	}
	if told != 1 {
		t.Errorf("it was told %d times, want once", told)
	}
}
