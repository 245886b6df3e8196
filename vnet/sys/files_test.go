package sys

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/fs"
	"wireloom/vnet/kern"
	"wireloom/vnet/signal"
)

// onFiles runs a program on a machine that has files, to its end.
func onFiles(t testing.TB, files map[string][]byte, main func(p *Proc)) []event.Event {
	t.Helper()
	c := one("p")
	c.files = files
	b := newBench(t, c)
	var log []event.Event
	b.log.Subscribe(func(e *event.Event) {
		c := *e
		c.Data = bytes.Clone(e.Data)
		log = append(log, c)
	})
	ran := false
	b.program("p", func(p *Proc) Exit {
		main(p)
		ran = true
		return done
	})
	b.Start()
	b.Run(time.Hour)
	if !ran {
		t.Fatal("the program has not come to its end")
	}
	return log
}

var openWords = map[string]int{
	"r": kern.O_RDONLY, "w": kern.O_WRONLY, "rw": kern.O_RDWR, "creat": kern.O_CREAT, "excl": kern.O_EXCL, "trunc": kern.O_TRUNC,
	"append": kern.O_APPEND, "dir": kern.O_DIRECTORY, "nofollow": kern.O_NOFOLLOW, "nonblock": kern.O_NONBLOCK,
}

// A fsHand makes the calls that lines of text name. Descriptors have names.
type fsHand struct {
	p   *Proc
	fds map[string]int
}

func (h *fsHand) fd(name string) int {
	if fd, ok := h.fds[name]; ok {
		return fd
	}
	if name == "-" {
		return AtRoot
	}
	if name == "0" || name == "1" {
		return int(name[0] - '0')
	}
	return 99
}

// path is a path, or "FD:path" for one that begins at a directory.
func (h *fsHand) path(s string) (int, string) {
	if dir, name, ok := strings.Cut(s, ":"); ok {
		return h.fd(dir), name
	}
	return AtRoot, s
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		panic(err)
	}
	return n
}

// do carries out a line and returns what it came to: a value, or the error's name.
func (h *fsHand) do(line string) string {
	w := strings.Fields(line)
	for len(w) < 5 {
		w = append(w, "")
	}
	p := h.p
	dir, name := h.path(w[1])
	var e errno.Errno
	result := ""
	switch w[0] {
	case "open": // open PATH FLAGS NAME
		flags := 0
		for f := range strings.SplitSeq(w[2], ",") {
			flags |= openWords[f]
		}
		var fd int
		if fd, e = p.OpenAt(dir, name, flags); e == errno.OK && w[3] != "" {
			h.fds[w[3]] = fd
		}
	case "close":
		e = p.Close(h.fd(w[1]))
	case "write":
		var n int
		n, e = p.Write(h.fd(w[1]), []byte(w[2]))
		result = fmt.Sprint(n)
	case "fill":
		var n int
		n, e = p.Write(h.fd(w[1]), make([]byte, number(w[2])))
		result = fmt.Sprint(n)
	case "read":
		b := make([]byte, number(w[2]))
		var n int
		n, e = p.Read(h.fd(w[1]), b)
		result = fmt.Sprintf("%q", b[:n])
	case "pread":
		b := make([]byte, number(w[2]))
		var n int
		n, e = p.ReadAt(h.fd(w[1]), b, number(w[3]))
		result = fmt.Sprintf("%q", b[:n])
	case "pwrite":
		var n int
		n, e = p.WriteAt(h.fd(w[1]), []byte(w[2]), number(w[3]))
		result = fmt.Sprint(n)
	case "seek":
		var n int64
		n, e = p.Seek(h.fd(w[1]), number(w[2]), map[string]int{"set": file.SEEK_SET, "cur": file.SEEK_CUR, "end": file.SEEK_END, "none": 3}[w[3]])
		result = fmt.Sprint(n)
	case "truncate":
		e = p.Truncate(h.fd(w[1]), number(w[2]))
	case "allocate":
		e = p.Allocate(h.fd(w[1]), number(w[2]), number(w[3]))
	case "stat", "lstat":
		var fi fs.Info
		fi, e = p.Stat(dir, name, w[0] == "stat")
		result = fmt.Sprintf("%s %d %d", fi.Type, fi.Size, fi.Links)
	case "fstat":
		var fi fs.Info
		fi, e = p.Fstat(h.fd(w[1]))
		result = fmt.Sprintf("%s %d %d", fi.Type, fi.Size, fi.Links)
	case "times":
		var fi fs.Info
		fi, e = p.Stat(dir, name, true)
		result = fmt.Sprintf("%v %v %v", fi.Accessed, fi.Modified, fi.Changed)
	case "utimes": // utimes PATH ATIME MTIME, - for none
		var c fs.TimeChange
		for i, at := range []**time.Duration{&c.Accessed, &c.Modified} {
			if d, err := time.ParseDuration(w[2+i]); err == nil {
				*at = &d
			}
		}
		e = p.SetTimes(dir, name, true, c)
	case "sleep":
		d, _ := time.ParseDuration(w[1])
		p.Sleep(d)
	case "mkdir":
		e = p.Mkdir(dir, name)
	case "mkfifo":
		e = p.Mkfifo(dir, name)
	case "rmdir":
		e = p.Rmdir(dir, name)
	case "unlink":
		e = p.Unlink(dir, name)
	case "rename":
		toDir, to := h.path(w[2])
		e = p.Rename(dir, name, toDir, to)
	case "link":
		toDir, to := h.path(w[2])
		e = p.Link(dir, name, false, toDir, to)
	case "symlink":
		toDir, to := h.path(w[2])
		e = p.Symlink(w[1], toDir, to)
	case "readlink":
		result, e = p.Readlink(dir, name)
	case "chroot":
		e = p.Chroot(w[1])
	case "type":
		result = p.FileType(h.fd(w[1]))
	case "flags":
		e = p.SetFlags(h.fd(w[1]), openWords[w[2]])
	case "ls": // ls NAME: the directory that is open, without . and ..
		var list []fs.Entry
		list, e = p.ReadDir(h.fd(w[1]), 0, 1000)
		var names []string
		for _, d := range list {
			if d.Name != "." && d.Name != ".." {
				names = append(names, d.Name+":"+d.Type)
			}
		}
		result = strings.Join(names, " ")
	default:
		panic("no such call: " + line)
	}
	if e != errno.OK {
		return e.String()
	}
	if result == "" {
		return "OK"
	}
	return result
}

