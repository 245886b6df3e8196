package userland

import (
	"slices"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// The commands on files: cat(1), ls(1), rm(1) and echo(1), with what of them a look
// at /tmp needs.

func catCommand() *command {
	return &command{name: "cat", summary: "show files, or standard input", main: catMain, usage: "cat [file ...]"}
}

func lsCommand() *command {
	return &command{name: "ls", summary: "list directories", main: lsMain, usage: "ls [-l] [file ...]"}
}

func rmCommand() *command {
	return &command{name: "rm", summary: "remove files", main: rmMain, usage: "rm file ..."}
}

func echoCommand() *command {
	return &command{name: "echo", summary: "print its arguments", main: echoMain, usage: "echo [-n] [string ...]"}
}

func echoMain(p *proc) sys.Exit {
	args, end := p.Args()[1:], "\n"
	if len(args) > 0 && args[0] == "-n" {
		args, end = args[1:], ""
	}
	if _, e := p.Write(1, []byte(strings.Join(args, " ")+end)); e != errno.OK {
		return p.fail(1, "write: %s", e.Message())
	}
	return exit(0)
}

func catMain(p *proc) sys.Exit {
	files := p.Args()[1:]
	if len(files) == 0 {
		files = []string{"-"}
	}
	code := 0
	for _, name := range files {
		fd := 0
		if name != "-" {
			var e errno.Errno
			if fd, e = p.Open(name, kern.O_RDONLY); e != errno.OK {
				p.warn("%s: %s", name, e.Message())
				code = 1
				continue
			}
		}
		if e := p.copyOut(fd); e != errno.OK {
			p.warn("%s: %s", name, e.Message())
			code = 1
		}
		if fd != 0 {
			p.Close(fd)
		}
		if p.Dying() {
			break
		}
	}
	return exit(code)
}

// copyOut copies what can be read to standard output.
func (p *proc) copyOut(fd int) errno.Errno {
	buf := make([]byte, 4096)
	for {
		if p.Dying() {
			return errno.OK
		}
		n, e := p.Read(fd, buf)
		if n == 0 || e != errno.OK {
			return e
		}
		for b := buf[:n]; len(b) > 0; {
			n, e := p.Write(1, b)
			if e != errno.OK {
				return e
			}
			b = b[n:]
		}
	}
}

func rmMain(p *proc) sys.Exit {
	files := p.Args()[1:]
	if len(files) == 0 || strings.HasPrefix(files[0], "-") {
		return p.misuse()
	}
	code := 0
	for _, name := range files {
		if e := p.Unlink(sys.AtRoot, name); e != errno.OK {
			p.warn("%s: %s", name, e.Message())
			code = 1
		}
	}
	return exit(code)
}

func lsMain(p *proc) sys.Exit {
	g := getopt{args: p.Args()[1:]}
	long := false
	for {
		opt, why := g.next("l")
		if opt == 0 {
			break
		}
		if opt != 'l' {
			p.warn("%s", why)
			return p.misuse()
		}
		long = true
	}
	if len(g.args) == 0 {
		g.args = []string{"/"}
	}
	code := 0
	for i, name := range g.args {
		fi, e := p.Stat(sys.AtRoot, name, true)
		switch {
		case e != errno.OK:
		case fi.Type != "dir":
			p.list(sys.AtRoot, []string{name}, long)
		default:
			if len(g.args) > 1 {
				if i > 0 {
					p.printf("\n")
				}
				p.printf("%s:\n", name)
			}
			e = p.listDir(name, long)
		}
		if e != errno.OK {
			p.warn("%s: %s", name, e.Message())
			code = 1
		}
	}
	return exit(code)
}

// listDir lists a directory, sorted by name.
func (p *proc) listDir(name string, long bool) errno.Errno {
	fd, e := p.Open(name, kern.O_RDONLY|kern.O_DIRECTORY)
	if e != errno.OK {
		return e
	}
	defer p.Close(fd)
	var names []string
	for cookie := uint64(0); ; {
		list, e := p.ReadDir(fd, cookie, 256)
		if e != errno.OK {
			return e
		}
		if len(list) == 0 {
			break
		}
		for _, d := range list {
			cookie = d.Next
			if !strings.HasPrefix(d.Name, ".") {
				names = append(names, d.Name)
			}
		}
	}
	slices.Sort(names)
	p.list(fd, names, long)
	return errno.OK
}

// typeLetters are those of ls -l for the types of vnet.
var typeLetters = map[string]string{"dir": "d", "link": "l", "chr": "c", "fifo": "p"}

// list prints names, with long what lstat(2) tells of each: type, names that it has,
// bytes, and when it was modified in the lab's time.
func (p *proc) list(dir int, names []string, long bool) {
	for _, name := range names {
		if !long {
			p.printf("%s\n", name)
			continue
		}
		fi, e := p.Stat(dir, name, false)
		if e != errno.OK {
			p.warn("%s: %s", name, e.Message())
			continue
		}
		letter := typeLetters[fi.Type]
		if letter == "" {
			letter = "-"
		}
		arrow := ""
		if fi.Type == "link" {
			to, _ := p.Readlink(dir, name) // it has just been there
			arrow = " -> " + to
		}
		p.printf("%s %04o %2d %8d %11.6fs %s%s\n", letter, fi.Mode, fi.Links, fi.Size, fi.Modified.Seconds(), name, arrow)
	}
}
