package compilechild

import "syscall"

// dieWithParent makes the system end the child when the thread that started it ends: the
// caller keeps that to itself until the child is gone. The child looks whether its
// parent is there as well, but not while the compiler keeps it from looking.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
