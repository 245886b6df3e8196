package dialect_test

import (
	"testing"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/kern"
)

func TestDialectsAreThoseOfTheKernelsAndLinux(t *testing.T) {
	want := []string{kern.FreeBSD.String(), kern.DragonFly.String(), kern.NetBSD.String(), "linux"}
	for i, d := range dialect.All {
		if got := d.String(); got != want[i] || int(d) != i {
			t.Errorf("dialect %d is %q, want %q", d, got, want[i])
		}
	}
	if got := dialect.Dialect(9).String(); got != "unknown" {
		t.Errorf("dialect 9 is %q", got)
	}
}
