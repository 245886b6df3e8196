//go:build unix

package batch

import (
	"os/exec"
	"syscall"
)

// apart puts a process, and all that it starts, into a group of their own: an
// interrupt from the terminal is for us alone, and a compiler that it interrupted would
// look like a program that cannot be compiled.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill ends a process and all that it started.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // gone already is as good
