package wasm

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wireloom/tapemu"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/host"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// The programs that wazero's module ships for its own WASI (Rust, TinyGo, Zig and
// C, built; Go as source) run here as wasi_stdlib_test.go and
// wasi_stdlib_unix_test.go beside them run them, and print what those expect. What
// the host gives them there (mounted folders, pipes, listeners) a node gives them
// here.

// stdlibLeftOut are the cases of those tests that are not run, with the reason.
var stdlibLeftOut = map[string]string{
	"Test_fdReaddir_ls/tinygo/directory with entries - read twice": "wazero's test skips it: TinyGo cannot rewind a directory (tinygo-org/tinygo#3823)",
}

// stdlibDir is the folder of those tests.
var stdlibDir = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go list -m github.com/tetratelabs/wazero: %w\n%s(go mod download gets it)", err, out)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "imports", "wasi_snapshot_preview1"), nil
})

// A stdlibCase is a run of a program on node bob.
type stdlibCase struct {
	name    string // of the case in wazero's test
	program string // the folder of testdata
	args    []string
	files   map[string][]byte
	before  func(p *sys.Proc) // what a shell does between fork and exec
	after   func(p *sys.Proc) // the program has ended, its files are still open
	peer    func(r *stdlibRun, p *sys.Proc)
	remote  func(r *stdlibRun, p *sys.Proc) // on alice, who shares a cable with bob
	typed   vnet.Command                    // at bob's console before the program runs
	check   func(t *testing.T, r *stdlibRun)
}

// A stdlibRun is what a run has shown so far.
type stdlibRun struct {
	out, err strings.Builder // console, by descriptor
	ended    bool
	exit     event.Event
	took     time.Duration
	hash     string
	problem  string // what the other side did not like
}

func (r *stdlibRun) event(e *event.Event) {
	switch {
	case e.Kind == event.Console && e.Proc == "wasi" && e.FD == 1:
		r.out.Write(e.Data)
	case e.Kind == event.Console && e.Proc == "wasi":
		r.err.Write(e.Data)
	case e.Kind == event.Exit && e.Proc == "wasi":
		r.ended, r.exit, r.took = true, *e, e.At
	}
}

// console is both streams, as wazero's test reads them.
func (r *stdlibRun) console() string { return r.out.String() + r.err.String() }

// until lets a native process wait for what the program does.
func (r *stdlibRun) until(p *sys.Proc, f func() bool) bool {
	for range 1000 {
		if f() {
			return true
		}
		if r.ended || p.Sleep(10*time.Millisecond) != errno.OK {
			return f()
		}
	}
	return false
}

// prepared is a program with what happens before and after it in its process.
type prepared struct {
	*Program
	before, after func(p *sys.Proc)
}

func (x prepared) Main(p *sys.Proc) sys.Exit {
	if x.before != nil {
		x.before(p)
	}
	e := x.Program.Main(p)
	if x.after != nil {
		x.after(p)
	}
	return e
}

var bobAddr = netip.MustParseAddr("10.0.0.2")

const stdlibPort = 8080

