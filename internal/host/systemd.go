package host

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// systemdPrefix begins an address that is a socket of systemd's: the name of one, as
// FileDescriptorName= says it, comes behind it. "systemd" alone is the only one.
const systemdPrefix = "systemd"

// firstSocket is the first descriptor that systemd passes (sd_listen_fds(3)).
const firstSocket = 3

// inherited is the socket that systemd listens on for this server.
func inherited(addr string) (net.Listener, error) {
	name := strings.TrimPrefix(strings.TrimPrefix(addr, systemdPrefix), ":")
	n, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if pid := os.Getenv("LISTEN_PID"); err != nil || n < 1 || pid != strconv.Itoa(os.Getpid()) {
		return nil, fmt.Errorf("--addr %s: systemd has passed no socket: is there a .socket unit of the service's name?", addr)
	}
	names := strings.Split(os.Getenv("LISTEN_FDNAMES"), ":")
	at := -1
	for i := range n {
		if name == "" && n == 1 || name != "" && i < len(names) && names[i] == name {
			at = i
			break
		}
	}
	if at < 0 {
		return nil, fmt.Errorf("--addr %s: systemd has passed %d sockets, %s: want --addr systemd:NAME with one of these names (FileDescriptorName=)", addr, n, strings.Join(names, ", "))
	}
	f := os.NewFile(uintptr(firstSocket+at), "systemd's socket")
	defer func() { _ = f.Close() }() // the listener has one of its own
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("--addr %s: %w", addr, err)
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false) // it is systemd's, who goes on listening
	}
	return l, nil
}

// notify tells systemd how the service is (sd_notify(3)). Where nobody wants to know it,
// that is no error.
func notify(lines ...string) error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	if path[0] == '@' {
		path = "\x00" + path[1:] // an abstract one
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	_, err = c.Write([]byte(strings.Join(lines, "\n")))
	return errors.Join(err, c.Close())
}

// watchdog is how often systemd wants to hear of the service; 0 where it doesn't.
func watchdog() time.Duration {
	usec, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if pid := os.Getenv("WATCHDOG_PID"); err != nil || usec <= 0 || pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	return time.Duration(usec) * time.Microsecond
}