func TestFiles(t *testing.T) {
	files := map[string][]byte{"/etc/hosts": []byte("10.0.0.1 alice\n"), "/etc/rc.d/": nil, "/home/bob/notes": []byte("hi")}
	for _, c := range []struct {
		name   string
		script string
	}{
		{"the scenario's files are there to read", `
			open /etc/hosts r f = OK
			read f 100 = "10.0.0.1 alice\n"
			read f 100 = ""
			fstat f = reg 15 1
			stat /etc = dir 0 3
			stat etc/hosts = reg 15 1
			type f = reg`},
		{"and cannot be changed", `
			open /etc/hosts rw = EROFS
			open /etc/hosts r,trunc = EROFS
			open /etc/new w,creat = EROFS
			unlink /etc/hosts = EROFS
			mkdir /etc/d = EROFS
			rmdir /etc/rc.d = EROFS
			rename /etc/hosts /tmp/hosts = EROFS
			link /etc/hosts /tmp/hosts = EXDEV
			symlink x /etc/x = EROFS
			utimes /etc/hosts 1s 1s = EROFS
			open /etc/hosts r f = OK
			write f x = EBADF
			truncate f 0 = EINVAL
			allocate f 0 10 = EBADF`},
		{"what is written is read", `
			open /tmp/f rw,creat f = OK
			write f hello = 5
			seek f 0 set = 0
			read f 3 = "hel"
			seek f -1 cur = 2
			seek f -2 end = 3
			seek f -1 set = EINVAL
			seek f 0 none = EINVAL
			seek f 0x7fffffffffffffff cur = EOVERFLOW
			read f 9 = "lo"
			pread f 2 1 = "el"
			pread f 2 -1 = EINVAL
			pwrite f J 0 = 1
			pread f 9 0 = "Jello"
			seek f 0 cur = 5`},
		{"a hole is zeros", `
			open /tmp/f rw,creat f = OK
			seek f 3 set = 3
			write f x = 1
			pread f 9 0 = "\x00\x00\x00x"
			truncate f 1 = OK
			truncate f 3 = OK
			pread f 9 0 = "\x00\x00\x00"
			fstat f = reg 3 1`},
		{"what was cut off does not come back", `
			open /tmp/f rw,creat f = OK
			write f secret = 6
			truncate f 0 = OK
			truncate f 6 = OK
			pread f 9 0 = "\x00\x00\x00\x00\x00\x00"`},
		{"open's flags", `
			open /tmp/f r = ENOENT
			open /tmp/f w,creat,excl f = OK
			write f one = 3
			read f 1 = EBADF
			pread f 1 0 = EBADF
			open /tmp/f w,creat,excl = EEXIST
			open /tmp/f rw,creat g = OK
			pread g 9 0 = "one"
			open /tmp/f rw,append h = OK
			write h two = 3
			pread g 9 0 = "onetwo"
			seek h 0 set = 0
			write h ! = 1
			pread g 9 0 = "onetwo!"
			flags h r = OK
			seek h 0 set = 0
			write h O = 1
			pread g 9 0 = "Onetwo!"
			open /tmp/f w,trunc = OK
			fstat g = reg 0 1
			open /tmp/f r,dir = ENOTDIR
			open /tmp/f/ r = ENOTDIR
			open /tmp/n/ w,creat = EISDIR
			open /tmp/n r,creat,dir = EINVAL
			open /tmp rw = EISDIR
			open /tmp r,creat = EISDIR
			open /tmp r,creat,excl = EEXIST
			open /tmp/ r,dir = OK`},
		{"a root of its own", `
			open / r d = OK
			chroot /etc = EPERM
			close d = OK
			chroot /none = ENOENT
			chroot /etc/hosts = ENOTDIR
			chroot /etc = OK
			stat /hosts = reg 15 1
			stat /../../hosts = reg 15 1
			stat /etc = ENOENT
			stat /dev/null = ENOENT
			open / r r = OK
			stat r:../hosts = reg 15 1
			ls r = hosts:reg rc.d:dir`},
		{"standard streams by their names", `
			open /dev/stderr w,creat,trunc e = OK
			write e x = 1
			type e = tty
			open /dev/fd/1 rw o = OK
			write o x = 1
			open /dev/stdin r i = OK
			close i = OK
			type 0 = tty
			open /dev/tty rw t = OK
			write t x = 1
			type t = tty
			open /dev/console w c = OK
			write c x = 1
			open /dev/stdout w,creat,excl = EEXIST
			stat /dev/stdout = chr 0 1
			open /dev/fd r d = OK
			ls d = 0:chr 1:chr 2:chr
			open /dev/fd/3 r = ENOENT
			open /dev/fd/3 w,creat = EROFS
			unlink /dev/fd/1 = EROFS
			close 1 = OK
			open /dev/stdout w = EBADF`},
		{"a standard stream that is a file", `
			close 1 = OK
			open /tmp/f w,creat = OK
			open /dev/stdout w o = OK
			write o abc = 3
			write 1 d = 1
			pread o 4 0 = EBADF
			open /dev/stdout r = EACCES
			open /dev/stdout rw = EACCES
			stat /tmp/f = reg 4 1`},
		{"devices", `
			open /dev r d = OK
			ls d = console:chr fd:dir null:chr random:chr stderr:chr stdin:chr stdout:chr tty:chr urandom:chr zero:chr
			open /dev/zero rw z = OK
			read z 2 = "\x00\x00"
			seek z 0 set = ESPIPE
			pread z 1 0 = ESPIPE
			truncate z 0 = EINVAL
			allocate z 0 1 = ENODEV
			fstat z = chr 0 1
			type z = chr
			open /dev/null w,creat,trunc = OK
			open /dev/null w,creat,excl = EEXIST
			open /dev/null r,dir = ENOTDIR
			open /dev/nothing r = ENOENT
			unlink /dev/null = EROFS
			mkdir /dev/d = EROFS
			open d:null r = OK`},
		{"standard files are terminals", `
			open /tmp r d = OK
			seek d 0 set = 0
			seek d 5 set = EINVAL
			read d 1 = EISDIR
			truncate d 0 = EINVAL
			pread d 1 0 = EISDIR`},
		{"allocation", `
			open /tmp/f rw,creat f = OK
			allocate f 10 20 = OK
			fstat f = reg 30 1
			allocate f 0 5 = OK
			fstat f = reg 30 1
			allocate f 0 0 = EINVAL
			allocate f -1 5 = EINVAL
			allocate f 0 0x7fffffffffffffff = EFBIG
			truncate f -1 = EINVAL
			truncate f 0x100001 = EFBIG`},
		{"a FIFO", `
			mkfifo /tmp/p = OK
			mkfifo /tmp/p = EEXIST
			stat /tmp/p = fifo 0 1
			open /tmp/p w,nonblock = ENXIO
			open /tmp/p r,nonblock r = OK
			read r 1 = ""
			open /tmp/p w w = OK
			read r 1 = EWOULDBLOCK
			write w abc = 3
			read r 9 = "abc"
			seek w 0 set = ESPIPE
			close w = OK
			read r 1 = ""
			close r = OK
			open /tmp/p rw b = OK
			write b x = 1
			read b 1 = "x"
			unlink /tmp/p = OK
			fstat b = fifo 0 0`},
	} {
		t.Run(c.name, func(t *testing.T) {
			onFiles(t, files, func(p *Proc) {
				p.Close(3)
				h := &fsHand{p, map[string]int{}}
				for line := range strings.Lines(c.script) {
					do, want, ok := strings.Cut(strings.TrimSpace(line), " = ")
					if !ok {
						continue
					}
					if got := h.do(do); got != want {
						t.Errorf("%s = %s, want %s", do, got, want)
					}
				}
			})
		})
	}
}

