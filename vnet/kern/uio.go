package kern

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/packet"
)

// A Uio is the buffer of one read or write: uio(9). A read moves bytes into
// Buf, a write out of it.
type Uio struct {
	Buf   []byte
	Off   int    // moved so far
	Write bool   // bytes go from Buf to the kernel
	Tag   uint64 // write: the identity to give the packet; read: that of the packet moved
	// Link is what the packet moved is, and Head how many bytes of the driver's stand
	// before it. The driver says both.
	Link packet.Link
	Head int
	// Fault, if not nil, is asked before each copy: true makes it EFAULT.
	Fault func() bool
	// Short is added to the residual count. No system call makes it anything
	// but 0; recordings of drivers have counts below zero.
	Short int
}

// Resid is how many bytes are left to move: uio_resid.
func (u *Uio) Resid() int { return len(u.Buf) - u.Off + u.Short }

// Move copies len(p) bytes, or what is left, between p and the process:
// uiomove(9).
func (u *Uio) Move(p []byte) errno.Errno {
	if u.Fault != nil && u.Fault() {
		return errno.EFAULT
	}
	if u.Write {
		u.Off += copy(p, u.Buf[u.Off:])
	} else {
		u.Off += copy(u.Buf[u.Off:], p)
	}
	return errno.OK
}
