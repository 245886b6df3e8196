//go:build wasip1

// Gosurface is what the tests of the Go SDK run: its first argument says what it
// does.
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"wireloom/wasm/guest/tuntap"
)

func main() {
	does[os.Args[1]]()
}

var does = map[string]func(){
	"errors":   errorsOf,
	"signals":  signals,
	"devices":  devices,
	"children": children,
	"tcp":      tcp,
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func errorsOf() {
	all := []tuntap.Errno{
		tuntap.EPERM, tuntap.ENOENT, tuntap.ESRCH, tuntap.EINTR, tuntap.EIO, tuntap.ENXIO, tuntap.E2BIG, tuntap.ENOEXEC, tuntap.EBADF,
		tuntap.ECHILD, tuntap.EDEADLK, tuntap.ENOMEM, tuntap.EACCES, tuntap.EFAULT, tuntap.ENOTBLK, tuntap.EBUSY, tuntap.EEXIST, tuntap.EXDEV,
		tuntap.ENODEV, tuntap.ENOTDIR, tuntap.EISDIR, tuntap.EINVAL, tuntap.ENFILE, tuntap.EMFILE, tuntap.ENOTTY, tuntap.ETXTBSY, tuntap.EFBIG,
		tuntap.ENOSPC, tuntap.ESPIPE, tuntap.EROFS, tuntap.EMLINK, tuntap.EPIPE, tuntap.EDOM, tuntap.ERANGE, tuntap.EWOULDBLOCK,
		tuntap.EINPROGRESS, tuntap.EALREADY, tuntap.ENOTSOCK, tuntap.EDESTADDRREQ, tuntap.EMSGSIZE, tuntap.EPROTOTYPE, tuntap.ENOPROTOOPT,
		tuntap.EPROTONOSUPPORT, tuntap.ESOCKTNOSUPPORT, tuntap.ENOTSUP, tuntap.EPFNOSUPPORT, tuntap.EAFNOSUPPORT, tuntap.EADDRINUSE,
		tuntap.EADDRNOTAVAIL, tuntap.ENETDOWN, tuntap.ENETUNREACH, tuntap.ENETRESET, tuntap.ECONNABORTED, tuntap.ECONNRESET, tuntap.ENOBUFS,
		tuntap.EISCONN, tuntap.ENOTCONN, tuntap.ESHUTDOWN, tuntap.ETOOMANYREFS, tuntap.ETIMEDOUT, tuntap.ECONNREFUSED, tuntap.ELOOP,
		tuntap.ENAMETOOLONG, tuntap.EHOSTDOWN, tuntap.EHOSTUNREACH, tuntap.ENOTEMPTY, tuntap.EPROCLIM, tuntap.EUSERS, tuntap.EDQUOT,
		tuntap.ESTALE, tuntap.EREMOTE, tuntap.EBADRPC, tuntap.ERPCMISMATCH, tuntap.EPROGUNAVAIL, tuntap.EPROGMISMATCH, tuntap.EPROCUNAVAIL,
		tuntap.ENOLCK, tuntap.ENOSYS, tuntap.EFTYPE, tuntap.EAUTH, tuntap.ENEEDAUTH, tuntap.EIDRM, tuntap.ENOMSG, tuntap.EOVERFLOW,
		tuntap.ECANCELED, tuntap.EILSEQ, tuntap.ENOATTR, tuntap.EDOOFUS, tuntap.EBADMSG, tuntap.EMULTIHOP, tuntap.ENOLINK, tuntap.EPROTO,
		tuntap.ENOTCAPABLE, tuntap.ECAPMODE,
	}
	for _, e := range all {
		fmt.Println(int(e), e)
	}
	fmt.Println(tuntap.Errno(4000))
	_, err := os.Open("/dev/none")
	err = tuntap.Explain(err)
	fmt.Println(err, errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOENT))
	fmt.Println(tuntap.Explain(syscall.Errno(tuntap.ENXIO)))
}

func signals() {
	c := make(chan os.Signal, 1)
	check(tuntap.Notify(c, tuntap.SIGALRM, tuntap.SIGUSR1, tuntap.SIGTERM))
	tuntap.Alarm(2 * time.Second)
	fmt.Println(<-c)
	began := time.Now()
	time.AfterFunc(10*time.Second, func() { check(tuntap.Kill(tuntap.Getpid(), tuntap.SIGUSR1)) })
	fmt.Printf("%v %.1fs\n", <-c, time.Since(began).Seconds())
	tuntap.Stop(c)
	check(tuntap.Ignore(tuntap.SIGTERM))
	check(tuntap.Kill(tuntap.Getpid(), tuntap.SIGTERM))
	fmt.Println("ignored")
	check(tuntap.Reset(tuntap.SIGTERM))
	check(tuntap.Kill(tuntap.Getpid(), tuntap.SIGTERM))
	fmt.Println("not reached")
}

