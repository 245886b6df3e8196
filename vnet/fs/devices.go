package fs

import "slices"

// What is in /dev: it is not kept, but asked of the kernel each time.

// pseudo are the devices that every machine has, and fd, the folder of what a process has
// open, which holds its standard streams alone (FreeBSD without fdescfs(5)); sorted.
var (
	pseudo    = []string{"console", "fd", "null", "random", "stderr", "stdin", "stdout", "tty", "urandom", "zero"}
	standards = []string{"0", "1", "2"}
)

// lookup finds a name in a directory; nil if there is nothing.
func (fs *FS) lookup(dir *Inode, name string) *Inode {
	switch {
	case dir == fs.dev && name == "fd":
		return fs.fds
	case dir == fs.dev:
		return fs.deviceNode(name)
	case dir == fs.fds && slices.Contains(standards, name):
		return deviceInode("fd/" + name)
	}
	if d := dir.byName[name]; d != nil {
		return d.node
	}
	return nil
}

// deviceNode is the inode of a device that is there now: its number follows from its name.
func (fs *FS) deviceNode(name string) *Inode {
	if !slices.Contains(pseudo, name) && fs.k.Dev(name) == nil {
		if i := fs.k.Ifnet(name); i == nil || i.Card() {
			return nil
		}
	}
	return deviceInode(name)
}

func deviceInode(name string) *Inode {
	return &Inode{kind: Character, device: name, num: PathInode("/dev/" + name), links: 1}
}

// devices are the names in /dev, sorted: the tun and tap interfaces among them whose
// device comes when it is opened.
func (fs *FS) devices() []string {
	names := slices.Clone(pseudo)
	for _, c := range fs.k.Devs() {
		names = append(names, c.Name)
	}
	for _, i := range fs.k.Ifnets() {
		if !i.Card() {
			names = append(names, i.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
