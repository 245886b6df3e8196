package fs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"wireloom/vnet/errno"
)

// The calls on names, as transcripts.
func TestNames(t *testing.T) {
	files := map[string][]byte{"/etc/hosts": []byte("10.0.0.1 alice\n"), "/etc/rc.d/": nil, "/home/bob/notes": []byte("hi")}
	long := strings.Repeat("n", MaxName+1)
	for _, c := range []struct {
		name   string
		script string
	}{
		{"what the scenario brought cannot be changed", `
			stat /etc/hosts = reg 15 1
			open /etc/hosts rw = EROFS
			open /etc/hosts r,trunc = EROFS
			open /etc/new w,creat = EROFS
			unlink /etc/hosts = EROFS
			mkdir /etc/d = EROFS
			mkfifo /etc/p = EROFS
			rmdir /etc/rc.d = EROFS
			rename /etc/hosts /tmp/hosts = EROFS
			link /etc/hosts /tmp/hosts = EXDEV
			symlink x /etc/x = EROFS
			utimes /etc/hosts 1s 1s = EROFS`},
		{"a directory lists what was made, in that order", `
			open / dir d = OK
			ls d = dev:dir etc:dir home:dir tmp:dir
			open /etc r e = OK
			ls e = hosts:reg rc.d:dir
			mkdir /tmp/z = OK
			open /tmp/a w,creat f = OK
			symlink z /tmp/m = OK
			open /tmp r t = OK
			ls t = z:dir a:reg m:link`},
		{"an unlinked file lives while it is open", `
			open /tmp/f rw,creat f = OK
			write f data = OK
			unlink /tmp/f = OK
			stat /tmp/f = ENOENT
			fstat f = reg 4 0
			pread f 9 0 = "data"
			write f more = OK
			open /tmp/f r = ENOENT
			used = 1 8
			close f = OK
			used = 0 0`},
		{"directories", `
			mkdir /tmp/d = OK
			mkdir /tmp/d = EEXIST
			mkdir / = EEXIST
			mkdir /tmp/no/d = ENOENT
			mkdir /tmp/d/e/ = OK
			stat /tmp/d = dir 0 3
			rmdir /tmp/d = ENOTEMPTY
			unlink /tmp/d = EISDIR
			rmdir /tmp/d/e = OK
			rmdir /tmp/d/. = EINVAL
			rmdir /tmp/d = OK
			rmdir /tmp/d = ENOENT
			rmdir /tmp = EBUSY
			rmdir / = EBUSY
			open /tmp/f w,creat f = OK
			rmdir /tmp/f = ENOTDIR
			mkdir /tmp/f/d = ENOTDIR`},
		{"a removed directory that is open holds nothing", `
			mkdir /tmp/d = OK
			open /tmp/d r d = OK
			rmdir /tmp/d = OK
			ls d = OK
			open d:f w,creat = ENOENT
			stat d:.. = ENOENT
			mkdir d:e = ENOENT`},
		{"a path may begin at a directory", `
			mkdir /tmp/d = OK
			open /tmp/d r d = OK
			open d:f w,creat f = OK
			stat /tmp/d/f = reg 0 1
			stat d:../d/f = reg 0 1
			stat d:/etc/hosts = reg 15 1
			stat f:x = ENOTDIR
			stat closed:x = EBADF
			rename /tmp/d /tmp/e = OK
			stat d:f = reg 0 1
			open d:g w,creat = OK
			stat /tmp/e/g = reg 0 1`},
		{"no path leads out", `
			stat /../../etc/hosts = reg 15 1
			stat ../../.. = dir 0 6
			stat /etc/../../dev/null = chr 0 1
			symlink ../../../../../etc/hosts /tmp/out = OK
			stat /tmp/out = reg 15 1`},
		{"symbolic links", `
			symlink /etc /tmp/e = OK
			symlink f /tmp/l = OK
			symlink x /tmp/l = EEXIST
			lstat /tmp/e = link 4 1
			readlink /tmp/e = /etc
			readlink /etc = EINVAL
			readlink /tmp/none = ENOENT
			stat /tmp/e/hosts = reg 15 1
			lstat /tmp/e/ = dir 0 3
			stat /tmp/l = ENOENT
			open /tmp/l r,nofollow = ELOOP
			open /tmp/l w,creat,excl = EEXIST
			open /tmp/l w,creat = OK
			stat /tmp/f = reg 0 1
			unlink /tmp/l = OK
			stat /tmp/f = reg 0 1
			symlink loop /tmp/loop = OK
			stat /tmp/loop = ELOOP
			lstat /tmp/loop = link 4 1
			symlink b /tmp/a = OK
			symlink a /tmp/b = OK
			open /tmp/a r = ELOOP
			open /tmp/a/x w,creat = ELOOP`},
		{"hard links", `
			open /tmp/f rw,creat f = OK
			write f abc = OK
			link /tmp/f /tmp/g = OK
			link /tmp/f /tmp/g = EEXIST
			link /tmp/none /tmp/h = ENOENT
			link /tmp /tmp/h = EPERM
			stat /tmp/g = reg 3 2
			unlink /tmp/f = OK
			stat /tmp/g = reg 3 1
			rename /tmp/g /tmp/g = OK
			link /tmp/g /etc/g = EROFS`},
		{"rename", `
			open /tmp/f w,creat f = OK
			write f f = OK
			open /tmp/g w,creat g = OK
			rename /tmp/f /tmp/g = OK
			stat /tmp/f = ENOENT
			stat /tmp/g = reg 1 1
			fstat g = reg 0 0
			mkdir /tmp/d = OK
			mkdir /tmp/e = OK
			rename /tmp/d /tmp/d/x = EINVAL
			rename /tmp/d /tmp/g = ENOTDIR
			rename /tmp/g /tmp/d = EISDIR
			rename /tmp/g /tmp/h/ = ENOTDIR
			rename /tmp/g /tmp/e/g = OK
			rename /tmp/d /tmp/e = ENOTEMPTY
			rename /tmp/e /tmp/d = OK
			stat /tmp/d/g = reg 1 1
			stat /tmp/d/.. = dir 0 3
			rename /tmp/d /tmp/. = EINVAL
			rename /tmp /tmp/x = EBUSY
			rename /tmp/none /tmp/x = ENOENT
			rename /tmp/d /etc/d = EROFS
			rename /tmp/d /tmp = EBUSY
			rename /etc /tmp/etc = EROFS`},
		{"what a path must be", `
			open / r dir = OK
			stat /tmp/` + long + ` = ENAMETOOLONG
			mkdir /tmp/` + long + ` = ENAMETOOLONG
			stat /` + strings.Repeat("a/", MaxPath/2) + ` = ENAMETOOLONG
			stat dir: = ENOENT
			stat /etc/hosts/ = ENOTDIR
			stat /etc/hosts/x = ENOTDIR
			stat /etc//.//hosts = reg 15 1
			stat a` + "\x00" + ` = EINVAL`},
		{"times are the lab's", `
			times /etc/hosts = 0s 0s 0s
			sleep 1s = OK
			open /tmp/f rw,creat f = OK
			times /tmp/f = 1s 1s 1s
			sleep 1s = OK
			write f x = OK
			times /tmp/f = 1s 2s 2s
			sleep 1s = OK
			pread f 1 0 = "x"
			times /tmp/f = 3s 2s 2s
			utimes /tmp/f - -5s = OK
			times /tmp/f = 3s -5s 3s
			utimes /tmp/none - - = ENOENT
			sleep 1s = OK
			link /tmp/f /tmp/g = OK
			times /tmp/f = 3s -5s 4s
			times /tmp = 0s 4s 4s`},
		{"a FIFO is a name", `
			mkfifo /tmp/p = OK
			mkfifo /tmp/p = EEXIST
			mkfifo /tmp/q/ = ENOENT
			stat /tmp/p = fifo 0 1
			open /tmp/p rw p = OK
			unlink /tmp/p = OK
			fstat p = fifo 0 0`},
		{"/dev has what the kernel has", `
			open /dev r d = OK
			ls d = console:chr fd:dir null:chr random:chr stderr:chr stdin:chr stdout:chr tty:chr urandom:chr zero:chr
			stat /dev/null = chr 0 1
			open d:null r = OK
			open /dev/null w,creat,excl = EEXIST
			open /dev/null r,dir = ENOTDIR
			open /dev/tap0 rw = device tap0
			open /dev/tap0 r,dir = ENOENT
			unlink /dev/null = EROFS
			mkdir /dev/d = EROFS`},
		{"a process may have a root of its own", `
			chroot /etc = OK
			stat /hosts = reg 15 1
			stat /../../hosts = reg 15 1
			stat /etc = ENOENT
			stat /dev/null = ENOENT
			open / r r = OK
			stat r:../hosts = reg 15 1
			rmdir / = EBUSY
			ls r = hosts:reg rc.d:dir`},
		{"a path is paid for by its names", `
			work = 0
			stat /tmp/../dev/null = chr 0 1
			work = 3`},
		{"a hole is zeros, and is paid for", `
			open /tmp/f rw,creat f = OK
			pwrite f x 3 = OK
			pread f 9 0 = "\x00\x00\x00x"
			truncate f 1 = OK
			truncate f 3 = OK
			pread f 9 0 = "\x00\x00\x00"
			work = 1
			pwrite f x 8003 = OK
			work = 100`},
	} {
		t.Run(c.name, func(t *testing.T) { newHand(files).play(t, c.script) })
	}
}

