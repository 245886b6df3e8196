package kern

import (
	"strconv"
	"strings"

	"wireloom/vnet/errno"
)

// A Cloner is what ifconfig create makes interfaces with: if_clone. Its
// units belong to the driver and outlive a module's unload.
type Cloner struct {
	Name    string
	MaxUnit int
	// Create makes a unit; Destroy ends one and may sleep.
	Create  func(t *Thread, unit int) (*Ifnet, errno.Errno)
	Destroy func(t *Thread, ifp *Ifnet) errno.Errno

	units map[int]bool // clone bits
	made  []*Ifnet     // FreeBSD: what this cloner made, oldest first
}

// CloneAttach makes a cloner known: if_clone_attach(9).
func (k *Kernel) CloneAttach(c *Cloner) {
	if c.units == nil {
		c.units = map[int]bool{}
	}
	k.cloners = append(k.cloners, c)
	k.tr.Fact("if_clone_attach", c.Name, 0)
}

// CloneDetach makes a cloner unknown: if_clone_detach(9). FreeBSD's destroys
// what the cloner made, the newest first, and so it may sleep.
func (k *Kernel) CloneDetach(t *Thread, c *Cloner) {
	for i, x := range k.cloners {
		if x == c {
			k.cloners = append(k.cloners[:i], k.cloners[i+1:]...)
			break
		}
	}
	k.tr.Fact("if_clone_detach", c.Name, 0)
	for len(c.made) > 0 {
		ifp := c.made[len(c.made)-1]
		c.made = c.made[:len(c.made)-1]
		c.Destroy(t, ifp)
		delete(c.units, ifp.Unit)
	}
}

func (c *Cloner) forget(ifp *Ifnet) bool {
	for i, x := range c.made {
		if x == ifp {
			c.made = append(c.made[:i], c.made[i+1:]...)
			return true
		}
	}
	return false
}

func (c *Cloner) lowestFree() int {
	for u := 0; ; u++ {
		if !c.units[u] {
			return u
		}
	}
}

// CloneCreate makes an interface by name, without asking who wants it:
// if_clone_create(9). EINVAL if no cloner has that name.
func (k *Kernel) CloneCreate(t *Thread, name string) errno.Errno {
	_, err := k.cloneCreate(t, name)
	return err
}

func (k *Kernel) cloneCreate(t *Thread, name string) (string, errno.Errno) {
	if k.Fault("if_clone_create") {
		return "", errno.EINVAL
	}
	c := k.clonerFor(name)
	if c == nil {
		return "", errno.EINVAL
	}
	unit, err := k.net.cloneName(c, name)
	if err != errno.OK {
		return "", err
	}
	if unit, err = k.net.cloneCreate(c, t, name, unit); err != errno.OK {
		return "", err
	}
	return c.Name + strconv.Itoa(unit), errno.OK
}

func (k *Kernel) clonerFor(name string) *Cloner {
	for _, c := range k.cloners {
		if _, ok := unitOf(name, c.Name); ok {
			return c
		}
	}
	return nil
}

// unitOf takes name apart: "tap3" is unit 3 of "tap", "tap" is unit -1. A
// leading zero, a sign or more than nine digits is not a unit.
func unitOf(name, base string) (unit int, ok bool) {
	digits, ok := strings.CutPrefix(name, base)
	if !ok {
		return 0, false
	}
	if digits == "" {
		return -1, true
	}
	if len(digits) > 9 || digits[0] == '0' && len(digits) > 1 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		unit = unit*10 + int(c-'0')
	}
	return unit, true
}

// UnitOf is the unit in the name of a device or interface, -1 if it has none;
// ok says whether name is base and a unit without leading zeros.
func UnitOf(name, base string) (unit int, ok bool) { return unitOf(name, base) }
