package kern

import (
	"cmp"
	"slices"
	"strconv"

	"wireloom/vnet/errno"
)

// A SysctlHandler reads and, with set not nil, sets a node. It returns the
// value from before.
type SysctlHandler func(t *Thread, set *string) (old string, err errno.Errno)

type sysctlNode struct {
	name   string
	handle SysctlHandler
}

// A SysctlSource has many nodes without an entry for each: those of the network's tunables.
type SysctlSource interface {
	// SysctlNames are the names, sorted.
	SysctlNames() []string
	// Sysctl is as [Kernel.Sysctl].
	Sysctl(t *Thread, name string, set *string) (old string, err errno.Errno)
}

// SetSysctlSource gives the kernel a source of nodes.
func (k *Kernel) SetSysctlSource(s SysctlSource) { k.sysctlSource = s }

// A Sysctl is a node's name and value.
type Sysctl struct{ Name, Value string }

// AddSysctl adds a node to the sysctl tree. A name that is there is replaced.
func (k *Kernel) AddSysctl(name string, h SysctlHandler) {
	i, found := k.findSysctl(name)
	n := &sysctlNode{name, h}
	if found {
		k.sysctls[i] = n
		return
	}
	k.sysctls = slices.Insert(k.sysctls, i, n)
}

// AddSysctlInt adds a node that is an int of a driver: readable by all and
// set by root. Two names may be the same variable.
func (k *Kernel) AddSysctlInt(name string, v *int) {
	k.AddSysctl(name, func(t *Thread, set *string) (string, errno.Errno) {
		old := strconv.Itoa(*v)
		if set == nil {
			return old, errno.OK
		}
		if !t.Cred.Root() {
			return "", errno.EPERM
		}
		n, err := strconv.ParseInt(*set, 0, 32)
		if err != nil {
			return "", errno.EINVAL
		}
		*v = int(n)
		return old, errno.OK
	})
}

// RemoveSysctl takes a node away.
func (k *Kernel) RemoveSysctl(name string) {
	if i, found := k.findSysctl(name); found {
		k.sysctls = slices.Delete(k.sysctls, i, i+1)
	}
}

func (k *Kernel) findSysctl(name string) (int, bool) {
	return slices.BinarySearchFunc(k.sysctls, name, func(n *sysctlNode, name string) int { return cmp.Compare(n.name, name) })
}

// Sysctl is sysctl(3): it reads a node and, with set not nil, sets it. ENOENT
// without such a node, EPERM for who may not set it.
func (k *Kernel) Sysctl(t *Thread, name string, set *string) (old string, err errno.Errno) {
	if k.dead != "" {
		return "", errno.EIO
	}
	i, found := k.findSysctl(name)
	switch {
	case found:
		return k.sysctls[i].handle(t, set)
	case k.sysctlSource != nil:
		return k.sysctlSource.Sysctl(t, name, set)
	}
	return "", errno.ENOENT
}

// Sysctls are all nodes and their values, by name.
func (k *Kernel) Sysctls(t *Thread) []Sysctl {
	out := make([]Sysctl, 0, len(k.sysctls))
	for _, n := range k.sysctls {
		v, _ := n.handle(t, nil)
		out = append(out, Sysctl{n.name, v})
	}
	if k.sysctlSource != nil {
		for _, name := range k.sysctlSource.SysctlNames() {
			v, _ := k.sysctlSource.Sysctl(t, name, nil)
			out = append(out, Sysctl{name, v})
		}
		slices.SortFunc(out, func(a, b Sysctl) int { return cmp.Compare(a.Name, b.Name) })
	}
	return out
}
