// Package tuntap is what a Go program of a lab has beyond the standard library:
// ioctl and the requests of tun(4) and tap(4), kqueue, signals, processes and
// pipes, and sockets on the node's own IP stack. It is for GOOS=wasip1; elsewhere
// only this text and the numbers are there.
//
// Devices are opened, read and written with package os: a read waits for one
// goroutine only, and deadlines work.
//
//	f, err := os.OpenFile("/dev/tap0", os.O_RDWR, 0)
//	n, err := f.Read(frame) // one read, one frame
//
// [Dial], [Listen] and [ListenPacket] are in place of those of package net, which
// does not know the sockets that a lab offers; what they return are the interfaces
// of package net.
//
// Errors are those of the node's kernel: an [Errno], often in an [os.PathError] or
// [net.OpError]. [Explain] does the same for an error of package os.
//
// # Using it in a module of your own
//
// The package needs nothing but the standard library. `labserver sdk DIR` writes
// it to DIR/go, a module called wireloom, for which go.mod says
//
//	require wireloom v0.0.0
//	replace wireloom => ./DIR/go
//
// and then
//
//	import "wireloom/wasm/guest/tuntap"
package tuntap
