package userland

import (
	"slices"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// The commands on files: cat(1), ls(1), rm(1) and echo(1), with what of them a look
// at /tmp needs.

func catCommand() *command.Command {
	return command.New("cat", "show files, or standard input",
		"cat [file ...]", catMain)
}

func lsCommand() *command.Command {
	return command.New("ls", "list directories",
		"ls [-l] [file ...]", lsMain)
}

func rmCommand() *command.Command {
	return command.New("rm", "remove files",
		"rm file ...", rmMain)
}

func echoCommand() *command.Command {
	return command.New("echo", "print its arguments",
		"echo [-n] [string ...]", echoMain)
}

func echoMain(p *command.Proc) sys.Exit {
	args, end := p.Args()[1:], "\n"
	if len(args) > 0 && args[0] == "-n" {
		args, end = args[1:], ""
	}
	if _, e := p.Write(1, []byte(strings.Join(args, " ")+end)); e != errno.OK {
		return p.Fail(1, "write: %s", e.Message())
	}
	return command.Exit(0)
}

func catMain(p *command.Proc) sys.Exit {
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
				p.Warn("%s: %s", name, e.Message())
				code = 1
				continue
			}
		}
		if e := copyOut(p, fd); e != errno.OK {
			p.Warn("%s: %s", name, e.Message())
			code = 1
		}
		if fd != 0 {
			p.Close(fd)
		}
		if p.Dying() {
			break
		}
	}
	return command.Exit(code)
}

// copyOut copies what can be read to standard output.
func copyOut(p *command.Proc, fd int) errno.Errno {
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

func rmMain(p *command.Proc) sys.Exit {
	files := p.Args()[1:]
	if len(files) == 0 || strings.HasPrefix(files[0], "-") {
		return p.Misuse()
	}
	code := 0
	for _, name := range files {
		if e := p.Unlink(sys.AtRoot, name); e != errno.OK {
			p.Warn("%s: %s", name, e.Message())
			code = 1
		}
	}
	return command.Exit(code)
}

func lsMain(p *command.Proc) sys.Exit {
	g := command.Getopt{Args: p.Args()[1:]}
	long := false
	for {
		opt, why := g.Next("l")
		if opt == 0 {
			break
		}
		if opt != 'l' {
			p.Warn("%s", why)
			return p.Misuse()
		}
		long = true
	}
	if len(g.Args) == 0 {
		g.Args = []string{"/"}
	}
	code := 0
	for i, name := range g.Args {
		fi, e := p.Stat(sys.AtRoot, name, true)
		switch {
		case e != errno.OK:
		case fi.Type != "dir":
			list(p, sys.AtRoot, []string{name}, long)
		default:
			if len(g.Args) > 1 {
				if i > 0 {
					p.Printf("\n")
				}
				p.Printf("%s:\n", name)
			}
			e = listDir(p, name, long)
		}
		if e != errno.OK {
			p.Warn("%s: %s", name, e.Message())
			code = 1
		}
	}
	return command.Exit(code)
}

// listDir lists a directory, sorted by name.
func listDir(p *command.Proc, name string, long bool) errno.Errno {
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
	list(p, fd, names, long)
	return errno.OK
}

// typeLetters are those of ls -l for the types of vnet.
var typeLetters = map[string]string{"dir": "d", "link": "l", "chr": "c", "fifo": "p"}

// list prints names, with long what lstat(2) tells of each: type, names that it has,
// bytes, and when it was modified in the lab's time.
func list(p *command.Proc, dir int, names []string, long bool) {
	for _, name := range names {
		if !long {
			p.Printf("%s\n", name)
			continue
		}
		fi, e := p.Stat(dir, name, false)
		if e != errno.OK {
			p.Warn("%s: %s", name, e.Message())
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
		p.Printf("%s %04o %2d %8d %11.6fs %s%s\n", letter, fi.Mode, fi.Links, fi.Size, fi.Modified.Seconds(), name, arrow)
	}
}