func TestTmpLimits(t *testing.T) {
	for _, c := range []struct {
		name, script, limit string
	}{
		{"bytes", `
			open /tmp/f rw,creat f = OK
			fill f 1048575 = 1048575
			write f ab = ENOSPC
			write f a = 1
			write f a = ENOSPC
			fstat f = reg 1048576 1
			open /tmp/g rw,creat g = OK
			write g a = ENOSPC
			symlink x /tmp/s = ENOSPC
			truncate g 1 = ENOSPC
			unlink /tmp/f = OK
			write g a = ENOSPC
			close f = OK
			write g a = 1`, "tmp-bytes"},
		{"a hole counts", `
			open /tmp/f rw,creat f = OK
			seek f 0x7ffffffffffffff0 set = 9223372036854775792
			write f a = ENOSPC
			write f 0123456789abcdefg = EFBIG
			fstat f = reg 0 1
			seek f 1048576 set = 1048576
			write f a = ENOSPC
			pwrite f a 1048575 = 1`, "tmp-bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := onFiles(t, nil, func(p *Proc) {
				h := &fsHand{p, map[string]int{}}
				for line := range strings.Lines(c.script) {
					if do, want, ok := strings.Cut(strings.TrimSpace(line), " = "); ok {
						if got := h.do(do); got != want {
							t.Errorf("%s = %s, want %s", do, got, want)
						}
					}
				}
			})
			if got := limitEvents(log); !slices.Equal(got, []string{c.limit}) {
				t.Errorf("limit events are %q, want one of %s", got, c.limit)
			}
		})
	}
}

