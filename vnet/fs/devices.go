package fs

import "slices"

// What is in /dev: it is not kept, but asked of the kernel each time.

// pseudo are the devices that every machine has, sorted.
var pseudo = []string{"null", "random", "urandom", "zero"}

// lookup finds a name in a directory; nil if there is nothing.
func (fs *FS) lookup(dir *Inode, name string) *Inode {
	if dir == fs.dev {
		return fs.deviceNode(name)
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
