// Package compilechild compiles WebAssembly modules in processes of their own. What
// a stranger's module does to the compiler, it does there: the process has limits of
// time, memory and output, a low priority, and nothing to lose.
//
// The process is the same executable, started with an argument of its own. A program
// that is to be able to do that calls Init as the first thing in main; in others,
// tests for one, there is no such process, and Apart returns nil.
package compilechild

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"wireloom/wasm"
)

// Limits of a compilation where a Worker has none of its own.
const (
	DefaultCPU    = 20 * time.Second // of CPU time, where the system can limit that
	DefaultWall   = 3 * time.Minute  // of real time, since a busy machine gives it less
	DefaultMemory = 1 << 30          // bytes
	DefaultOutput = 256 << 20        // bytes of machine code
)

// The argument that makes the executable a child, and the variable of the
// environment that must be there as well. A child doesn't start children.
const (
	argument = "compile-child"
	mark     = "WIRELOOM_COMPILE_CHILD"
)

// Exit codes of a child. The Go runtime's own is 2.
const (
	exitDone    = 0
	exitRefused = 1 // standard output says why
	exitMemory  = 3
	exitOrphan  = 4 // who started it is gone
	exitUsage   = 5 // it is no fault of the module's; standard output says what is wrong
	exitOutput  = 6
)

// maxText is how many bytes of what a child prints are kept.
const maxText = 4 << 10

// executable is set by Init where children can be started.
var executable string

// Init makes the process a child if it was started as one, and doesn't return then.
// Else it makes Apart work.
func Init() {
	if os.Getenv(mark) != "" {
		if len(os.Args) > 1 && os.Args[1] == argument {
			os.Exit(child(os.Args[2:], os.Stdin, os.Stdout))
		}
		return
	}
	if runtime.GOOS == "linux" {
		executable = "/proc/self/exe" // the program that runs, even if its file was replaced
		return
	}
	executable, _ = os.Executable() // "" where it has none
}

// Apart returns what compiles in children of this process with the default limits;
// nil if there can be none.
func Apart() wasm.Apart { return Within(DefaultMemory) }

// Within is Apart with another limit of memory, in bytes.
func Within(memory int64) wasm.Apart {
	if executable == "" {
		return nil
	}
	return Worker{Executable: executable, Memory: memory}.Compile
}

// A Worker starts a child for each module. Zero limits are the defaults.
type Worker struct {
	Executable string // a program that calls Init
	CPU, Wall  time.Duration
	Memory     int64 // bytes
	Output     int64 // bytes
}

func (w Worker) withDefaults() Worker {
	if w.CPU == 0 {
		w.CPU = DefaultCPU
	}
	if w.Wall == 0 {
		w.Wall = DefaultWall
	}
	if w.Memory == 0 {
		w.Memory = DefaultMemory
	}
	if w.Output == 0 {
		w.Output = DefaultOutput
	}
	return w
}

// Compile is a wasm.Apart: it compiles a rewritten module into the folder dir. The
// child is killed when ctx ends.
func (w Worker) Compile(ctx context.Context, module []byte, dir string) error {
	w = w.withDefaults()
	timed, cancel := context.WithTimeout(ctx, w.Wall)
	defer cancel()
	cmd := exec.CommandContext(timed, w.Executable, argument,
		strconv.FormatInt(seconds(w.CPU), 10), strconv.FormatInt(w.Memory, 10), strconv.FormatInt(w.Output, 10))
	cmd.Env = append(environment(), mark+"=1")
	cmd.Dir = dir
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = dieWithParent()
	runtime.LockOSThread() // see dieWithParent
	defer runtime.UnlockOSThread()
	out, trouble := &text{}, &text{}
	cmd.Stdout, cmd.Stderr = out, trouble
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("%w: %w", wasm.ErrNotApart, err)
	}
	ended, err := start(cmd)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w: %w", wasm.ErrNotApart, err)
	}
	defer ended()
	// Standard input stays open: a child whose parent is gone reads its end.
	go func() {
		_, err := stdin.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(module))))
		if err == nil {
			_, _ = stdin.Write(module) // a child that reads no more has ended, and Wait says how
		}
	}()
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case timed.Err() != nil:
		return fmt.Errorf("the module was not compiled after %s: it takes too long, or the machine is too busy", w.Wall)
	}
	return w.verdict(err, cmd.ProcessState, out.String(), trouble.String())
}

// verdict says what became of a child that ended by itself or at a limit.
func (w Worker) verdict(err error, state *os.ProcessState, out, trouble string) error {
	if err == nil {
		return nil
	}
	if state == nil {
		return fmt.Errorf("%w: %w", wasm.ErrNotApart, err)
	}
	code := state.ExitCode()
	memory := fmt.Errorf("the module takes more than %s of memory to compile", size(w.Memory))
	switch {
	case code == exitRefused && out != "":
		return errors.New(out)
	case code == exitMemory, strings.Contains(trouble, "out of memory"), strings.Contains(trouble, "cannot allocate memory"):
		return memory
	case code == exitOutput:
		return fmt.Errorf("the module compiles to more than %s of machine code", size(w.Output))
	case strings.Contains(trouble, "SIGXCPU"), cpuLimit(w, state):
		return fmt.Errorf("the module takes more than %s of CPU time to compile", w.CPU)
	case code == exitUsage, code == exitOrphan:
		return fmt.Errorf("%w: %s", wasm.ErrNotApart, out)
	}
	why, _, _ := strings.Cut(trouble, "\n")
	return fmt.Errorf("the compiler failed on the module: %v %s", state, why)
}

// cpuLimit reports whether a child that was killed had used its CPU time up. How much
// it has used is counted by clock ticks on some systems, and so is less than the limit
// that the kernel applied.
func cpuLimit(w Worker, state *os.ProcessState) bool {
	return !state.Exited() && state.UserTime()+state.SystemTime() >= time.Duration(seconds(w.CPU))*time.Second*3/4
}

// environment is what a child needs of ours: nothing, but Windows can't do without
// some.
func environment() []string {
	var env []string
	for _, name := range []string{"SYSTEMROOT", "TEMP", "TMP"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// seconds is d in whole seconds, rounded up: CPU time is limited in these.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

func size(n int64) string {
	if n >= 1<<30 && n%(1<<30) == 0 {
		return fmt.Sprintf("%d GiB", n>>30)
	}
	if n < 1<<20 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// A text keeps the first maxText bytes of what is written to it.
type text struct{ bytes.Buffer }

func (t *text) Write(p []byte) (int, error) {
	if room := maxText - t.Len(); room > 0 {
		_, _ = t.Buffer.Write(p[:min(room, len(p))]) // of a Buffer it never fails
	}
	return len(p), nil
}

var _ io.Writer = (*text)(nil)
