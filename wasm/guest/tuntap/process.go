//go:build wasip1

package tuntap

import (
	"os"
	"strconv"
	"strings"
	"unsafe"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Getpid and Getppid are the numbers of the process and of the one that started it,
// as its node has them.
func Getpid() int { return int(hostGetpid()) }

// Getppid is getppid(2).
func Getppid() int { return int(hostGetppid()) }

// Pipe is pipe(2): what is written to w is read from r.
func Pipe() (r, w *os.File, err error) {
	var fds [2]int32
	if _, err := result(hostPipe(unsafe.Pointer(&fds))); err != nil {
		return nil, nil, os.NewSyscallError("pipe", err)
	}
	return newFile(int(fds[0]), "|0"), newFile(int(fds[1]), "|1"), nil
}

// Dup is dup(2): another descriptor of the same open file.
func Dup(f *os.File) (*os.File, error) {
	fd, err := control(f, func(fd int32) int32 { return hostDup(fd) })
	if err != nil {
		return nil, os.NewSyscallError("dup", err)
	}
	return newFile(fd, f.Name()), nil
}

// Utsname is what uname(3) says of the node.
type Utsname struct {
	Sysname  string // FreeBSD, DragonFly or NetBSD
	Nodename string
	Release  string
	Version  string
	Machine  string
}

// Uname is uname(3).
func Uname() (Utsname, error) {
	var b [1024]byte
	if _, err := result(hostUname(unsafe.Pointer(&b), uint32(len(b)))); err != nil {
		return Utsname{}, os.NewSyscallError("uname", err)
	}
	f := strings.SplitN(string(b[:]), "\x00", 6)
	return Utsname{f[0], f[1], f[2], f[3], f[4]}, nil
}

// Attr is what a process starts with. A nil file is /dev/null; a nil Env is the
// starting process's own environment.
type Attr struct {
	Env                   []string
	Stdin, Stdout, Stderr *os.File
}

// A Process is one that this program started.
type Process struct{ Pid int }

// Spawn starts a program slot of the node, or one of its commands: argv[0] names it.
// The files are shared with it, and wait for their whole process from then on.
func Spawn(argv []string, attr *Attr) (*Process, error) {
	if attr == nil {
		attr = &Attr{}
	}
	env := attr.Env
	if env == nil {
		env = os.Environ()
	}
	fds := [3]int32{-1, -1, -1}
	for i, f := range []*os.File{attr.Stdin, attr.Stdout, attr.Stderr} {
		if f != nil {
			fds[i] = int32(f.Fd()) // which makes it a blocking one, as the new program expects
		}
	}
	a, e := join(argv), join(env)
	pid, err := result(hostSpawn(unsafe.Pointer(unsafe.SliceData(a)), uint32(len(a)), unsafe.Pointer(unsafe.SliceData(e)), uint32(len(e)), unsafe.Pointer(&fds)))
	if err != nil {
		name := ""
		if len(argv) > 0 {
			name = argv[0]
		}
		return nil, &os.PathError{Op: "spawn", Path: name, Err: err}
	}
	return &Process{pid}, nil
}

// join puts strings one after the other, each with its NUL.
func join(list []string) []byte {
	var b []byte
	for _, s := range list {
		b = append(append(b, s...), 0)
	}
	return b
}

// Status is how a process ended.
type Status int32

// Exited reports whether the process ended itself, with ExitCode.
func (s Status) Exited() bool { return s&0x7f == 0 }

// ExitCode is what the process gave to exit.
func (s Status) ExitCode() int { return int(s >> 8 & 0xff) }

// Signal is what ended a process that has not Exited.
func (s Status) Signal() Signal { return Signal(s & 0x7f) }

func (s Status) String() string {
	if s.Exited() {
		return "exit status " + itoa(s.ExitCode())
	}
	return "signal: " + s.Signal().String()
}

// Wait waits until the process has ended. Other goroutines run meanwhile: it looks
// at each SIGCHLD.
func (p *Process) Wait() (Status, error) {
	children := make(chan os.Signal, 1)
	if err := Notify(children, SIGCHLD); err != nil {
		return 0, err
	}
	defer Stop(children)
	for {
		var status int32
		const noHang = 1
		pid, err := result(hostWaitpid(int32(p.Pid), unsafe.Pointer(&status), noHang))
		if err != nil {
			return 0, os.NewSyscallError("waitpid", err)
		}
		if pid != 0 {
			return Status(status), nil
		}
		<-children
	}
}

// Signal sends a signal to the process.
func (p *Process) Signal(s Signal) error { return Kill(p.Pid, s) }
