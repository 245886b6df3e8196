package wasm

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wireloom/tapemu"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// A source is a guest in source form: the folder of a Go program or a C file.
type source string

const (
	pingd  source = "../scenarios/ping/reference"
	echo   source = "guest/programs/echo/echo.c"
	stream source = "testdata/stream/stream.c"
	spin   source = "guest/programs/spin/spin.c"
	crash  source = "guest/programs/crash/crash.c"
	goTest source = "testdata/gotest"
	cTest  source = "testdata/ctest/ctest.c"

	procTest source = "testdata/proctest/proctest.c"
)

var (
	built  sync.Map // of source to func() ([]byte, error)
	outDir string
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "wireloom-guests-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	outDir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// module returns the guest's module, built once.
func (s source) module(t testing.TB) []byte {
	t.Helper()
	f, _ := built.LoadOrStore(s, sync.OnceValues(s.build))
	b, err := f.(func() ([]byte, error))()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s source) build() ([]byte, error) {
	out := filepath.Join(outDir, strings.NewReplacer("/", "_", "..", "up").Replace(string(s))+".wasm")
	var cmd *exec.Cmd
	if filepath.Ext(string(s)) == ".c" {
		cmd = exec.Command("clang", "--target=wasm32-wasi", "-std=gnu17", "-O2", "-g0", "-Wall", "-Wextra", "-Werror", string(s), "-o", out)
		if s != procTest { // which declares what it imports itself
			cmd.Args = append(cmd.Args, "-Iguest/include")
		}
	} else {
		dir := string(s)
		if !filepath.IsAbs(dir) {
			dir = "./" + dir
		}
		cmd = exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-buildid=", "-o", out, dir)
		cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
	}
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%v: %w\n%s(C guests need what Debian has in clang, lld, wasi-libc and libclang-rt-14-dev-wasm32)", cmd.Args, err, text)
	}
	return os.ReadFile(out)
}

func cacheDir(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("WIRELOOM_CACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatalf("%v; set WIRELOOM_CACHE to a folder", err)
	}
	return filepath.Join(dir, "wireloom")
}

// engine returns the engine that tests share.
func engine(t testing.TB) *Engine {
	t.Helper()
	sharedOnce.Do(func() {
		sharedEngine, sharedErr = NewEngine(t.Context(), Options{CacheDir: cacheDir(t)})
	})
	if sharedErr != nil {
		t.Fatal(sharedErr)
	}
	return sharedEngine
}

var (
	sharedOnce   sync.Once
	sharedEngine *Engine
	sharedErr    error
)

func interpreter(t testing.TB) *Engine {
	t.Helper()
	e, err := NewEngine(t.Context(), Options{Interpreter: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func compile(t testing.TB, e *Engine, b []byte) *Program {
	t.Helper()
	pr, err := e.Compile(t.Context(), "test.wasm", b)
	if err != nil {
		t.Fatal(err)
	}
	return pr
}

// A native is a command of a node, for the other end of a cable.
type native func(p *sys.Proc)

func (native) Name() string { return "native" }
func (native) ID() string   { return "" }
func (f native) Main(p *sys.Proc) sys.Exit {
	f(p)
	return sys.Exit{How: "exit"}
}

// A rig is a lab in which bob runs programs; his tap0 and alice's are
// on one switch, and on alice the peer runs.
type rig struct {
	*vnet.Lab
	console strings.Builder
	exits   map[string]event.Event
	limits  []event.Event
	calls   []string // "op(fd) = n ERRNO" of bob's p
}

type program struct {
	name   string
	prog   sys.Program
	argv   []string
	memory int64
	fuel   int64
}

func newRig(t testing.TB, peer native, programs ...program) *rig {
	t.Helper()
	conf := config.Lab{Name: "test", Seed: 42, Window: -1}
	bob := config.Node{Name: "bob", Dialect: kern.NetBSD, Devices: []config.Device{{Name: "tap0"}}}
	alice := config.Node{Name: "alice", Dialect: kern.NetBSD, Devices: []config.Device{{Name: "tap0"}}}
	for _, p := range programs {
		argv := append([]string{p.name}, p.argv...)
		bob.Programs = append(bob.Programs, config.Program{Name: p.name, Argv: argv, Env: []string{"GREETING=hello"}, Memory: p.memory, Fuel: p.fuel, Start: true, Slot: true})
	}
	if peer != nil {
		alice.Programs = []config.Program{{Name: "peer", Command: "peer", Start: true}}
	}
	conf.Nodes = []config.Node{alice, bob}
	conf.Switches = []config.Switch{{Name: "s1", Ports: 2}}
	conf.Links = []config.Link{{A: "alice:tap0", B: "s1.1", Delay: time.Millisecond}, {A: "bob:tap0", B: "s1.2"}}
	lab, err := vnet.New(conf, vnet.Runtime{
		Modules:  func(kern.Dialect) []kern.Module { return []kern.Module{tapemu.NetBSD()} },
		Commands: map[string]sys.Program{"peer": peer},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lab.Close)
	r := &rig{Lab: lab, exits: map[string]event.Event{}}
	lab.Log().Subscribe(r.event)
	for _, p := range programs {
		if err := lab.Install("bob", p.name, p.prog); err != nil {
			t.Fatal(err)
		}
	}
	lab.Start()
	return r
}

func (r *rig) event(e *event.Event) {
	switch e.Kind {
	case event.Console:
		r.console.Write(e.Data)
	case event.Exit:
		r.exits[e.Proc] = *e
	case event.Limit:
		r.limits = append(r.limits, *e)
	case event.Call:
		if e.Node == "bob" && e.Proc == "p" {
			r.calls = append(r.calls, fmt.Sprintf("%s(%d) = %d %v", e.Op, e.FD, e.N, errno.Errno(e.Errno)))
		}
	default:
	}
}

// run runs the lab for ten seconds of its time, and fails if it hasn't ended in
// far more steps than any of these tests needs.
func (r *rig) run(t testing.TB) {
	t.Helper()
	if !r.Run(r.Now()+200*time.Second, r.Steps()+1_000_000) {
		t.Fatalf("the lab is at %v after %d steps and has not ended", r.Now(), r.Steps())
	}
}

func (r *rig) hash() string {
	return r.Log().Hash()
}

// sends is a peer that writes frames of 60 bytes of c, one after each pause.
func sends(pause time.Duration, frames ...byte) native {
	return func(p *sys.Proc) {
		fd, e := p.Open("/dev/tap0", kern.O_RDWR)
		for _, c := range frames {
			if e == errno.OK {
				p.Sleep(pause)
				_, e = p.Write(fd, frame(c, 60))
			}
		}
		p.Sleep(time.Hour)
	}
}

// frame is a broadcast of n bytes, the last of them c.
func frame(c byte, n int) []byte {
	b := make([]byte, n)
	copy(b, "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x88\xb5")
	for i := 14; i < n; i++ {
		b[i] = c
	}
	return b
}
