// Package file has what a descriptor may stand for: a device, a regular file, a
// directory, a pipe, a FIFO, a socket, a kqueue. Each is told who calls, and may put the
// caller to sleep. Tables of descriptors, and what is recorded of a call, are the
// processes'.
package file

import (
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/fs"
	"wireloom/vnet/kern"
)

// A File is what a descriptor of a process refers to. Read and Write return the identity
// of the frame that they moved, 0 if none.
type File interface {
	Read(c *Caller, b []byte) (n int, frame uint64, e errno.Errno)
	Write(c *Caller, b []byte) (n int, frame uint64, e errno.Errno)
	Ioctl(c *Caller, cmd uint32, arg []byte) errno.Errno
	Poll(c *Caller, events int) int
	SetFlags(c *Caller, flags int) errno.Errno
	Stat(c *Caller) (kern.Stat, errno.Errno)
	Close(c *Caller) errno.Errno
}

// A Caller is a process in a call on a file.
type Caller struct {
	Thread kern.Thread
	Kernel *kern.Kernel
	View   fs.View // the files of its machine
	Who    Process
	Uio    kern.Uio // of the device call that it is in: a field, so that a call allocates nothing
	Typing bool     // it waits for what is typed
}

// A Process is what else a file asks of who calls.
type Process interface {
	// NewFrame is the identity of a packet that the process writes.
	NewFrame() uint64
	// Dying reports whether the process must end.
	Dying() bool
}

// Wait sleeps until sel is woken, for at most d, for ever below 0: how a call on one
// file waits.
func (c *Caller) Wait(sel *kern.SelInfo, d time.Duration) errno.Errno {
	c.Kernel.SelBegin(&c.Thread)
	sel.Record(c.Kernel, &c.Thread)
	e := c.Kernel.SelWait(&c.Thread, d)
	c.Kernel.SelEnd(&c.Thread)
	return e
}

// record leaves the caller to be woken by sel: what a poll does that finds nothing.
func (c *Caller) record(sel *kern.SelInfo) { sel.Record(c.Kernel, &c.Thread) }

// Plain has what a file does that has no more to say about it.
type Plain struct{}

// Read and Write are EBADF.

func (Plain) Read(*Caller, []byte) (int, uint64, errno.Errno)  { return 0, 0, errno.EBADF }
func (Plain) Write(*Caller, []byte) (int, uint64, errno.Errno) { return 0, 0, errno.EBADF }

// Ioctl is ENOTTY.
func (Plain) Ioctl(*Caller, uint32, []byte) errno.Errno { return errno.ENOTTY }

// Poll finds the file ready.
func (Plain) Poll(_ *Caller, events int) int {
	return events & (kern.POLLIN | kern.POLLOUT | kern.POLLRDNORM)
}

// SetFlags, Stat and Close have nothing to do.

func (Plain) SetFlags(*Caller, int) errno.Errno     { return errno.OK }
func (Plain) Stat(*Caller) (kern.Stat, errno.Errno) { return kern.Stat{Mode: 0o666}, errno.OK }
func (Plain) Close(*Caller) errno.Errno             { return errno.OK }
