//go:build unix

package batch

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// apart puts a process, and all that it starts, into a group of their own: an
// interrupt from the terminal is for us alone, and a compiler that it interrupted would
// look like a program that cannot be compiled.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// niceness is the priority of what grades (nice(2)): labs that people look at come first.
const niceness = 10

// start starts a process at a low priority, which it has of the thread that starts it. That
// thread ends with its goroutine, since it is never unlocked.
func start(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness) // it grades at any priority
		started <- cmd.Start()
	}()
	return <-started
}

// killed reports whether a process was ended from outside, as by the system that is short of
// memory: no program that is graded can do that.
func killed(s *os.ProcessState) bool {
	w, ok := s.Sys().(syscall.WaitStatus)
	return ok && w.Signaled() && w.Signal() == syscall.SIGKILL
}

// kill ends a process and all that it started.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // gone already is as good
