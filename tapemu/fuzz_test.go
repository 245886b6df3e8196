package tapemu

import (
	"testing"

	"wireloom/vnet/kern"
	"wireloom/vnet/kern/kerntest"
)

func newNetBSD() kern.Module    { return NetBSD() }
func newDragonFly() kern.Module { return DragonFly() }

func FuzzNetBSD(f *testing.F)    { kerntest.FuzzDriver(f, kern.NetBSD, newNetBSD, "tap") }
func FuzzDragonFly(f *testing.F) { kerntest.FuzzDriver(f, kern.DragonFly, newDragonFly, "tap") }

func TestRandomOperations(t *testing.T) {
	t.Run("netbsd", func(t *testing.T) { kerntest.RandomOperations(t, kern.NetBSD, newNetBSD, "tap") })
	t.Run("dragonfly", func(t *testing.T) { kerntest.RandomOperations(t, kern.DragonFly, newDragonFly, "tap") })
}