func TestTmpIsBounded(t *testing.T) {
	for _, c := range []struct{ name, script string }{
		{"bytes", `
			open /tmp/f rw,creat f = OK
			fill f 1048575 = OK
			write f ab = ENOSPC
			write f a = OK
			write f a = ENOSPC
			fstat f = reg 1048576 1
			open /tmp/g rw,creat g = OK
			write g a = ENOSPC
			symlink x /tmp/s = ENOSPC
			truncate g 1 = ENOSPC
			truncate g 0x100001 = EFBIG
			unlink /tmp/f = OK
			write g a = ENOSPC
			close f = OK
			write g a = OK
			used = 1 1
			told = tmp-bytes`},
		{"a hole counts", `
			open /tmp/f rw,creat f = OK
			pwrite f a 0x7ffffffffffffff0 = ENOSPC
			pwrite f 0123456789abcdefg 0x7ffffffffffffff0 = EFBIG
			fstat f = reg 0 1
			pwrite f a 1048576 = ENOSPC
			pwrite f a 1048575 = OK
			told = tmp-bytes`},
	} {
		t.Run(c.name, func(t *testing.T) { newHand(nil).play(t, c.script) })
	}
}

// TestTmpHoldsSoManyNames fills /tmp with names of every sort.
func TestTmpHoldsSoManyNames(t *testing.T) {
	h := newHand(nil)
	h.play(t, `
		open /tmp/f rw,creat f = OK
		mkdir /tmp/d = OK
		symlink f /tmp/d/s = OK`)
	for i := 3; i < MaxTmpFiles; i++ {
		h.play(t, fmt.Sprintf("link /tmp/f /tmp/d/%d = OK", i))
	}
	h.play(t, `
		open /tmp/g rw,creat = ENOSPC
		mkdir /tmp/e = ENOSPC
		mkfifo /tmp/e = ENOSPC
		link /tmp/f /tmp/g = ENOSPC
		rename /tmp/f /tmp/g = OK
		unlink /tmp/g = OK
		mkdir /tmp/e = OK
		rmdir /tmp/e = OK`)
	for i := 3; i < MaxTmpFiles; i++ {
		h.play(t, fmt.Sprintf("unlink /tmp/d/%d = OK", i))
	}
	h.play(t, `
		used = 3 1
		close f = OK
		used = 2 1
		told = tmp-files`) // d, its s, and until then the file that is open
}