func devices() {
	tap, err := tuntap.OpenTap("/dev/tap0")
	check(err)
	name, err := tap.IfName()
	check(err)
	_, err = tap.Info() // NetBSD's has none
	fmt.Println(name, err)
	kq, err := tuntap.NewKqueue()
	check(err)
	check(kq.Add(tap, tuntap.EVFILT_READ, 0))
	events := make([]tuntap.Kevent, 4)
	n, err := kq.Wait(nil, events, 0)
	check(err)
	fmt.Print("kqueue ", n)
	c := make(chan os.Signal, 1)
	check(tuntap.Notify(c, tuntap.SIGIO))
	check(tuntap.SetOwner(tap, tuntap.Getpid()))
	check(tuntap.SetAsync(tap, true))
	n, err = kq.Wait(nil, events, -1)
	check(err)
	fmt.Println(", then", n, events[0].Data)
	check(kq.Close())
	if <-c == tuntap.SIGIO {
		fmt.Println("SIGIO")
	}
	n, err = tuntap.Buffered(tap)
	check(err)
	b := make([]byte, 2000)
	got, err := tap.Read(b)
	check(err)
	fmt.Println(got, "of", n, "bytes")
	check(tap.SetReadDeadline(time.Now().Add(time.Second)))
	_, err = tap.Read(b)
	fmt.Println("deadline", errors.Is(err, os.ErrDeadlineExceeded))
}

func children() {
	r, w, err := tuntap.Pipe()
	check(err)
	end, err := tuntap.Dup(w)
	check(err)
	check(w.Close())
	p, err := tuntap.Spawn([]string{"child", "one word"}, &tuntap.Attr{Stdout: end})
	check(err)
	check(end.Close())
	out, err := io.ReadAll(r)
	check(err)
	fmt.Print(string(out))
	status, err := p.Wait()
	check(err)
	fmt.Println(status)
	fmt.Println("it is gone:", p.Signal(tuntap.SIGTERM))
	fmt.Println("started by", tuntap.Getppid())
	_, err = tuntap.Spawn([]string{"nosuchthing"}, nil)
	fmt.Println(err)
	u, err := tuntap.Uname()
	check(err)
	fmt.Println("uname", u.Sysname, u.Nodename)
}

func tcp() {
	l, err := tuntap.Listen("tcp", ":80")
	check(err)
	c, err := l.Accept()
	check(err)
	fmt.Println("from", c.RemoteAddr().(*net.TCPAddr).IP, "to", c.LocalAddr())
	b := make([]byte, 5)
	_, err = io.ReadFull(c, b)
	check(err)
	fmt.Println(string(b))
	_, err = c.Write(b)
	check(err)
	settable := c.(interface {
		SetKeepAlive(bool) error
		SetNoDelay(bool) error
		SetReadBuffer(int) error
		SetWriteBuffer(int) error
	})
	check(settable.SetKeepAlive(true))
	check(settable.SetNoDelay(true))
	check(settable.SetReadBuffer(16 << 10))
	check(settable.SetWriteBuffer(16 << 10))
	_, err = l.(syscall.Conn).SyscallConn()
	check(err)
	check(c.(interface{ CloseWrite() error }).CloseWrite())
	_, err = c.Read(b)
	fmt.Println(err)
	_, err = tuntap.Dial("tcp", "alice:7777")
	fmt.Println("refused:", err)
	p, err := tuntap.ListenPacket("udp", ":7000")
	check(err)
	check(p.SetReadDeadline(time.Now().Add(time.Second)))
	_, _, err = p.ReadFrom(b)
	var timeout net.Error
	fmt.Println("timeout", errors.As(err, &timeout) && timeout.Timeout())
	check(p.SetReadDeadline(time.Time{}))
	time.AfterFunc(time.Second, func() { check(p.Close()) })
	_, _, err = p.ReadFrom(b)
	fmt.Println("closed", errors.Is(err, net.ErrClosed))
	_, err = tuntap.Dial("tcp", "nobody:1")
	fmt.Println("unknown:", err)
	ping("ip4:icmp", "10.0.0.1", 8, 0)
	ping("ip6:ipv6-icmp", "::1", 128, 129)
	_, err = tuntap.Dial("unix", "/x")
	fmt.Println("network:", err)
}

// ping sends an echo request of a type, and wants the reply's.
func ping(network, to string, request, reply byte) {
	p, err := tuntap.ListenPacket(network, "")
	check(err)
	defer func() { check(p.Close()) }()
	_, err = p.WriteTo([]byte{request, 0, 0, 0, 0, 0, 0, 7, 'x'}, &net.IPAddr{IP: net.ParseIP(to)})
	check(err)
	_, err = p.WriteTo([]byte{request}, &net.UDPAddr{})
	b := make([]byte, 100)
	n, from, err2 := p.ReadFrom(b)
	check(err2)
	fmt.Println("echo from", from, b[0] == reply, b[7:n], err != nil)
}
