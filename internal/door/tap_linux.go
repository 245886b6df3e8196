package door

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"wireloom/vnet/config"
)

// A tapPeer is the kernel of this machine, at a TAP: a read is a frame, and so is a write,
// without a header (IFF_NO_PI).
type tapPeer struct {
	file *os.File
	buf  []byte
}

// openTap attaches to a TAP of that name, which is made if there is none and this process
// may. Nobody else can be attached to it.
func openTap(name string) (peer, error) {
	const device = "/dev/net/tun"
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: device, Err: err}
	}
	req, err := unix.NewIfreq(name)
	if err == nil {
		req.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, req)
	}
	if err != nil {
		_ = unix.Close(fd) // nothing was done with it
		return nil, fmt.Errorf("TAP %s: %w", name, explained(err))
	}
	// Only now: what waits for a descriptor that is no interface yet is told of an error.
	return &tapPeer{file: os.NewFile(uintptr(fd), device), buf: make([]byte, config.MaxFrame+1)}, nil
}

// explained says what to do about an error of TUNSETIFF.
func explained(err error) error {
	switch {
	case errors.Is(err, unix.EPERM):
		return errors.New("labserver may not: make it first, with ip tuntap add dev NAME mode tap user USER")
	case errors.Is(err, unix.EBUSY):
		return errors.New("another program has it")
	case errors.Is(err, unix.EINVAL):
		return errors.New("an interface of that name is there, and no TAP")
	}
	return err
}

func (p *tapPeer) read() ([]byte, error) {
	n, err := p.file.Read(p.buf)
	switch {
	case errors.Is(err, os.ErrClosed):
		return nil, io.EOF
	case errors.Is(err, unix.EBADFD):
		return nil, errors.New("the TAP was deleted")
	}
	return p.buf[:n], err
}

func (p *tapPeer) write(frame []byte) error {
	if err := p.file.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return goneError{err}
	}
	switch _, err := p.file.Write(frame); {
	case err == nil:
		return nil
	case errors.Is(err, unix.EIO), errors.Is(err, unix.EINVAL): // it is down; it is no frame for it
		return errDown
	case errors.Is(err, unix.EBADFD):
		return errors.New("the TAP was deleted")
	default:
		return goneError{err}
	}
}

func (p *tapPeer) close(string) { _ = p.file.Close() }
