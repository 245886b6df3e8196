package kern

import (
	"strconv"

	"wireloom/vnet/errno"
)

// Flags of open(2) and fcntl(2), and of an operation.
const (
	O_RDONLY   = 0
	O_WRONLY   = 1
	O_RDWR     = 2
	O_NONBLOCK = 4
	O_APPEND   = 8
	O_ASYNC    = 0x40

	O_NOFOLLOW  = 0x100
	O_CREAT     = 0x200
	O_TRUNC     = 0x400
	O_EXCL      = 0x800
	O_DIRECTORY = 0x20000 // FreeBSD's; NetBSD has 0x200000

	// IO_NDELAY is an operation that must not sleep: that of a file with
	// O_NONBLOCK.
	IO_NDELAY = 0x10

	setflMask = O_NONBLOCK | O_ASYNC
)

// Events of poll(2). POLLWRNORM is POLLOUT.
const (
	POLLIN     = 0x1
	POLLPRI    = 0x2
	POLLOUT    = 0x4
	POLLERR    = 0x8
	POLLHUP    = 0x10
	POLLNVAL   = 0x20
	POLLRDNORM = 0x40
	POLLWRNORM = POLLOUT
)

// A Stat is what fstat(2) tells of a device.
type Stat struct {
	Major, Minor     int
	UID, GID         int
	Mode             uint32 // permission bits
	Accessed         Time
	Modified         Time
	Changed, Created Time
}

// FileOps is what a file does: fileops. A [Cdev] has them, and so has what
// the open of a cloning device returns.
type FileOps interface {
	Read(t *Thread, u *Uio, ioflag int) errno.Errno
	Write(t *Thread, u *Uio, ioflag int) errno.Errno
	Ioctl(t *Thread, cmd uint32, arg []byte) errno.Errno
	Poll(t *Thread, events int) int
	Kqfilter(t *Thread, kn *Knote) errno.Errno
	Stat(t *Thread) (Stat, errno.Errno)
	Close(t *Thread) errno.Errno
}

// A File is an open device. Its calls are system calls of thread t: they may
// put it to sleep, and must be made on its coroutine.
type File struct {
	k      *Kernel
	ops    FileOps
	path   string
	flags  int
	closed bool
}

// Open opens a device by path, "/dev/tap0" or "tap0", where the system would
// clone one as it does. ENOENT or ENXIO if there is no such device.
func (k *Kernel) Open(t *Thread, path string, flags int) (*File, errno.Errno) {
	if k.dead != "" {
		return nil, errno.EIO
	}
	d, err := k.Node(t, path)
	if err != errno.OK {
		return nil, err
	}
	moved, err := d.sw.Open(d, t, flags)
	if err != errno.OK {
		return nil, err
	}
	if moved != nil {
		f := &File{k: k, ops: moved, path: "/dev/" + d.Name, flags: flags}
		if of, ok := moved.(interface{ Unit() int }); ok {
			f.path += strconv.Itoa(of.Unit()) // of a cloner: what it made
		}
		return f, errno.OK
	}
	d.Opens++
	k.keep(d)
	return &File{k: k, ops: d, path: "/dev/" + d.Name, flags: flags}, errno.OK
}

// Path is the node that was opened: "/dev/tap0", also where the path of the
// open was that of a cloning device.
func (f *File) Path() string { return f.path }

// Flags are those of open(2) as fcntl(2) has changed them.
func (f *File) Flags() int { return f.flags }

// Ops are the operations below the file's flags.
func (f *File) Ops() FileOps { return f.ops }

func (f *File) ioflag() int {
	if f.flags&O_NONBLOCK != 0 {
		return IO_NDELAY
	}
	return 0
}

func (f *File) check(access int) errno.Errno {
	switch {
	case f.closed:
		return errno.EBADF
	case f.k.dead != "":
		return errno.EIO
	case access >= 0 && f.flags&3 != O_RDWR && f.flags&3 != access:
		return errno.EBADF
	}
	return errno.OK
}

// Read reads into u: EBADF if the file is not open for that. A read of no bytes ends
// before the driver: in FreeBSD's dofileread, in spec_read of NetBSD and DragonFly
// (svn_read and devfs_fo_read, DragonFly's short cuts past it, do the same). Only
// the file of NetBSD's cloner, whose fileops are the driver's own, has nothing between.
func (f *File) Read(t *Thread, u *Uio) errno.Errno {
	if err := f.check(O_RDONLY); err != errno.OK {
		return err
	}
	if _, node := f.ops.(*Cdev); node && len(u.Buf) == 0 {
		return errno.OK
	}
	return f.ops.Read(t, u, f.ioflag())
}

// Write writes from u, whose Write is set here.
func (f *File) Write(t *Thread, u *Uio) errno.Errno {
	if err := f.check(O_WRONLY); err != errno.OK {
		return err
	}
	u.Write = true
	return f.ops.Write(t, u, f.ioflag())
}

