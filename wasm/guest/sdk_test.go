package guest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wireloom/tapemu"
	"wireloom/tunemu"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/inet/host"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland"
	"wireloom/wasm"
)

var warnings = []string{"-std=gnu17", "-O2", "-g0", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-Wl,-z,stack-size=262144", "-Wl,--stack-first"}

// debianClang compiles a C file as Debian's clang with wasi-libc does.
func debianClang(t testing.TB, src string, flags ...string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.wasm")
	args := append(append([]string{"--target=wasm32-wasi", "-Iinclude"}, warnings...), flags...)
	cmd := exec.Command("clang", append(args, src, "-o", out)...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s(needs what Debian has in clang, lld, wasi-libc and libclang-rt-14-dev-wasm32)", cmd.Args, err, text)
	}
	if slices.Contains(flags, "-fsyntax-only") {
		return nil
	}
	return read(t, out)
}

// nodeClang compiles folders of C files as make guests does: with the clang that
// package-lock.json pins.
func nodeClang(t testing.TB, dirs ...string) map[string][]byte {
	t.Helper()
	type job struct {
		Name    string `json:"name"`
		Dir     string `json:"dir"`
		Include string `json:"include"`
		Out     string `json:"out"`
	}
	absolute := func(name string) string {
		name, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	out := t.TempDir()
	var jobs []job
	for i, d := range dirs {
		jobs = append(jobs, job{d, absolute(d), absolute("include"), filepath.Join(out, fmt.Sprint(i, ".wasm"))})
	}
	list, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "build.mjs")
	cmd.Stdin = bytes.NewReader(list)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("node build.mjs: %v\n%s(make guests installs the compiler)", err, text)
	}
	made := map[string][]byte{}
	for i, d := range dirs {
		made[d] = read(t, jobs[i].Out)
	}
	return made
}

// goBuild compiles a Go program.
func goBuild(t testing.TB, pkg string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.wasm")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-buildid=", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, text)
	}
	return read(t, out)
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var engine struct {
	sync.Once
	*wasm.Engine
	err error
}

func compile(t testing.TB, module []byte) *wasm.Program {
	t.Helper()
	engine.Do(func() {
		dir := os.Getenv("WIRELOOM_CACHE")
		if dir == "" {
			if dir, engine.err = os.UserCacheDir(); engine.err != nil {
				return
			}
			dir = filepath.Join(dir, "wireloom")
		}
		engine.Engine, engine.err = wasm.NewEngine(t.Context(), wasm.Options{CacheDir: dir})
	})
	if engine.err != nil {
		t.Fatal(engine.err)
	}
	p, err := engine.Compile(t.Context(), "test.wasm", module)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A native is a command of a node that a test brings.
type native func(p *sys.Proc)

func (native) Name() string { return "native" }
func (native) ID() string   { return "" }
func (f native) Main(p *sys.Proc) sys.Exit {
	f(p)
	return sys.Exit{How: "exit"}
}

// A setting is a lab in which one program is tested: what it is connected to, and
// the commands that a test brings.
type setting struct {
	conf   config.Lab
	node   string // the program's
	argv   []string
	native map[string]sys.Program // by the command's name
}

// run runs the program until nothing is left to do, or for ten minutes of the lab's
// time, and returns what it printed and its end, "exit 0".
func (s setting) run(t testing.TB, module []byte) string {
	t.Helper()
	conf := s.conf
	conf.Name, conf.Seed, conf.Window = "test", 42, -1
	conf.Nodes = append([]config.Node(nil), conf.Nodes...)
	for i := range conf.Nodes {
		if n := &conf.Nodes[i]; n.Name == s.node {
			n.Programs = append([]config.Program{{Name: "p", Argv: s.argv, Start: true, Slot: true}}, n.Programs...)
		}
	}
	commands := map[string]sys.Program{}
	maps.Copy(commands, userland.Commands())
	maps.Copy(commands, s.native)
	lab, err := vnet.New(conf, vnet.Runtime{Modules: modules, NewStack: host.New, Commands: commands})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	if err := lab.Install(s.node, "p", compile(t, module)); err != nil {
		t.Fatal(err)
	}
	var console strings.Builder
	pid := 0 // the program's: what its children print is on its console, but how they end is not
	lab.Log().Subscribe(func(e *event.Event) {
		if e.Kind == event.Start && e.Node == s.node && e.Proc == "p" && pid == 0 {
			pid = e.PID
		}
		switch {
		case e.Node != s.node || e.PID != pid:
		case e.Kind == event.Console:
			console.Write(e.Data)
		case e.Kind == event.Exit:
			fmt.Fprintf(&console, "%s %d %s", e.Op, e.N, e.Text)
		}
	})
	lab.Start()
	lab.Run(10*time.Minute, lab.Steps()+1_000_000)
	return strings.TrimSpace(console.String()) + "\n"
}

func modules(d kern.Dialect) []kern.Module {
	switch d {
	case kern.FreeBSD:
		return []kern.Module{tunemu.FreeBSD()}
	case kern.DragonFly:
		return []kern.Module{tunemu.DragonFly(), tapemu.DragonFly()}
	case kern.NetBSD, kern.Linux:
	}
	return []kern.Module{tapemu.NetBSD()}
}
