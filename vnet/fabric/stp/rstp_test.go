package stp

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// ring connects bridges in a circle.
func ring(t *testing.T, n int) *world {
	w := newWorld(t)
	for i := range n {
		w.rstp(32768, plain(3)...)
		if i > 0 {
			w.connect(end{i - 1, 1}, end{i, 0})
		}
	}
	if n > 1 {
		w.connect(end{n - 1, 1}, end{0, 0})
	}
	return w
}

func TestRingsConvergeAndHeal(t *testing.T) {
	for _, n := range []int{2, 3, 4, 20} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			w := ring(t, n)
			w.upAll()
			w.run(time.Duration(max(1, n/2)) * time.Second) // they begin together, each as the root
			w.wantTree("some seconds after the start", 1)
			w.run(40 * time.Second)
			w.wantTree("after forty", 1)
			for i := range n {
				began := w.now
				w.cut(end{i, 1})
				w.run(began + time.Second)
				w.wantTree(fmt.Sprintf("a second after the cut of link %d", i), 1)
				w.run(began + 10*time.Second)
				w.up(end{i, 1})
				w.run(began + 11*time.Second)
				w.wantTree(fmt.Sprintf("a second after the mending of link %d", i), 1)
				w.run(began + 20*time.Second)
			}
		})
	}
}

// A bridge that is root leaves: the others agree on another.
func TestRootDies(t *testing.T) {
	w := ring(t, 4)
	w.upAll()
	w.run(10 * time.Second)
	w.cut(end{0, 0})
	w.cut(end{0, 1})
	w.run(w.now + 6*time.Second)
	w.wantTree("six seconds after the root died", 2) // it, and the three others
	for i := 1; i < 4; i++ {
		if got := w.bridges[i].Bridge().Root; got != MakeBridgeID(32768, mac(1)) {
			t.Errorf("bridge %d has the root %s, want the second", i+1, got)
		}
	}
}

// No frame goes round, whatever is cut and mended when: at no moment do the links
// that forward make a loop, and what is left connected is reached again.
func TestRandomTopologies(t *testing.T) {
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 17))
		w := newWorld(t)
		w.name = fmt.Sprint("seed ", seed)
		n := 2 + r.IntN(9)
		for range n {
			w.rstp(uint16(r.IntN(3))*4096, plain(12)...)
		}
		used := make([]int, n)
		var links []end
		connect := func(a, b int) {
			if used[a] < 12 && used[b] < 12 && (a != b || used[a] < 11) {
				x := end{a, used[a]}
				used[a]++
				y := end{b, used[b]}
				used[b]++
				w.connect(x, y)
				links = append(links, x)
			}
		}
		for i := 1; i < n; i++ {
			connect(r.IntN(i), i)
		}
		for range r.IntN(2 * n) {
			connect(r.IntN(n), r.IntN(n))
		}
		w.delay = time.Duration(1+r.IntN(2000)) * time.Microsecond
		w.upAll()
		down := map[end]bool{}
		for range 12 {
			until := w.now + time.Duration(r.Int64N(int64(5*time.Second)))
			w.watch(until)
			e := links[r.IntN(len(links))]
			if down[e] = !down[e]; down[e] {
				w.cut(e)
			} else {
				w.up(e)
			}
			if _, loop := w.tree(); loop {
				t.Fatalf("seed %d: a loop at %v", seed, w.now)
			}
		}
		w.watch(w.now + 60*time.Second)
		w.wantTree(fmt.Sprintf("seed %d", seed), w.parts())
		if t.Failed() {
			return
		}
	}
}

// watch is run that looks for loops after everything that happens.
func (w *world) watch(until time.Duration) {
	for w.now < until {
		w.run(min(until, w.now+50*time.Millisecond))
		if _, loop := w.tree(); loop {
			w.t.Fatalf("%s: a loop at %v", w.name, w.now)
		}
	}
}

// parts is how many groups of bridges the links that are up leave.
func (w *world) parts() int {
	up := &world{bridges: w.bridges, link: w.link, down: map[end]bool{}, state: map[end]State{}}
	for a := range w.link {
		up.state[a] = Forwarding
	}
	seen := map[int]bool{}
	n := 0
	for i := range w.bridges {
		if seen[i] {
			continue
		}
		n++
		todo := []int{i}
		for len(todo) > 0 {
			b := todo[0]
			todo = todo[1:]
			if seen[b] {
				continue
			}
			seen[b] = true
			for a, z := range w.link {
				if a.bridge == b && !w.down[a] {
					todo = append(todo, z.bridge)
				}
			}
		}
	}
	return n
}
