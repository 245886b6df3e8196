//go:build wasip1

package tuntap

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

// A Kevent is struct kevent of FreeBSD on a 32-bit machine.
type Kevent struct {
	Ident  uint32 // the descriptor, process, signal or timer
	Filter int16
	Flags  uint16
	Fflags uint32
	Data   int32 // bytes to read; with EV_ERROR an Errno
	Udata  uint32
}

// A Kqueue is a kernel event queue, kqueue(2). A program that uses goroutines has no
// need of one: to wait for a kqueue stops all of them.
type Kqueue struct{ fd int32 }

// NewKqueue is kqueue(2).
func NewKqueue() (*Kqueue, error) {
	fd, err := result(hostKqueue())
	if err != nil {
		return nil, os.NewSyscallError("kqueue", err)
	}
	return &Kqueue{int32(fd)}, nil
}

// Add makes the queue report when f is ready: filter EVFILT_READ or EVFILT_WRITE.
func (k *Kqueue) Add(f syscall.Conn, filter int16, flags uint16) error {
	_, err := control(f, func(fd int32) int32 {
		change := Kevent{Ident: uint32(fd), Filter: filter, Flags: EV_ADD | flags}
		return hostKevent(k.fd, unsafe.Pointer(&change), 1, nil, 0, nil)
	})
	return os.NewSyscallError("kevent", err)
}

// timespec is struct timespec of a 32-bit machine with a time_t of 64 bits.
type timespec struct {
	sec  int64
	nsec int32
	_    int32
}

// Wait is kevent(2): it makes the changes, waits for events, for ever with a timeout
// below 0, and returns how many it has put into events. While it waits the whole
// program waits.
func (k *Kqueue) Wait(changes, events []Kevent, timeout time.Duration) (int, error) {
	var t timespec
	var tp unsafe.Pointer
	if timeout >= 0 {
		t = timespec{sec: int64(timeout / time.Second), nsec: int32(timeout % time.Second)}
		tp = unsafe.Pointer(&t)
	}
	n, err := result(hostKevent(k.fd, unsafe.Pointer(unsafe.SliceData(changes)), int32(len(changes)),
		unsafe.Pointer(unsafe.SliceData(events)), int32(len(events)), tp))
	return n, os.NewSyscallError("kevent", err)
}

// Close closes the queue.
func (k *Kqueue) Close() error { return Explain(syscall.Close(int(k.fd))) }
