package compilechild

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"syscall"
	"time"

	"wireloom/wasm"
)

// weighEvery is how often a child looks at the memory that it uses.
const weighEvery = 10 * time.Millisecond

// child compiles the module that it reads, into the current folder, and returns its
// exit code. Its arguments are its limits: seconds of CPU time, bytes of memory, bytes
// of output. What it prints is for the module's author.
func child(args []string, in io.Reader, out io.Writer) int {
	refuse := func(code int, err error) int {
		s := err.Error()
		_, _ = io.WriteString(out, s[:min(len(s), maxText)]) // who doesn't read it is gone
		return code
	}
	var n [3]int64
	if len(args) != len(n) {
		return refuse(exitUsage, fmt.Errorf("%d arguments, want %d: this command is the server's own", len(args), len(n)))
	}
	for i := range n {
		v, err := strconv.ParseInt(args[i], 10, 64)
		if err != nil || v < 1 {
			return refuse(exitUsage, fmt.Errorf("argument %q is not a number above 0", args[i]))
		}
		n[i] = v
	}
	cpu, memory, output := n[0], n[1], n[2]
	// Of the machine it takes one core, and from those who have something to do that
	// somebody waits for, none.
	runtime.GOMAXPROCS(1)
	debug.SetTraceback("none")
	debug.SetMaxStack(int(memory / 4))
	debug.SetGCPercent(200)
	debug.SetMemoryLimit(memory - memory/4)
	go weigh(memory)
	if err := limit(cpu, memory, output); err != nil {
		return refuse(exitUsage, err)
	}
	var head [8]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return refuse(exitOrphan, err)
	}
	length := binary.LittleEndian.Uint64(head[:])
	if length > uint64(memory) {
		return exitMemory
	}
	module := make([]byte, length)
	if _, err := io.ReadFull(in, module); err != nil {
		return refuse(exitOrphan, err)
	}
	go func() {
		_, _ = in.Read(head[:]) // ends when who started us does
		os.Exit(exitOrphan)
	}()
	switch err := compile(module, "."); {
	case err == nil:
		return exitDone
	case errors.Is(err, syscall.EFBIG):
		return exitOutput
	case errors.As(err, new(*fs.PathError)):
		return refuse(exitUsage, err)
	default:
		return refuse(exitRefused, err)
	}
}

func compile(module []byte, dir string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the module can't be compiled: internal error: %v", r)
		}
	}()
	return wasm.CompileInto(context.Background(), module, dir)
}

// weigh ends the process when it uses too much memory. It is the limit where the
// system has none, and the one that is reached first by what grows in steps.
func weigh(memory int64) {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for {
		time.Sleep(weighEvery)
		metrics.Read(samples)
		if samples[0].Value.Uint64()-samples[1].Value.Uint64() > uint64(memory) {
			os.Exit(exitMemory)
		}
	}
}
