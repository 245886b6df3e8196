package tapemu

import (
	"testing"

	"wireloom/vnet/kern"
	"wireloom/vnet/kern/kerntest"
)

func hotNetBSD() *kerntest.Hot {
	return kerntest.NewHot(kerntest.Quiet(kern.NetBSD, NetBSD()), "tap")
}

func hotDragonFly() *kerntest.Hot {
	return kerntest.NewHot(kerntest.Quiet(kern.DragonFly, DragonFly()), "tap0")
}

func TestHotPathAllocatesNothing(t *testing.T) {
	t.Run("netbsd", hotNetBSD().TestHot)
	t.Run("dragonfly", hotDragonFly().TestHot)
}

func BenchmarkHotPath(b *testing.B) {
	b.Run("netbsd", hotNetBSD().BenchmarkHot)
	b.Run("dragonfly", hotDragonFly().BenchmarkHot)
}