// TestADirectoryIsReadWhileItChanges removes what it reads, as rm -r does.
func TestADirectoryIsReadWhileItChanges(t *testing.T) {
	h := newHand(nil)
	want := map[string]bool{}
	for i := range 100 {
		name := fmt.Sprintf("f%d", i)
		h.play(t, "open /tmp/"+name+" w,creat = OK")
		want[name] = true
	}
	h.play(t, "open /tmp r d = OK")
	dir := h.open["d"]
	for cookie := uint64(0); ; {
		list := h.Entries(dir, cookie, 7)
		if len(list) == 0 {
			break
		}
		for _, d := range list {
			cookie = d.Next
			if d.Type == "reg" {
				if !want[d.Name] {
					t.Errorf("%s comes twice", d.Name)
				}
				delete(want, d.Name)
				if e := h.Unlink(Base{Dir: dir}, d.Name); e != errno.OK {
					t.Errorf("unlink of %s: %v", d.Name, e)
				}
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("%d names never came: %v", len(want), slices.Sorted(maps.Keys(want)))
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string][]byte
		want  string // part of a sentence; "" for none
	}{
		{"a file and an empty directory", map[string][]byte{"/etc/a": nil, "/b/": nil, "/b/c": []byte("x")}, ""},
		{"a relative path", map[string][]byte{"etc/a": nil}, "begins with /"},
		{"the root", map[string][]byte{"/": nil}, "begins with /"},
		{"a path with ..", map[string][]byte{"/etc/../a": nil}, "no empty, . or .."},
		{"a path with a NUL", map[string][]byte{"/a\x00": nil}, "begins with /"},
		{"a long name", map[string][]byte{"/" + strings.Repeat("a", 256): nil}, "at most 255"},
		{"a long path", map[string][]byte{strings.Repeat("/abc", 256): nil}, "less than 1024"},
		{"in /dev", map[string][]byte{"/dev/tap9": nil}, "node's devices"},
		{"in /tmp", map[string][]byte{"/tmp/a": nil}, "what programs make"},
		{"/tmp itself", map[string][]byte{"/tmp": nil}, "what programs make"},
		{"a directory with bytes", map[string][]byte{"/a/": []byte("x")}, "can hold no bytes"},
		{"a file as a directory", map[string][]byte{"/a": nil, "/a/b": nil}, `"/a" is a file`},
		{"a file and a directory of the same name", map[string][]byte{"/a": nil, "/a/": nil}, "as a file and as a directory"},
		{"too many bytes", map[string][]byte{"/a": make([]byte, MaxFileBytes+1)}, "at most 8388608"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wrong := strings.Join(Check(c.files), "\n")
			if (wrong == "") != (c.want == "") || !strings.Contains(wrong, c.want) {
				t.Errorf("wrong is %q, want what has %q", wrong, c.want)
			}
		})
	}
}
