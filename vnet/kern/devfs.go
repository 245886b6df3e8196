package kern

import (
	"slices"
	"strings"

	"wireloom/vnet/errno"
)

// A Cdevsw is the /dev face of a driver: cdevsw(9). t is the calling thread.
type Cdevsw interface {
	// Open opens a node. A FileOps that is not nil replaces the file: what
	// NetBSD calls EMOVEFD.
	Open(d *Cdev, t *Thread, flags int) (FileOps, errno.Errno)
	Close(d *Cdev, t *Thread) errno.Errno
	Read(d *Cdev, t *Thread, u *Uio, ioflag int) errno.Errno
	Write(d *Cdev, t *Thread, u *Uio, ioflag int) errno.Errno
	Ioctl(d *Cdev, t *Thread, cmd uint32, arg []byte) errno.Errno
	Poll(d *Cdev, t *Thread, events int) int
	Kqfilter(d *Cdev, t *Thread, kn *Knote) errno.Errno
}

// A Cdev is a node of /dev: struct cdev, dev_t, cdev_t.
type Cdev struct {
	Name     string
	Unit     int
	UID, GID int
	Mode     uint32
	Major    int
	Drv1     any // si_drv1: the driver's
	Opens    int

	k          *Kernel
	sw         Cdevsw
	everyClose bool
	static     bool // a node without devfs: it is there whatever is loaded
	gone       bool
}

// devClass is a driver that registered for nodes.
type devClass struct {
	name       string
	sw         Cdevsw
	major      int
	everyClose bool
	anyUnit    bool // every unit has a node, without devfs
	cloner     int  // NetBSD: the unit of the node without a number
	clone      func(t *Thread, name string) *Cdev
	nodes      []*Cdev // nodes without devfs that are open
}

// A DevClass is how a driver appears in /dev.
type DevClass struct {
	Name       string // "tun"
	Cdevsw     Cdevsw
	Major      int
	EveryClose bool // the driver sees every close, not only the last
	AnyUnit    bool // no devfs: every unit has a node
	Cloner     int  // no devfs: the unit of the node without a number
	// Clone is asked for a node that does not exist: a dev_clone handler
	// (FreeBSD), or what opening the autoclone node does (DragonFly). It may
	// return nil.
	Clone func(t *Thread, name string) *Cdev
}

// AddDevClass registers a driver for nodes. Nodes without devfs that stayed
// open while the driver was not there reach it again.
func (k *Kernel) AddDevClass(c DevClass) {
	n := &devClass{
		name: c.Name, sw: c.Cdevsw, major: c.Major, everyClose: c.EveryClose, anyUnit: c.AnyUnit, cloner: c.Cloner, clone: c.Clone,
	}
	k.devsw = append(k.devsw, n)
	k.orphans = slices.DeleteFunc(k.orphans, func(d *Cdev) bool {
		if _, ok := unitOf(d.Name, c.Name); !ok {
			return false
		}
		d.sw, d.gone = c.Cdevsw, false
		n.nodes = append(n.nodes, d)
		return true
	})
}

// RemoveDevClass takes the registration back, with the nodes that are left
// and whoever has them open. It returns how many nodes devfs still had.
func (k *Kernel) RemoveDevClass(name string) int {
	i := slices.IndexFunc(k.devsw, func(c *devClass) bool { return c.name == name })
	if i < 0 {
		return 0
	}
	sw := k.devsw[i].sw
	for _, d := range k.devsw[i].nodes {
		d.gone = true
		k.orphans = append(k.orphans, d)
	}
	k.devsw = slices.Delete(k.devsw, i, i+1)
	n := 0
	k.devs = slices.DeleteFunc(k.devs, func(d *Cdev) bool {
		if d.sw != sw {
			return false
		}
		d.gone = true
		n++
		return true
	})
	return n
}

// MakeDev makes a node: make_dev(9). op is the function's name for the
// tracer. The driver must have a class of the node's base name.
func (k *Kernel) MakeDev(op, base string, d *Cdev) *Cdev {
	c := k.class(base)
	d.k, d.sw, d.Major, d.everyClose, d.static = k, c.sw, c.major, c.everyClose, false
	k.devs = append(k.devs, d)
	k.tr.Device(op, d)
	return d
}

func (k *Kernel) class(base string) *devClass {
	i := slices.IndexFunc(k.devsw, func(c *devClass) bool { return c.name == base })
	if i < 0 {
		panic("kern: a node for " + base + ", which has no class")
	}
	return k.devsw[i]
}

// DestroyDev takes a node away, also from who has it open: destroy_dev(9).
func (k *Kernel) DestroyDev(d *Cdev) {
	d.gone = true
	k.devs = slices.DeleteFunc(k.devs, func(x *Cdev) bool { return x == d })
	k.tr.Device("destroy_dev", d)
}

// Dev is the node of that name, or nil. Nodes that exist without devfs are
// found while they are open.
func (k *Kernel) Dev(name string) *Cdev {
	for _, d := range k.devs {
		if d.Name == name {
			return d
		}
	}
	for _, c := range k.devsw {
		for _, d := range c.nodes {
			if d.Name == name {
				return d
			}
		}
	}
	return nil
}

// Devs are the nodes of devfs, in the order of making.
func (k *Kernel) Devs() []*Cdev { return k.devs }

// static is the node of a unit where every unit has one.
func (k *Kernel) static(c *devClass, unit int) *Cdev {
	name := c.name
	if c.anyUnit || unit != c.cloner {
		name = unitName(c.name, unit)
	}
	if d := k.Dev(name); d != nil {
		return d
	}
	return &Cdev{Name: name, Unit: unit, k: k, sw: c.sw, Major: c.major, everyClose: c.everyClose, static: true}
}

// keep remembers a node without devfs while it is open.
func (k *Kernel) keep(d *Cdev) {
	if !d.static {
		return
	}
	for _, c := range k.devsw {
		if c.sw == d.sw && !slices.Contains(k.devs, d) && !slices.Contains(c.nodes, d) {
			c.nodes = append(c.nodes, d)
		}
	}
}

func (k *Kernel) unkeep(d *Cdev) {
	k.orphans = slices.DeleteFunc(k.orphans, func(x *Cdev) bool { return x == d })
	for _, c := range k.devsw {
		c.nodes = slices.DeleteFunc(c.nodes, func(x *Cdev) bool { return x == d })
	}
}

// Node is the node that opening a path would use, made or cloned if need be,
// without opening it.
func (k *Kernel) Node(t *Thread, path string) (*Cdev, errno.Errno) {
	return k.net.node(t, strings.TrimPrefix(path, "/dev/"))
}