// Ioctl is ioctl(2). arg has the length that is in the command, or four
// bytes for a command that takes its argument by value; EINVAL if not. The
// file's own part of FIONBIO and FIOASYNC is done here.
func (f *File) Ioctl(t *Thread, cmd uint32, arg []byte) errno.Errno {
	if err := f.check(-1); err != errno.OK {
		return err
	}
	want := IoctlLen(cmd)
	if want == 0 && cmd == VMIO_SIOCSIFFLAGS {
		want = 4
	}
	if len(arg) < want {
		return errno.EINVAL
	}
	switch cmd {
	case FIONBIO:
		f.set(O_NONBLOCK, Int(arg) != 0)
	case FIOASYNC:
		f.set(O_ASYNC, Int(arg) != 0)
	}
	return f.ops.Ioctl(t, cmd, arg)
}

func (f *File) set(flag int, on bool) {
	if on {
		f.flags |= flag
	} else {
		f.flags &^= flag
	}
}

// Poll returns which events hold now; where none does it records t, to be
// woken out of [Kernel.SelWait].
func (f *File) Poll(t *Thread, events int) int {
	if f.closed {
		return POLLNVAL
	}
	if f.k.dead != "" {
		return POLLERR
	}
	return f.ops.Poll(t, events)
}

// Kqfilter attaches a knote.
func (f *File) Kqfilter(t *Thread, kn *Knote) errno.Errno {
	if err := f.check(-1); err != errno.OK {
		return err
	}
	return f.ops.Kqfilter(t, kn)
}

// Stat is fstat(2).
func (f *File) Stat(t *Thread) (Stat, errno.Errno) {
	if err := f.check(-1); err != errno.OK {
		return Stat{}, err
	}
	return f.ops.Stat(t)
}

// SetFlags is fcntl(F_SETFL): only O_NONBLOCK and O_ASYNC change, and the
// driver is told as the dialect does.
func (f *File) SetFlags(t *Thread, flags int) errno.Errno {
	if err := f.check(-1); err != errno.OK {
		return err
	}
	return f.k.net.setFlags(f, t, flags)
}

// tell passes one of the flags on to the driver.
func (f *File) tell(t *Thread, cmd uint32, on bool) errno.Errno {
	var arg [4]byte
	if on {
		arg[0] = 1
	}
	return f.ops.Ioctl(t, cmd, arg[:])
}

// Close closes the file, whatever it returns. A second Close is EBADF.
func (f *File) Close(t *Thread) errno.Errno {
	if f.closed {
		return errno.EBADF
	}
	f.closed = true
	if f.k.dead != "" {
		return errno.EIO
	}
	return f.ops.Close(t)
}

// The operations of a node. One that is gone answers ENXIO.

// Read is d_read.
func (d *Cdev) Read(t *Thread, u *Uio, ioflag int) errno.Errno {
	if d.gone {
		return errno.ENXIO
	}
	return d.sw.Read(d, t, u, ioflag)
}

// Write is d_write.
func (d *Cdev) Write(t *Thread, u *Uio, ioflag int) errno.Errno {
	if d.gone {
		return errno.ENXIO
	}
	return d.sw.Write(d, t, u, ioflag)
}

// Ioctl is d_ioctl.
func (d *Cdev) Ioctl(t *Thread, cmd uint32, arg []byte) errno.Errno {
	if d.gone {
		return errno.ENXIO
	}
	return d.sw.Ioctl(d, t, cmd, arg)
}

// Poll is d_poll.
func (d *Cdev) Poll(t *Thread, events int) int {
	if d.gone {
		if d.static {
			return POLLERR
		}
		return POLLHUP
	}
	return d.sw.Poll(d, t, events)
}

// Kqfilter is d_kqfilter.
func (d *Cdev) Kqfilter(t *Thread, kn *Knote) errno.Errno {
	if d.gone {
		return errno.ENXIO
	}
	return d.sw.Kqfilter(d, t, kn)
}

// Stat is what the node's file system says.
func (d *Cdev) Stat(*Thread) (Stat, errno.Errno) {
	return Stat{Major: d.Major, Minor: d.Unit, UID: d.UID, GID: d.GID, Mode: d.Mode}, errno.OK
}

// DriverSeesClose reports whether the driver is told of the next close: of the last
// one only, unless it asked for each (D_TRACKCLOSE).
func (d *Cdev) DriverSeesClose() bool { return d.Opens <= 1 || d.everyClose }

// Close takes one open off and tells the driver of the last one, or of every
// one where it wants that.
func (d *Cdev) Close(t *Thread) errno.Errno {
	d.Opens--
	if d.Opens <= 0 {
		d.Opens = 0
		d.k.unkeep(d)
	}
	if d.gone {
		if d.static {
			return errno.ENXIO
		}
		return errno.OK
	}
	if d.Opens > 0 && !d.everyClose { // as DriverSeesClose foretold
		return errno.OK
	}
	return d.sw.Close(d, t)
}

func unitName(base string, unit int) string { return base + strconv.Itoa(unit) }
