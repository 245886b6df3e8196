//go:build !unix

package batch

import "os/exec"

// apart does nothing where there are no groups of processes.
func apart(*exec.Cmd) {}

// kill ends a process; what it started ends when nobody reads its output.
func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() } // gone already is as good

func start(cmd *exec.Cmd) error { return cmd.Start() }
