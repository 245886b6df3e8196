// Package tapemu is tap(4): the Ethernet device that a program holds the
// other end of, as DragonFly (if_tap.c of September 2008) and as NetBSD
// (if_tap.c 1.123) have it.
//
// Each is a [kern.Module]. What the two share is the kernel's: queues,
// selinfo, mbufs. What they do with it has little in common, down to which
// queue a read takes from, so that each has its own files here:
//
//	dragonfly*.go   a second queue between the interface and the device,
//	                preallocated and autocloned nodes, a module reference count
//	netbsd*.go      the interface's queue is the device's, a cloner that makes
//	                file and interface in one, softints, a sysctl per unit
//
// Where the originals use memory that is no longer theirs, this package does
// the sane thing: a knote of an interface that goes away is detached, a
// reader that is woken by a detach finds its softc still there. Where they
// would have crashed the kernel, it says so by [kern.Kernel.Panic].
package tapemu
