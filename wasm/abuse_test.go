package wasm

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/event"
)

var update = flag.Bool("update", false, "rewrite the verdicts in testdata")

const (
	hostileFuel = 1_000_000 // units that each may use: 10 ms of virtual time
	hostileTime = 2 * time.Second
	hostileHeap = 64 << 20 // bytes of heap that all of them may leave behind
)

// verdict loads a module, runs it beside others, and says how that ended. What
// still waits when its time is over is killed.
func (h hostile) verdict(t *testing.T, e *Engine) string {
	t.Helper()
	prog, err := e.Compile(t.Context(), "x.wasm", h.module)
	if err != nil {
		text, ok := strings.CutPrefix(err.Error(), "x.wasm: ")
		if !ok {
			text, ok = strings.CutPrefix(err.Error(), "x.wasm ")
		}
		if !ok {
			t.Errorf("the refusal does not name the file: %v", err)
		}
		text, _, _ = strings.Cut(text, "; it has ") // every function that there is
		return "refused: " + text
	}
	r := newRig(t, nil, program{name: "p", prog: prog, memory: h.memory, fuel: hostileFuel})
	defer r.Close()
	steps := uint64(5_000_000)
	if !r.Run(hostileTime, steps) {
		t.Fatalf("after %d steps it is %v", steps, r.Now())
	}
	waited := ""
	if _, ended := r.exits["p"]; !ended {
		waited = "waits until it is "
		if _, err := r.Do(vnet.Kill{Node: "bob", Proc: "p"}); err != nil {
			t.Fatal(err)
		}
		r.Run(hostileTime+time.Second, r.Steps()+steps)
	}
	x, ended := r.exits["p"]
	if !ended {
		t.Fatal("it outlives SIGKILL")
	}
	text := x.Text
	if text != "" {
		text = ": " + text
	}
	if x.Op == "exit" && h.errno {
		text = errnoText(x.N)
	}
	var limits []string
	for _, l := range r.limits {
		if !slices.Contains(limits, l.Op) {
			limits = append(limits, l.Op)
		}
	}
	if len(limits) > 0 {
		text += " [limit: " + strings.Join(limits, ", ") + "]"
	}
	return fmt.Sprintf("%s%s %d%s", waited, x.Op, x.N, text)
}

// TestHostile loads and runs modules that are broken or mean harm. Each ends with the
// verdict in testdata/hostile.txt. The server's memory doesn't notice, nor does a lab
// beside them.
func TestHostile(t *testing.T) {
	fails := slices.Concat(abuses(), calledOff())
	for i := range fails {
		fails[i].errno = true
	}
	cases := slices.Concat(malformed(), proposals(), lies(), bombs(), spins(), falls(), fails)
	if len(cases) < 75 {
		t.Errorf("%d cases, want at least 75", len(cases))
	}
	golden := filepath.Join("testdata", "hostile.txt")
	wants := map[string]string{}
	if b, err := os.ReadFile(golden); err == nil {
		for line := range strings.Lines(string(b)) {
			if name, want, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " => "); ok {
				wants[name] = want
			}
		}
	} else if !*update {
		t.Fatal(err)
	}
	e, err := NewEngine(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	good := func() *rig {
		return newRig(t, sends(5*time.Millisecond, repeat(400, 1, 2, 3)...), program{name: "p", prog: compile(t, e, chatter().bytes())})
	}
	alone := good()
	alone.Run(hostileTime, vnet.NoLimit)

	before := heapInUse()
	beside := good()
	var out strings.Builder
	seen := map[string]bool{}
	for _, h := range cases {
		if seen[h.name] {
			t.Errorf("two cases are called %q", h.name)
		}
		seen[h.name] = true
		t.Run(h.name, func(t *testing.T) {
			got := h.verdict(t, e)
			fmt.Fprintf(&out, "%s => %s\n", h.name, got)
			if want := wants[h.name]; got != want && !*update {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
		beside.Run(beside.Now()+5*time.Millisecond, vnet.NoLimit)
	}
	beside.Run(hostileTime, vnet.NoLimit)
	if got, want := beside.hash(), alone.hash(); got != want || beside.Log().Count(event.Console) < 100 {
		t.Errorf("the lab beside them has the hash %s, alone it has %s", got, want)
	}
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name := range wants {
		if !seen[name] && !*update {
			t.Errorf("%s has a case that is gone: %s", golden, name)
		}
	}
	beside.Close()
	alone.Close()
	if after := heapInUse(); after > before+hostileHeap {
		t.Errorf("%d MiB of heap are in use, before %d MiB", after>>20, before>>20)
	}
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers and cleanups let go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// chatter is a well-behaved program: it opens its tap and writes what it reads to
// the console.
func chatter() handMade {
	return handMade{
		calls: imp("path_open", "fd_read", "fd_write"),
		datas: [][]byte{append([]byte{0, opI32Const, 0, opEnd}, str("dev/tap0\x40\x00\x00\x00\x00\x08\x00\x00")...)},
		funcs: []guestFunc{{code: code(
			call{wasiName, "path_open", []int64{3, 0, 0, 8, 0, 2, 0, 0, 24}}.push(), opCall, 0, opDrop,
			opLoop, void,
			konst(24), opI32Load, 2, 0, konst(8), konst(1), konst(20), opCall, 1, opDrop,
			konst(1), konst(8), konst(1), konst(20), opCall, 2, opDrop,
			opBr, 0, opEnd,
		)}},
	}
}
