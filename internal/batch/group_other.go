//go:build !unix

package batch

import (
	"os"
	"os/exec"
)

// apart does nothing where there are no groups of processes.
func apart(*exec.Cmd) {}

// kill ends a process; what it started ends when nobody reads its output.
func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() } // gone already is as good

// killed is not known where there are no signals.
func killed(*os.ProcessState) bool { return false }

func start(cmd *exec.Cmd) error { return cmd.Start() }