func (c stdlibCase) run(t *testing.T, prog *Program) *stdlibRun {
	t.Helper()
	r := &stdlibRun{}
	side := func(f func(*stdlibRun, *sys.Proc)) native {
		return func(p *sys.Proc) {
			if f != nil {
				f(r, p)
			}
		}
	}
	conf := config.Lab{
		Name: "stdlib", Seed: 42, Window: -1,
		Nodes: []config.Node{
			{
				Name: "alice", NICs: []config.NIC{{Name: "em0", Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24")}}},
				Programs: []config.Program{{Name: "remote", Command: "remote", Start: true}},
			},
			{
				Name: "bob", NICs: []config.NIC{{Name: "em0", Addresses: []netip.Prefix{netip.PrefixFrom(bobAddr, 24)}}}, Files: c.files,
				Programs: []config.Program{
					{Name: "peer", Command: "peer", Start: true},
					{Name: "wasi", Argv: append([]string{"wasi"}, c.args...), Start: true, Slot: true},
				},
			},
		},
		Links: []config.Link{{A: "alice:em0", B: "bob:em0", Delay: time.Millisecond}},
	}
	lab, err := vnet.New(conf, vnet.Runtime{
		Modules:  func(kern.Dialect) []kern.Module { return []kern.Module{tapemu.DragonFly()} },
		NewStack: host.New,
		Commands: map[string]sys.Program{"peer": side(c.peer), "remote": side(c.remote)},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	lab.Log().Subscribe(r.event)
	if err := lab.Install("bob", "wasi", prepared{prog, c.before, c.after}); err != nil {
		t.Fatal(err)
	}
	lab.Start()
	if c.typed != nil {
		if _, err := lab.Do(c.typed); err != nil {
			t.Fatal(err)
		}
	}
	for steps := lab.Steps(); !r.ended && lab.Now() < time.Minute && lab.Steps() < steps+1_000_000; {
		lab.Run(lab.Now()+10*time.Millisecond, lab.Steps()+100_000)
	}
	r.hash = lab.Log().Hash()
	if !r.ended {
		t.Fatalf("the lab is at %v after %d steps and the program has not ended; console %q", lab.Now(), lab.Steps(), r.console())
	}
	if r.exit.N != 0 || r.exit.Op != "exit" {
		t.Errorf("the program ended by %s, code %d: %s; want exit with 0; console %q", r.exit.Op, r.exit.N, r.exit.Text, r.console())
	}
	if r.problem != "" {
		t.Error(r.problem)
	}
	return r
}

// must makes a call of a native process that cannot fail.
func must(p *sys.Proc, what string, e errno.Errno) {
	if e != errno.OK {
		panic(fmt.Sprintf("%s of %s: %v", what, p.Name(), e))
	}
}

// rootAt makes a folder of the node the program's root, as a mount does there.
func rootAt(dir string) func(p *sys.Proc) {
	return func(p *sys.Proc) {
		must(p, "close", p.Close(firstPreopen))
		must(p, "chroot", p.Chroot(dir))
		_, e := p.Open("/", kern.O_RDONLY)
		must(p, "open", e)
	}
}

// listens makes descriptor 3 a listener, as wazero's experimental sockets do.
func listens(p *sys.Proc) {
	must(p, "close", p.Close(firstPreopen))
	fd, e := p.Socket(inet.SocketTCP)
	must(p, "socket", e)
	must(p, "bind", p.Bind(fd, netip.AddrPortFrom(bobAddr, stdlibPort)))
	must(p, "listen", p.Listen(fd, 5))
}

// dials connects from the other node, sends text and returns what comes back.
func dials(p *sys.Proc, text string, reads bool) string {
	p.Sleep(500 * time.Millisecond) // for _start to get there
	fd, e := p.Socket(inet.SocketTCP)
	must(p, "socket", e)
	must(p, "connect", p.Connect(fd, netip.AddrPortFrom(bobAddr, stdlibPort)))
	_, e = p.Write(fd, []byte(text))
	must(p, "write", e)
	var got []byte
	for buf := make([]byte, 4096); reads; {
		n, e := p.Read(fd, buf)
		if got = append(got, buf[:n]...); e != errno.OK || n == 0 {
			break
		}
	}
	return string(got)
}

// prints checks the whole console.
func prints(want string) func(*testing.T, *stdlibRun) {
	return func(t *testing.T, r *stdlibRun) {
		t.Helper()
		if got := r.console(); got != want {
			t.Errorf("it printed %q, want %q", got, want)
		}
	}
}

// printsNames checks lines whatever their order, and . and .. dots times each.
func printsNames(dots int, names ...string) func(*testing.T, *stdlibRun) {
	for range dots {
		names = append(names, "./.", "./..")
	}
	slices.Sort(names)
	return func(t *testing.T, r *stdlibRun) {
		t.Helper()
		got := strings.Split(r.console(), "\n")
		slices.Sort(got)
		if got = got[1:]; !slices.Equal(got, names) { // what follows the last newline
			t.Errorf("it printed %q, want %q", got, names)
		}
	}
}

// stdlibTons is how many files the folder with tons of entries has.
const stdlibTons = 8096

func stdlibCases() (cases []stdlibCase) {
	add := func(c stdlibCase) { cases = append(cases, c) }
	all := []string{"cargo-wasi", "tinygo", "zig-cc", "zig", "go"}
	folder := map[string][]byte{"/dir/-": nil, "/dir/a-/": nil, "/dir/ab-": nil}
	tons := map[string][]byte{}
	for i := range stdlibTons {
		tons["/tons/"+strconv.Itoa(i)] = nil
	}

	for _, prog := range all {
		dots := 0
		if prog == "zig-cc" {
			dots = 1
		}
		ls := func(name string, check func(*testing.T, *stdlibRun), args ...string) {
			add(stdlibCase{
				name: "Test_fdReaddir_ls/" + prog + "/" + name, program: prog, args: append([]string{"ls"}, args...),
				files: folder, before: rootAt("/dir"), check: check,
			})
		}
		ls("empty directory", printsNames(dots), "./a-")
		ls("not a directory", prints("ENOTDIR\n"), "-")
		ls("directory with entries", printsNames(dots, "./-", "./a-", "./ab-"), ".")
		ls("directory with entries - read twice", printsNames(2*dots, "./-", "./a-", "./ab-", "./-", "./a-", "./ab-"), ".", "repeat")
		add(stdlibCase{
			name: "Test_fdReaddir_ls/" + prog + "/directory with tons of entries", program: prog, args: []string{"ls", "."},
			files: tons, before: rootAt("/tons"), check: func(t *testing.T, r *stdlibRun) {
				if got, want := strings.Count(r.console(), "\n"), stdlibTons+2*dots; got != want {
					t.Errorf("it printed %d lines, want %d", got, want)
				}
			},
		})
	}

	for _, prog := range all {
		var printed []byte
		add(stdlibCase{
			name: "Test_fdReaddir_stat/" + prog, program: prog, args: []string{"stat"},
			before: func(p *sys.Proc) { // standard files that are no terminal
				for fd, name := range []string{"/tmp/stdin", "/tmp/stdout", "/tmp/stdout"} {
					must(p, "close", p.Close(fd))
					_, e := p.Open(name, kern.O_CREAT|kern.O_RDWR|kern.O_APPEND)
					must(p, "open", e)
				}
			},
			after: func(p *sys.Proc) {
				fd, e := p.Open("/tmp/stdout", kern.O_RDONLY)
				must(p, "open", e)
				buf := make([]byte, 4096)
				n, e := p.Read(fd, buf)
				must(p, "read", e)
				printed = buf[:n]
			},
			check: func(t *testing.T, _ *stdlibRun) {
				want := "stdin isatty: false\nstdout isatty: false\nstderr isatty: false\n/ isatty: false\n"
				if got := string(printed); got != want {
					t.Errorf("it printed %q, want %q", got, want)
				}
			},
		})
	}

	add(stdlibCase{
		name: "Test_preopen/zig", program: "zig", args: []string{"preopen"},
		before: func(p *sys.Proc) {
			_, e := p.Open("/tmp", kern.O_RDONLY)
			must(p, "open", e)
		},
		check: prints("0: stdin\n1: stdout\n2: stderr\n3: /\n4: /tmp\n"),
	})

	stdinFile := func(p *sys.Proc) { // not a terminal, with data
		must(p, "close", p.Close(0))
		_, e := p.Open("/etc/stdin", kern.O_RDONLY)
		must(p, "open", e)
	}
	stdin := map[string][]byte{"/etc/stdin": []byte("test")}
	poll := func(name, want string, atLeast time.Duration, c stdlibCase) {
		c.name, c.program = "Test_Poll/"+name, "zig-cc"
		c.check = func(t *testing.T, r *stdlibRun) {
			prints(want+"\n")(t, r)
			if r.took < atLeast || atLeast == 0 && r.took >= 500*time.Millisecond {
				t.Errorf("it took %v, want %v", r.took, atLeast)
			}
		}
		add(c)
	}
	half := []string{"poll", "0", "500"}
	poll("custom reader, data ready, not tty", "STDIN", 0, stdlibCase{args: []string{"poll"}, files: stdin, before: stdinFile})
	poll("custom reader, data ready, not tty, .5sec", "STDIN", 0, stdlibCase{args: half, files: stdin, before: stdinFile})
	poll("custom reader, data ready, tty, .5sec", "STDIN", 0, stdlibCase{
		args: half, typed: vnet.Stdin{Node: "bob", Proc: "wasi", Text: "test"},
	})
	poll("custom, blocking reader, no data, tty, .5sec", "NOINPUT", 500*time.Millisecond, stdlibCase{args: half})
	poll("eofReader, not tty, .5sec", "STDIN", 0, stdlibCase{
		args: half, typed: vnet.Stdin{Node: "bob", Proc: "wasi", EOF: true},
	})

	add(stdlibCase{
		name: "Test_Sleep", program: "zig-cc", args: []string{"sleepmillis", "100"}, check: func(t *testing.T, r *stdlibRun) {
			prints("OK\n")(t, r)
			if r.took < 100*time.Millisecond {
				t.Errorf("it took %v, want at least 100ms", r.took)
			}
		},
	})
	for _, access := range []string{"rdonly", "wronly"} {
		add(stdlibCase{
			name: "Test_Open/zig-cc/" + access, program: "zig-cc", args: []string{"open-" + access}, before: rootAt("/tmp"),
			check: func(t *testing.T, r *stdlibRun) {
				if got := strings.TrimSpace(r.console()); got != "OK" {
					t.Errorf("it printed %q, want OK", got)
				}
			},
		})
	}

	for _, prog := range []string{"cargo-wasi", "zig-cc", "go"} {
		add(stdlibCase{
			name: "Test_Sock/" + prog, program: prog, args: []string{"sock"}, before: listens,
			remote: func(r *stdlibRun, p *sys.Proc) {
				dials(p, "wazero", false)
				r.until(p, func() bool { return false }) // the connection stays open until the program ends
			},
			check: func(t *testing.T, r *stdlibRun) {
				if got := r.console(); !strings.HasSuffix(got, "wazero\n") {
					t.Errorf("it printed %q, want wazero at the end", got)
				}
			},
		})
	}
	add(stdlibCase{
		name: "Test_HTTP/go", program: "go", args: []string{"http"}, before: listens,
		remote: func(r *stdlibRun, p *sys.Proc) {
			got := dials(p, "POST / HTTP/1.1\r\nHost: bob\r\nContent-Length: 6\r\n\r\nwazero", true)
			if !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(got, "\r\n\r\nwazero\n") {
				r.problem = fmt.Sprintf("the answer is %q, want 200 OK and wazero", got)
			}
		},
		check: prints(""),
	})
	add(stdlibCase{
		name: "Test_Stdin/go", program: "go", args: []string{"stdin"},
		before: func(p *sys.Proc) {
			must(p, "close", p.Close(0))
			_, e := p.Open("/tmp/stdin", kern.O_RDONLY|kern.O_NONBLOCK)
			must(p, "open", e)
		},
		peer: func(r *stdlibRun, p *sys.Proc) {
			must(p, "mkfifo", p.Mkfifo(sys.AtRoot, "/tmp/stdin"))
			fd, e := p.Open("/tmp/stdin", kern.O_RDWR)
			must(p, "open", e)
			if !r.until(p, func() bool { return r.out.String() == "waiting for stdin...\n" }) {
				r.problem = fmt.Sprintf("it printed %q, want waiting for stdin...", r.out.String())
			}
			_, e = p.Write(fd, []byte("foo"))
			must(p, "write", e)
			must(p, "close", p.Close(fd))
		},
		check: prints("waiting for stdin...\nfoo"),
	})
	add(stdlibCase{
		name: "Test_LargeStdout", program: "go", args: []string{"largestdout"}, check: func(t *testing.T, r *stdlibRun) {
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, "out.go", r.out.String(), 0)
			if err != nil {
				t.Fatalf("the program that it printed is not Go: %v", err)
			}
			if _, err := new(types.Config).Check("main", fset, []*ast.File{f}, nil); err != nil {
				t.Errorf("the program that it printed does not compile: %v", err)
			}
		},
	})

	add(stdlibCase{
		name: "Test_NonblockingFile", program: "zig-cc", args: []string{"nonblock", "/test-fifo"}, before: rootAt("/tmp"),
		peer: func(r *stdlibRun, p *sys.Proc) {
			must(p, "mkfifo", p.Mkfifo(sys.AtRoot, "/tmp/test-fifo"))
			p.Sleep(500 * time.Millisecond)
			fd, e := p.Open("/tmp/test-fifo", kern.O_APPEND|kern.O_WRONLY)
			must(p, "open", e)
			_, e = p.Write(fd, []byte("wazero"))
			must(p, "write", e)
		},
		check: func(t *testing.T, r *stdlibRun) {
			lines := strings.Split(r.console(), "\n")
			if !strings.HasPrefix(lines[0], ".") || len(lines) < 2 || lines[1] != "wazero" {
				t.Errorf("it printed %q, want dots and then wazero", lines)
			}
		},
	})
	for _, mode := range []string{"open", "create"} {
		const fifos = 8
		args := []string{"nonblock", mode}
		for i := range fifos {
			args = append(args, fmt.Sprintf("fifo-%d", i))
		}
		var want strings.Builder
		want.WriteString("waiting\n")
		for i := range fifos {
			fmt.Fprintf(&want, "/tmp/fifo-%d\n", fifos-1-i)
		}
		add(stdlibCase{
			name: "Test_NonblockGo/" + mode, program: "go", args: args, before: rootAt("/tmp"),
			peer: func(r *stdlibRun, p *sys.Proc) {
				var fds [fifos]int
				for i := range fifos {
					name := fmt.Sprintf("/tmp/fifo-%d", i)
					must(p, "mkfifo", p.Mkfifo(sys.AtRoot, name))
					fd, e := p.Open(name, kern.O_RDWR)
					must(p, "open", e)
					fds[i] = fd
				}
				r.until(p, func() bool { return r.err.String() == "waiting\n" })
				for i := range fifos { // the last first: nobody waits for another
					line := p.PathOf(fds[fifos-1-i]) + "\n"
					_, e := p.Write(fds[fifos-1-i], []byte(line))
					must(p, "write", e)
					if !r.until(p, func() bool { return strings.HasSuffix(r.err.String(), line) }) {
						r.problem = fmt.Sprintf("it printed %q, want %q next", r.err.String(), line)
						return
					}
				}
			},
			check: prints(want.String()),
		})
	}
	return cases
}

func TestStdlib(t *testing.T) {
	dir, err := stdlibDir()
	if err != nil {
		t.Fatal(err)
	}
	programs := map[string]*Program{}
	for _, name := range []string{"cargo-wasi", "tinygo", "zig-cc", "zig"} {
		b, err := os.ReadFile(filepath.Join(dir, "testdata", name, "wasi.wasm"))
		if err != nil {
			t.Fatal(err)
		}
		programs[name] = compile(t, engine(t), b)
	}
	programs["go"] = compile(t, engine(t), source(filepath.Join(dir, "testdata", "go", "wasi.go")).module(t))
	cases := stdlibCases()
	for name := range stdlibLeftOut {
		if !slices.ContainsFunc(cases, func(c stdlibCase) bool { return c.name == name }) {
			t.Errorf("left out is %q, which is no case of wazero's test", name)
		}
	}
	for _, c := range cases {
		if _, left := stdlibLeftOut[c.name]; left {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			c.check(t, c.run(t, programs[c.program]))
		})
	}
}

// TestStdlibIsComplete holds the table to wazero's tests: each test function and
// each subtest that is named in them has its cases here.
func TestStdlibIsComplete(t *testing.T) {
	if n := len(stdlibLeftOut); n > 10 {
		t.Errorf("%d cases are left out, want at most 10", n)
	}
	dir, err := stdlibDir()
	if err != nil {
		t.Fatal(err)
	}
	cases := stdlibCases()
	for _, file := range []string{"wasi_stdlib_test.go", "wasi_stdlib_unix_test.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, file), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if strings.HasPrefix(n.Name.Name, "Test_") && !slices.ContainsFunc(cases, func(c stdlibCase) bool {
					return c.name == n.Name.Name || strings.HasPrefix(c.name, n.Name.Name+"/")
				}) {
					t.Errorf("%s: no case of %s is here", file, n.Name.Name)
				}
			case *ast.CallExpr: // t.Run("name", ...)
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Run" && len(n.Args) == 2 {
					stdlibNamed(t, cases, n.Args[0])
				}
			case *ast.KeyValueExpr: // {name: "name", ...}
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "name" {
					stdlibNamed(t, cases, n.Value)
				}
			}
			return true
		})
	}
}

func stdlibNamed(t *testing.T, cases []stdlibCase, e ast.Expr) {
	t.Helper()
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		return
	}
	name, err := strconv.Unquote(lit.Value)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(cases, func(c stdlibCase) bool { return strings.HasSuffix(c.name, "/"+name) }) {
		t.Errorf("no case is named %q", name)
	}
}
