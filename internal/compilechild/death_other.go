//go:build !linux

package compilechild

import "syscall"

// dieWithParent is nothing here: the child looks whether its parent is there.
func dieWithParent() *syscall.SysProcAttr { return nil }
