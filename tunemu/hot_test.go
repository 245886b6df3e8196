package tunemu

import (
	"testing"

	"wireloom/vnet/kern"
	"wireloom/vnet/kern/kerntest"
)

func hotFreeBSD() *kerntest.Hot {
	return kerntest.NewHot(kerntest.Quiet(kern.FreeBSD, FreeBSD()), "tun0")
}

func hotDragonFly() *kerntest.Hot {
	return kerntest.NewHot(kerntest.Quiet(kern.DragonFly, DragonFly()), "tun0")
}

func TestHotPathAllocatesNothing(t *testing.T) {
	t.Run("freebsd", hotFreeBSD().TestHot)
	t.Run("dragonfly", hotDragonFly().TestHot)
}

func BenchmarkHotPath(b *testing.B) {
	b.Run("freebsd", hotFreeBSD().BenchmarkHot)
	b.Run("dragonfly", hotDragonFly().BenchmarkHot)
}
