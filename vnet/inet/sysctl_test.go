package inet_test

import (
	"slices"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/kern/kerntest"
)

// TestSysctls: each kernel has the network's tunables under its names; setting one changes
// the value that the stack looks at, in the unit that the kernel shows.
func TestSysctls(t *testing.T) {
	for _, as := range []kern.Dialect{kern.FreeBSD, kern.DragonFly, kern.NetBSD} {
		m := kerntest.New(as)
		n := inet.New("a", &desk{t: t}, m.K, nil)
		names := n.SysctlNames()
		if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) || len(names) < 40 {
			t.Errorf("%v: %d names, sorted and each once? %q", as, len(names), names)
		}
		for _, name := range names {
			old, e := m.K.Sysctl(m.Root, name, nil)
			if e != errno.OK {
				t.Errorf("%v: %s: %v", as, name, e)
			}
			set := "1"
			if was, e := m.K.Sysctl(m.Root, name, &set); e != errno.OK || was != old {
				t.Errorf("%v: %s=1: it was %q, %v; want %q", as, name, was, e, old)
			}
			if now, _ := m.K.Sysctl(m.Root, name, nil); now != "1" {
				t.Errorf("%v: %s is %s, and was set to 1", as, name, now)
			}
		}
	}
	for _, c := range []struct {
		as         kern.Dialect
		name, want string
		get        func(v *inet.Values) time.Duration
	}{
		{kern.FreeBSD, "net.inet.tcp.keepidle", "7200000", func(v *inet.Values) time.Duration { return v.TCP.KeepIdle }},
		{kern.NetBSD, "net.inet.tcp.keepidle", "14400", func(v *inet.Values) time.Duration { return v.TCP.KeepIdle }},
		{kern.FreeBSD, "net.inet.tcp.msl", "30000", func(v *inet.Values) time.Duration { return v.TCP.TimeWait / 2 }},
		{kern.FreeBSD, "net.link.ether.inet.max_age", "1200", func(v *inet.Values) time.Duration { return v.ARP.Keep }},
		{kern.NetBSD, "net.inet.arp.keep", "1200", func(v *inet.Values) time.Duration { return v.ARP.Keep }},
	} {
		m := kerntest.New(c.as)
		n := inet.New("a", &desk{t: t}, m.K, nil)
		before := c.get(n.Values())
		if got, e := m.K.Sysctl(m.Root, c.name, nil); got != c.want || e != errno.OK {
			t.Errorf("%v: %s is %s, %v; want %s", c.as, c.name, got, e, c.want)
		}
		one := "1"
		m.K.Sysctl(m.Root, c.name, &one)
		if after := c.get(n.Values()); after >= before || after == 0 {
			t.Errorf("%v: %s=1 makes %v of %v", c.as, c.name, after, before)
		}
	}
	m := kerntest.New(kern.FreeBSD)
	inet.New("a", &desk{t: t}, m.K, nil)
	for _, c := range []struct {
		who       *kern.Thread
		name, set string
		want      errno.Errno
	}{
		{m.Root, "net.inet.ip.ttl", "256", errno.EINVAL},
		{m.Root, "net.inet.ip.ttl", "x", errno.EINVAL},
		{m.Root, "net.link.ether.inet.max_age", "-1", errno.EINVAL},
		{m.Root, "net.inet.arp.keep", "1", errno.ENOENT},
		{&kern.Thread{PID: 5, Cred: kern.Cred{UID: 1000}}, "net.inet.ip.ttl", "9", errno.EPERM},
	} {
		if _, e := m.K.Sysctl(c.who, c.name, &c.set); e != c.want {
			t.Errorf("%s=%s: %v, want %v", c.name, c.set, e, c.want)
		}
	}
}
