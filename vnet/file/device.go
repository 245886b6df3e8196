package file

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// A Device is an open device of a driver's.
type Device struct{ f *kern.File }

// OpenDevice opens a name in /dev by the kernel. path is what it came to: the open of one
// name may make a device with another.
func OpenDevice(c *Caller, name string, flags int) (d Device, path string, e errno.Errno) {
	f, e := c.Kernel.Open(&c.Thread, "/dev/"+name, flags)
	if e != errno.OK {
		return Device{}, "", e
	}
	return Device{f}, f.Path(), errno.OK
}

// Flags are those that fcntl(2) returns: FIONBIO and FIOASYNC change them too.
func (d Device) Flags() int { return d.f.Flags() }

// Read takes one packet.
func (d Device) Read(c *Caller, b []byte) (int, uint64, errno.Errno) {
	c.Uio = kern.Uio{Buf: b}
	e := d.f.Read(&c.Thread, &c.Uio)
	return c.Uio.Off, c.Uio.Tag, e
}

// Write gives one packet.
func (d Device) Write(c *Caller, b []byte) (int, uint64, errno.Errno) {
	id := c.Who.NewFrame()
	c.Uio = kern.Uio{Buf: b, Tag: id}
	e := d.f.Write(&c.Thread, &c.Uio)
	if c.Uio.Off == 0 {
		id = 0
	}
	return c.Uio.Off, id, e
}

// The driver does the rest.

func (d Device) Ioctl(c *Caller, cmd uint32, arg []byte) errno.Errno {
	return d.f.Ioctl(&c.Thread, cmd, arg)
}

func (d Device) Poll(c *Caller, events int) int { return d.f.Poll(&c.Thread, events) }

func (d Device) SetFlags(c *Caller, flags int) errno.Errno      { return d.f.SetFlags(&c.Thread, flags) }
func (d Device) Stat(c *Caller) (kern.Stat, errno.Errno)        { return d.f.Stat(&c.Thread) }
func (d Device) Close(c *Caller) errno.Errno                    { return d.f.Close(&c.Thread) }
func (d Device) Kqfilter(c *Caller, kn *kern.Knote) errno.Errno { return d.f.Kqfilter(&c.Thread, kn) }

// Null is /dev/null, Zero /dev/zero and Random /dev/random.
type (
	Null   struct{ Plain }
	Zero   struct{ Plain }
	Random struct{ Plain }
)

// Pseudo returns the file of a device that every machine has; nil if name is none of them.
func Pseudo(name string) File {
	switch name {
	case "null":
		return Null{}
	case "zero":
		return Zero{}
	case "random", "urandom":
		return Random{}
	}
	return nil
}

// Read finds the end; Write takes all.

func (Null) Read(*Caller, []byte) (int, uint64, errno.Errno)      { return 0, 0, errno.OK }
func (Null) Write(_ *Caller, b []byte) (int, uint64, errno.Errno) { return len(b), 0, errno.OK }

// Read finds zeros without end.
func (Zero) Read(_ *Caller, b []byte) (int, uint64, errno.Errno) {
	clear(b)
	return len(b), 0, errno.OK
}

// Write takes all.
func (Zero) Write(_ *Caller, b []byte) (int, uint64, errno.Errno) { return len(b), 0, errno.OK }

// Read is of the machine's seeded chance.
func (Random) Read(c *Caller, b []byte) (int, uint64, errno.Errno) {
	c.Kernel.Host().Random(b)
	return len(b), 0, errno.OK
}

// Write takes all.
func (Random) Write(_ *Caller, b []byte) (int, uint64, errno.Errno) { return len(b), 0, errno.OK }