func limitEvents(log []event.Event) (ops []string) {
	for _, e := range log {
		if e.Kind == event.Limit {
			ops = append(ops, e.Op)
		}
	}
	return ops
}

// TestFileEvents checks how calls on files look in a trace.
func TestFileEvents(t *testing.T) {
	var got []string
	for _, e := range onFiles(t, nil, func(p *Proc) {
		h := &fsHand{p, map[string]int{}}
		for _, line := range []string{
			"mkdir /tmp/d", "open /tmp/d r d", "open d:f rw,creat,append f", "write f hello", "pread f 2 1", "seek f 0 set", "truncate f 3",
			"rename d:f /tmp/g", "stat /tmp/g/x", "symlink g /tmp/s", "lstat /tmp/s",
		} {
			h.do(line)
		}
	}) {
		if e.Kind == event.Call && len(got) < 11 {
			got = append(got, fmt.Sprintf("%s %d %s %q %q = %d %v", e.Op, e.FD, e.Path, e.Text, e.Data, e.N, errno.Errno(e.Errno)))
		}
	}
	want := []string{
		`mkdir 0 /tmp/d "" "" = 0 OK`,
		`open 0 /tmp/d "O_RDONLY" "" = 4 OK`,
		`open 0 /tmp/d/f "O_RDWR|O_APPEND|O_CREAT" "" = 5 OK`,
		`write 5 /tmp/d/f "" "hello" = 5 OK`,
		`pread 5 /tmp/d/f "at 1" "el" = 2 OK`,
		`lseek 5 /tmp/d/f "0, SEEK_SET" "" = 0 OK`,
		`ftruncate 5 /tmp/d/f "3" "" = 0 OK`,
		`rename 0 /tmp/d/f "to /tmp/g" "" = 0 OK`,
		`stat 0 /tmp/g/x "" "" = -1 ENOTDIR`,
		`symlink 0 /tmp/s "to g" "" = 0 OK`,
		`lstat 0 /tmp/s "" "" = 0 OK`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("the trace is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestFIFOWaits has two processes that meet at a FIFO, and a third that is killed
// while nobody comes.
func TestFIFOWaits(t *testing.T) {
	b := newBench(t, one("reader", "writer", "lonely"))
	var got []string
	say := func(p *Proc, format string, args ...any) {
		got = append(got, fmt.Sprintf("%v %s ", p.Now(), p.Name())+fmt.Sprintf(format, args...))
	}
	for name, main := range map[string]func(p *Proc) Exit{
		"reader": func(p *Proc) Exit {
			p.Mkfifo(AtRoot, "/tmp/f")
			fd, e := p.Open("/tmp/f", kern.O_RDONLY)
			say(p, "open %v", e)
			for {
				b := make([]byte, 10)
				n, e := p.Read(fd, b)
				say(p, "read %q %v", b[:n], e)
				if n == 0 {
					return done
				}
			}
		},
		"writer": func(p *Proc) Exit {
			p.Sleep(time.Second)
			fd, e := p.Open("/tmp/f", kern.O_WRONLY)
			say(p, "open %v", e)
			p.Sleep(time.Second)
			p.Write(fd, []byte("hello"))
			p.Sleep(time.Second)
			return done // which closes it
		},
		"lonely": func(p *Proc) Exit {
			p.Mkfifo(AtRoot, "/tmp/g")
			_, e := p.Open("/tmp/g", kern.O_WRONLY)
			say(p, "open %v", e)
			return done
		},
	} {
		b.program(name, main)
	}
	b.Start()
	b.Run(5 * time.Second)
	b.Named("lonely").Signal(signal.SIGKILL)
	b.Run(10 * time.Second)
	want := []string{
		"1s writer open OK", "1s reader open OK", `2s reader read "hello" OK`, `3s reader read "" OK`, "5s lonely open EINTR",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if names, _ := b.fs.Used(); names != 2 || b.fifos.Len() != 0 {
		t.Errorf("%d names are counted, want the 2 FIFOs; %d are open, want none", names, b.fifos.Len())
	}
}

// TestProcessesShareFiles has a descriptor that two processes share by spawn, and a
// root that a child inherits.
func TestProcessesShareFiles(t *testing.T) {
	log := ""
	c := setup{programs: []string{"parent", "child"}, start: []string{"parent"}, files: map[string][]byte{"/jail/secret": []byte("s")}}
	b := newBench(t, c)
	must := func(what string, e errno.Errno) {
		t.Helper()
		if e != errno.OK {
			t.Errorf("%s: %v", what, e)
		}
	}
	b.program("child", func(p *Proc) Exit {
		_, e := p.Write(1, []byte("child "))
		must("the child's write", e)
		_, e = p.Stat(AtRoot, "/secret", true)
		must("stat below the root of the parent", e)
		_, e = p.Stat(3, "../../secret", true)
		must("stat from the directory that the child finds open", e)
		return done
	})
	b.program("parent", func(p *Proc) Exit {
		fd, e := p.Open("/tmp/log", kern.O_RDWR|kern.O_CREAT)
		must("open", e)
		must("close", p.Close(3))
		must("chroot", p.Chroot("/jail"))
		_, e = p.Write(fd, []byte("before "))
		must("write", e)
		pid, e := p.Spawn([]string{"child"}, nil, [3]int{-1, fd, -1})
		must("spawn", e)
		_, _, e = p.Waitpid(pid, 0)
		must("waitpid", e)
		_, e = p.Write(fd, []byte("after"))
		must("write", e)
		b := make([]byte, 100)
		n, e := p.ReadAt(fd, b, 0)
		must("pread", e)
		log = string(b[:n])
		return done
	})
	b.Start()
	b.Run(10 * time.Second)
	if got, want := log, "before child after"; got != want {
		t.Errorf("the file holds %q, want %q", got, want)
	}
}

// TestKqueueWatchesFiles has a note on a file that another descriptor writes to.
func TestKqueueWatchesFiles(t *testing.T) {
	onFiles(t, nil, func(p *Proc) {
		r, _ := p.Open("/tmp/f", kern.O_RDONLY|kern.O_CREAT)
		w, _ := p.Open("/tmp/f", kern.O_WRONLY)
		kq, _ := p.Kqueue()
		events := make([]kern.Kevent, 2)
		check := func(what string, want ...string) {
			t.Helper()
			n, e := p.Kevent(kq, nil, events, 0)
			got := []string{}
			for _, x := range events[:n] {
				got = append(got, fmt.Sprintf("%d %d", x.Ident, x.Data))
			}
			if e != errno.OK || !slices.Equal(got, want) {
				t.Errorf("%s: events %q, %v, want %q", what, got, e, want)
			}
		}
		for _, c := range [][]kern.Kevent{change(r, kern.EVFILT_READ, kern.EV_ADD), change(w, kern.EVFILT_WRITE, kern.EV_ADD|kern.EV_ONESHOT)} {
			if _, e := p.Kevent(kq, c, nil, 0); e != errno.OK {
				t.Fatal(e)
			}
		}
		if _, e := p.Kevent(kq, change(w, kern.EVFILT_VNODE, kern.EV_ADD), nil, 0); e != errno.EINVAL {
			t.Errorf("a filter that files have not: %v, want EINVAL", e)
		}
		check("at first", fmt.Sprintf("%d 0", w))
		check("an empty file")
		p.Write(w, []byte("hello"))
		check("something to read", fmt.Sprintf("%d 5", r))
		p.Read(r, make([]byte, 3))
		check("something left", fmt.Sprintf("%d 2", r))
		p.Read(r, make([]byte, 3))
		check("nothing left")
		p.Write(w, []byte("!"))
		check("something more", fmt.Sprintf("%d 1", r))
		p.Close(r)
		check("closed")
	})
}

// TestWork has paths and directories that take longer than ordinary ones.
func TestWork(t *testing.T) {
	onFiles(t, nil, func(p *Proc) {
		p.Stat(AtRoot, "/tmp/../dev/null", true)
		if got := p.Work(); got != 0 {
			t.Errorf("an ordinary path takes %d steps of work, want 0", got)
		}
		p.Symlink(strings.Repeat("../tmp/", 100)+"end", AtRoot, "/tmp/a")
		p.Symlink(strings.Repeat("../tmp/", 100)+"a", AtRoot, "/tmp/b")
		p.Stat(AtRoot, "/tmp/b", true)
		if got, want := p.Work(), int64(2+201+200-ordinarySteps); got != want {
			t.Errorf("a long path takes %d steps of work, want %d", got, want)
		}
		if got := p.Work(); got != 0 {
			t.Errorf("work is told twice: %d", got)
		}
	})
}

// TestWorkOfLists has calls that are given long lists.
func TestWorkOfLists(t *testing.T) {
	onFiles(t, nil, func(p *Proc) {
		kq, _ := p.Kqueue()
		timers := func(n int) []kern.Kevent {
			var list []kern.Kevent
			for i := range n {
				list = append(list, kern.Kevent{Ident: i, Filter: kern.EVFILT_TIMER, Flags: kern.EV_ADD, Data: 1 << 30})
			}
			return list
		}
		fd, _ := p.Open("/tmp/f", kern.O_RDWR|kern.O_CREAT)
		for _, tc := range []struct {
			name string
			call func()
			want int64
		}{
			{"poll of 64", func() { p.Poll(make([]file.PollFD, 64), 0) }, 0},
			{"poll of 1,024", func() { p.Poll(make([]file.PollFD, 1024), 0) }, 1024 - 64},
			{"kevent of 64 timers", func() { p.Kevent(kq, timers(64), nil, 0) }, 0},
			{"kevent of 1,000 timers where there are 64", func() { p.Kevent(kq, timers(1000), nil, 0) }, 1000*(1+64/16) - 64},
			{"kevent of one timer where there are 1,000", func() { p.Kevent(kq, timers(1), nil, 0) }, 0},
			{"close where there are 1,000", func() { p.Close(fd) }, 0},
			{"a byte behind a hole of 64 KiB", func() {
				fd, _ = p.Open("/tmp/f", kern.O_RDWR)
				p.WriteAt(fd, []byte("x"), 64<<10)
			}, (64<<10)/80 - 64},
			{"a byte in it", func() { p.WriteAt(fd, []byte("x"), 32<<10) }, 0},
		} {
			p.Work()
			tc.call()
			if got := p.Work(); got != tc.want {
				t.Errorf("%s takes %d steps of work, want %d", tc.name, got, tc.want)
			}
		}
	})
}
