//go:build wasip1

package tuntap

import "unsafe"

// The functions of the host's module tuntap. Each returns a count, or an error of
// WASI's or an Errno, negated.

//go:wasmimport tuntap ioctl
//go:noescape
func hostIoctl(fd int32, request uint32, arg unsafe.Pointer, size uint32) int32

//go:wasmimport tuntap kqueue
func hostKqueue() int32

//go:wasmimport tuntap kevent
//go:noescape
func hostKevent(kq int32, changes unsafe.Pointer, nchanges int32, events unsafe.Pointer, nevents int32, timeout unsafe.Pointer) int32

//go:wasmimport tuntap sigaction
func hostSigaction(sig, how int32) int32

//go:wasmimport tuntap signalfd
func hostSignalfd() int32

//go:wasmimport tuntap kill
func hostKill(pid, sig int32) int32

//go:wasmimport tuntap getpid
func hostGetpid() int32

//go:wasmimport tuntap getppid
func hostGetppid() int32

//go:wasmimport tuntap alarm
func hostAlarm(ms int32) int32

//go:wasmimport tuntap pipe
//go:noescape
func hostPipe(fds unsafe.Pointer) int32

//go:wasmimport tuntap dup
func hostDup(fd int32) int32

//go:wasmimport tuntap spawn
//go:noescape
func hostSpawn(argv unsafe.Pointer, argvLen uint32, env unsafe.Pointer, envLen uint32, fds unsafe.Pointer) int32

//go:wasmimport tuntap waitpid
//go:noescape
func hostWaitpid(pid int32, status unsafe.Pointer, options int32) int32

//go:wasmimport tuntap uname
//go:noescape
func hostUname(buf unsafe.Pointer, size uint32) int32

// result is a host function's as a Go function returns it.
func result(r int32) (int, error) {
	if r < 0 {
		return -1, Errno(-r)
	}
	return int(r), nil
}
