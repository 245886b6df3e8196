package tunemu

import (
	"testing"

	"wireloom/vnet/kern"
	"wireloom/vnet/kern/kerntest"
)

func newFreeBSD() kern.Module   { return FreeBSD() }
func newDragonFly() kern.Module { return DragonFly() }

func FuzzFreeBSD(f *testing.F)   { kerntest.FuzzDriver(f, kern.FreeBSD, newFreeBSD, "tun") }
func FuzzDragonFly(f *testing.F) { kerntest.FuzzDriver(f, kern.DragonFly, newDragonFly, "tun") }

func TestRandomOperations(t *testing.T) {
	t.Run("freebsd", func(t *testing.T) { kerntest.RandomOperations(t, kern.FreeBSD, newFreeBSD, "tun") })
	t.Run("dragonfly", func(t *testing.T) { kerntest.RandomOperations(t, kern.DragonFly, newDragonFly, "tun") })
}
