package wasm

import (
	"strings"
	"testing"

	"wireloom/vnet/errno"
)

// Where the calls of TestFileErrors find and put things.
const (
	resultAt  = 0x100
	iovecAt   = 0x200 // one part: 4 bytes at bufferAt
	bufferAt  = 0x300
	stringsAt = 0x1000
)

// A fileCall is a WASI call; an argument that is a string becomes its address and
// its length.
type fileCall struct {
	name string
	args []any
}

func wasiCall(name string, args ...any) fileCall { return fileCall{name, args} }

// opens is path_open below the root: of a program's first, the descriptor is 4.
func opens(name string, oflags int, rights int64, fdflags int) fileCall {
	return wasiCall("path_open", 3, 1, name, oflags, rights, rights, fdflags, resultAt)
}

// assemble places the strings in memory.
func assemble(list []fileCall) (words map[int]uint32, calls []call) {
	memory := make([]byte, 0x4000)
	le.PutUint32(memory[iovecAt:], bufferAt)
	le.PutUint32(memory[iovecAt+4:], 4)
	at := stringsAt
	for _, c := range list {
		out := call{module: "wasi_snapshot_preview1", name: c.name}
		for _, a := range c.args {
			switch a := a.(type) {
			case string:
				out.args = append(out.args, int64(at), int64(len(a)))
				at += copy(memory[at:], a)
			case int:
				out.args = append(out.args, int64(a))
			case int64:
				out.args = append(out.args, a)
			}
		}
		calls = append(calls, out)
	}
	words = map[int]uint32{}
	for i := 0; i < len(memory); i += 4 {
		if v := le.Uint32(memory[i:]); v != 0 {
			words[i] = v
		}
	}
	return words, calls
}

// TestFileErrors has calls on files and what the last of them returns.
func TestFileErrors(t *testing.T) {
	const (
		creat, dir, excl, trunc = oflagCreat, oflagDirectory, oflagExcl, oflagTrunc
		r, w, rw                = int64(rightRead), int64(rightWrite), int64(rightRead | rightWrite)
		end                     = 1 << 16
	)
	file := opens("tmp/f", creat, rw, 0) // descriptor 4
	read := opens("tmp/f", 0, r, 0)
	mkdir := wasiCall("path_create_directory", 3, "tmp/d")
	long := strings.Repeat("n", 256)
	type calls = []fileCall
	e := interpreter(t)
	for _, c := range []struct {
		name  string
		calls calls
		want  errno.Errno
	}{
		{"path_open makes a file", calls{file}, errno.OK},
		{"path_open of what is not there", calls{opens("tmp/f", 0, r, 0)}, errno.ENOENT},
		{"path_open without a directory on the way", calls{opens("tmp/d/f", creat, w, 0)}, errno.ENOENT},
		{"path_open through a file", calls{file, opens("tmp/f/g", creat, w, 0)}, errno.ENOTDIR},
		{"path_open with O_EXCL of what is there", calls{file, opens("tmp/f", creat|excl, w, 0)}, errno.EEXIST},
		{"path_open with O_DIRECTORY of a file", calls{file, opens("tmp/f", dir, r, 0)}, errno.ENOTDIR},
		{"path_open of a directory to write", calls{opens("tmp", 0, rw, 0)}, errno.EISDIR},
		{"path_open in the read-only tree", calls{opens("f", creat, w, 0)}, errno.EROFS},
		{"path_open of a long name", calls{opens("tmp/"+long, creat, w, 0)}, errno.ENAMETOOLONG},
		{"path_open of a link that is not to be followed", calls{
			wasiCall("path_symlink", "f", 3, "tmp/l"), wasiCall("path_open", 3, 0, "tmp/l", 0, r, r, 0, resultAt),
		}, errno.ELOOP},
		{"path_open of a loop", calls{wasiCall("path_symlink", "l", 3, "tmp/l"), opens("tmp/l", 0, r, 0)}, errno.ELOOP},
		{"path_open with unknown lookup flags", calls{wasiCall("path_open", 3, 2, "tmp", 0, r, r, 0, resultAt)}, errno.EINVAL},
		{"path_open with unknown open flags", calls{wasiCall("path_open", 3, 1, "tmp", 16, r, r, 0, resultAt)}, errno.EINVAL},
		{"path_open below a file", calls{file, wasiCall("path_open", 4, 1, "x", 0, r, r, 0, resultAt)}, errno.ENOTDIR},
		{"path_open below the directory that it opened", calls{
			opens("tmp", dir, 0, 0), wasiCall("path_open", 4, 1, "f", creat, w, w, 0, resultAt), wasiCall("path_filestat_get", 3, 1, "tmp/f", resultAt),
		}, errno.OK},
		{"fd_read of a file open for writing", calls{opens("tmp/f", creat, w, 0), wasiCall("fd_read", 4, iovecAt, 1, resultAt)}, errno.EBADF},
		{"fd_write of a file open for reading", calls{file, read, wasiCall("fd_write", 5, iovecAt, 1, resultAt)}, errno.EBADF},
		{"fd_write to a file", calls{file, wasiCall("fd_write", 4, iovecAt, 1, resultAt)}, errno.OK},
		{"fd_write where /tmp ends", calls{
			file, wasiCall("fd_filestat_set_size", 4, int64(1<<20)), wasiCall("fd_seek", 4, int64(-3), 2, resultAt), wasiCall("fd_write", 4, iovecAt, 1, resultAt),
		}, errno.ENOSPC},
		{"fd_pread of a file", calls{file, wasiCall("fd_pread", 4, iovecAt, 1, int64(0), resultAt)}, errno.OK},
		{"fd_pread before the beginning", calls{file, wasiCall("fd_pread", 4, iovecAt, 1, int64(-1), resultAt)}, errno.EINVAL},
		{"fd_pread of a directory", calls{wasiCall("fd_pread", 3, iovecAt, 1, int64(0), resultAt)}, errno.EISDIR},
		{"fd_pread with its result nowhere", calls{file, wasiCall("fd_pread", 4, iovecAt, 1, int64(0), end)}, errno.EFAULT},
		{"fd_pwrite to a terminal", calls{wasiCall("fd_pwrite", 1, iovecAt, 1, int64(0), resultAt)}, errno.ESPIPE},
		{"fd_pwrite beyond the largest file", calls{file, wasiCall("fd_pwrite", 4, iovecAt, 1, int64(1<<63-2), resultAt)}, errno.EFBIG},
		{"fd_seek before the beginning", calls{file, wasiCall("fd_seek", 4, int64(-1), 0, resultAt)}, errno.EINVAL},
		{"fd_seek from nowhere", calls{file, wasiCall("fd_seek", 4, int64(0), 3, resultAt)}, errno.EINVAL},
		{"fd_seek beyond the largest offset", calls{
			file, wasiCall("fd_seek", 4, int64(1<<63-1), 0, resultAt), wasiCall("fd_seek", 4, int64(1<<63-1), 1, resultAt),
		}, errno.EOVERFLOW},
		{"fd_seek of a terminal", calls{wasiCall("fd_seek", 1, int64(0), 0, resultAt)}, errno.ESPIPE},
		{"fd_tell of a terminal", calls{wasiCall("fd_tell", 1, resultAt)}, errno.ESPIPE},
		{"fd_tell of a file with its result nowhere", calls{file, wasiCall("fd_tell", 4, end-7)}, errno.EFAULT},
		{"fd_allocate of a file", calls{file, wasiCall("fd_allocate", 4, int64(10), int64(10))}, errno.OK},
		{"fd_allocate of nothing", calls{file, wasiCall("fd_allocate", 4, int64(10), int64(0))}, errno.EINVAL},
		{"fd_allocate of more than /tmp holds", calls{file, wasiCall("fd_allocate", 4, int64(0), int64(1<<20+1))}, errno.EFBIG},
		{"fd_allocate of a terminal", calls{wasiCall("fd_allocate", 1, int64(0), int64(1))}, errno.ENODEV},
		{"fd_allocate of a file open for reading", calls{file, read, wasiCall("fd_allocate", 5, int64(0), int64(1))}, errno.EBADF},
		{"fd_filestat_set_size of a file open for reading", calls{file, read, wasiCall("fd_filestat_set_size", 5, int64(1))}, errno.EINVAL},
		{"fd_filestat_set_size below zero", calls{file, wasiCall("fd_filestat_set_size", 4, int64(-1))}, errno.EINVAL},
		{"fd_filestat_set_size of too much", calls{file, wasiCall("fd_filestat_set_size", 4, int64(1<<20+1))}, errno.EFBIG},
		{"fd_filestat_set_times of a file", calls{file, wasiCall("fd_filestat_set_times", 4, int64(1), int64(2), 5)}, errno.OK},
		{"fd_filestat_set_times to a time and now", calls{file, wasiCall("fd_filestat_set_times", 4, int64(1), int64(2), 3)}, errno.EINVAL},
		{"fd_filestat_set_times with unknown flags", calls{file, wasiCall("fd_filestat_set_times", 4, int64(1), int64(2), 16)}, errno.EINVAL},
		{"fd_filestat_set_times of a terminal", calls{wasiCall("fd_filestat_set_times", 1, int64(1), int64(2), 2)}, errno.EOPNOTSUPP},
		{"fd_filestat_set_times of the read-only tree", calls{wasiCall("fd_filestat_set_times", 3, int64(1), int64(2), 2)}, errno.EROFS},
		{"fd_advise of a file", calls{file, wasiCall("fd_advise", 4, int64(0), int64(0), 3)}, errno.OK},
		{"fd_advise with unknown advice", calls{file, wasiCall("fd_advise", 4, int64(0), int64(0), 6)}, errno.EINVAL},
		{"fd_advise of a closed descriptor", calls{wasiCall("fd_advise", 4, int64(0), int64(0), 0)}, errno.EBADF},
		{"fd_sync of a file", calls{file, wasiCall("fd_sync", 4)}, errno.OK},
		{"fd_sync of a closed descriptor", calls{wasiCall("fd_sync", 4)}, errno.EBADF},
		{"fd_datasync of a closed descriptor", calls{wasiCall("fd_datasync", 4)}, errno.EBADF},
		{"fd_readdir of a file", calls{file, wasiCall("fd_readdir", 4, bufferAt, 100, int64(0), resultAt)}, errno.EBADF},
		{"fd_readdir of a closed descriptor", calls{wasiCall("fd_readdir", 4, bufferAt, 100, int64(0), resultAt)}, errno.EBADF},
		{"fd_prestat_get of a directory opened later", calls{opens("tmp", dir, 0, 0), wasiCall("fd_prestat_get", 4, resultAt)}, errno.EBADF},
		{"fd_prestat_dir_name of a directory opened later", calls{opens("tmp", dir, 0, 0), wasiCall("fd_prestat_dir_name", 4, resultAt, 9)}, errno.EBADF},
		{"fd_prestat_dir_name nowhere", calls{wasiCall("fd_prestat_dir_name", 3, end, 1)}, errno.EFAULT},
		{"path_filestat_get of what is not there", calls{wasiCall("path_filestat_get", 3, 1, "tmp/f", resultAt)}, errno.ENOENT},
		{"path_filestat_get of a link to nothing", calls{
			wasiCall("path_symlink", "f", 3, "tmp/l"), wasiCall("path_filestat_get", 3, 1, "tmp/l", resultAt),
		}, errno.ENOENT},
		{"path_filestat_get of a link itself", calls{
			wasiCall("path_symlink", "f", 3, "tmp/l"), wasiCall("path_filestat_get", 3, 0, "tmp/l", resultAt),
		}, errno.OK},
		{"path_filestat_get with its result nowhere", calls{wasiCall("path_filestat_get", 3, 1, "tmp", end-63)}, errno.EFAULT},
		{"path_filestat_get of a closed descriptor", calls{wasiCall("path_filestat_get", 9, 1, "tmp", resultAt)}, errno.EBADF},
		{"path_filestat_set_times of a file", calls{file, wasiCall("path_filestat_set_times", 3, 1, "tmp/f", int64(1), int64(2), 5)}, errno.OK},
		{"path_filestat_set_times of what is not there", calls{wasiCall("path_filestat_set_times", 3, 1, "tmp/f", int64(1), int64(2), 5)}, errno.ENOENT},
		{"path_filestat_set_times with bad flags", calls{file, wasiCall("path_filestat_set_times", 3, 1, "tmp/f", int64(1), int64(2), 12)}, errno.EINVAL},
		{"path_create_directory of what is there", calls{mkdir, mkdir}, errno.EEXIST},
		{"path_create_directory in the read-only tree", calls{wasiCall("path_create_directory", 3, "d")}, errno.EROFS},
		{"path_remove_directory of a directory with entries", calls{mkdir, opens("tmp/d/f", creat, w, 0), wasiCall("path_remove_directory", 3, "tmp/d")}, errno.ENOTEMPTY},
		{"path_remove_directory of a file", calls{file, wasiCall("path_remove_directory", 3, "tmp/f")}, errno.ENOTDIR},
		{"path_remove_directory of /tmp", calls{wasiCall("path_remove_directory", 3, "tmp")}, errno.EBUSY},
		{"path_remove_directory of .", calls{mkdir, wasiCall("path_remove_directory", 3, "tmp/d/.")}, errno.EINVAL},
		{"path_unlink_file of a directory", calls{mkdir, wasiCall("path_unlink_file", 3, "tmp/d")}, errno.EISDIR},
		{"path_unlink_file of what is not there", calls{wasiCall("path_unlink_file", 3, "tmp/f")}, errno.ENOENT},
		{"path_unlink_file of an open file", calls{file, wasiCall("path_unlink_file", 3, "tmp/f"), wasiCall("fd_write", 4, iovecAt, 1, resultAt)}, errno.OK},
		{"path_rename into itself", calls{mkdir, wasiCall("path_rename", 3, "tmp/d", 3, "tmp/d/e")}, errno.EINVAL},
		{"path_rename of a file onto a directory", calls{file, mkdir, wasiCall("path_rename", 3, "tmp/f", 3, "tmp/d")}, errno.EISDIR},
		{"path_rename of a directory onto a file", calls{file, mkdir, wasiCall("path_rename", 3, "tmp/d", 3, "tmp/f")}, errno.ENOTDIR},
		{"path_rename to a closed descriptor", calls{file, wasiCall("path_rename", 3, "tmp/f", 9, "g")}, errno.EBADF},
		{"path_rename to a path of 4 GiB", calls{file, wasiCall("path_rename", 3, "tmp/f", 3, 0, -1)}, errno.EFAULT},
		{"path_link of a directory", calls{mkdir, wasiCall("path_link", 3, 0, "tmp/d", 3, "tmp/e")}, errno.EPERM},
		{"path_link from another file system", calls{wasiCall("path_link", 3, 0, "dev/null", 3, "tmp/null")}, errno.EXDEV},
		{"path_link to what is there", calls{file, wasiCall("path_link", 3, 0, "tmp/f", 3, "tmp/f")}, errno.EEXIST},
		{"path_symlink to nothing", calls{wasiCall("path_symlink", "", 3, "tmp/l")}, errno.ENOENT},
		{"path_symlink to where is too long", calls{wasiCall("path_symlink", strings.Repeat("a", 1024), 3, "tmp/l")}, errno.ENAMETOOLONG},
		{"path_symlink to what holds a NUL", calls{wasiCall("path_symlink", "a\x00", 3, "tmp/l")}, errno.EINVAL},
		{"path_symlink below a file", calls{file, wasiCall("path_symlink", "a", 4, "l")}, errno.ENOTDIR},
		{"path_readlink of a file", calls{file, wasiCall("path_readlink", 3, "tmp/f", bufferAt, 100, resultAt)}, errno.EINVAL},
		{"path_readlink into a buffer nowhere", calls{
			wasiCall("path_symlink", "f", 3, "tmp/l"), wasiCall("path_readlink", 3, "tmp/l", end-1, 2, resultAt),
		}, errno.EFAULT},
		{"path_readlink into a buffer that is too small", calls{
			wasiCall("path_symlink", "file", 3, "tmp/l"), wasiCall("path_readlink", 3, "tmp/l", bufferAt, 2, resultAt),
		}, errno.OK},
		{"fd_fdstat_set_rights to fewer", calls{file, wasiCall("fd_fdstat_set_rights", 4, r, int64(0))}, errno.OK},
		{"fd_fdstat_set_rights to more", calls{file, wasiCall("fd_fdstat_set_rights", 4, int64(rightReaddir), int64(0))}, errno.ENOTCAPABLE},
		{"fd_fdstat_set_rights back", calls{
			file, wasiCall("fd_fdstat_set_rights", 4, r, int64(0)), wasiCall("fd_fdstat_set_rights", 4, rw, int64(0)),
		}, errno.ENOTCAPABLE},
		{"fd_fdstat_set_rights of a closed descriptor", calls{wasiCall("fd_fdstat_set_rights", 4, r, int64(0))}, errno.EBADF},
		{"a right that was given away", calls{
			file, wasiCall("fd_fdstat_set_rights", 4, r, int64(0)), wasiCall("fd_write", 4, iovecAt, 1, resultAt),
		}, errno.ENOTCAPABLE},
		{"a right that was kept", calls{
			file, wasiCall("fd_fdstat_set_rights", 4, r, int64(0)), wasiCall("fd_read", 4, iovecAt, 1, resultAt),
		}, errno.OK},
		{"a right that the directory has not to give", calls{
			wasiCall("fd_fdstat_set_rights", 3, int64(rightPathOpen|rightCreateFile), r), file, wasiCall("fd_write", 4, iovecAt, 1, resultAt),
		}, errno.ENOTCAPABLE},
		{"a file made without the right to", calls{wasiCall("fd_fdstat_set_rights", 3, int64(rightPathOpen), rw), file}, errno.ENOTCAPABLE},
		{"a file emptied without the right to", calls{
			file, wasiCall("fd_fdstat_set_rights", 3, int64(rightPathOpen), rw), opens("tmp/f", trunc, rw, 0),
		}, errno.ENOTCAPABLE},
		{"a rename to where there is no right to", calls{
			file, opens("tmp", dir, 0, 0), wasiCall("fd_fdstat_set_rights", 5, int64(0), int64(0)), wasiCall("path_rename", 3, "tmp/f", 5, "g"),
		}, errno.ENOTCAPABLE},
		{"a link to where there is no right to", calls{
			file, opens("tmp", dir, 0, 0), wasiCall("fd_fdstat_set_rights", 5, int64(0), int64(0)), wasiCall("path_link", 3, 0, "tmp/f", 5, "g"),
		}, errno.ENOTCAPABLE},
		{"a symbolic link where there is no right to", calls{
			wasiCall("fd_fdstat_set_rights", 3, int64(0), int64(0)), wasiCall("path_symlink", "f", 3, "tmp/l"),
		}, errno.ENOTCAPABLE},
		{"rights end with the descriptor", calls{
			file, wasiCall("fd_fdstat_set_rights", 4, r, int64(0)), wasiCall("fd_close", 4), file, wasiCall("fd_write", 4, iovecAt, 1, resultAt),
		}, errno.OK},
		{"rights move with the file", calls{
			file, wasiCall("fd_fdstat_set_rights", 4, r, int64(0)), opens("dev/null", 0, rw, 0), wasiCall("fd_renumber", 4, 5),
			wasiCall("fd_write", 5, iovecAt, 1, resultAt),
		}, errno.ENOTCAPABLE},
	} {
		t.Run(c.name, func(t *testing.T) {
			words, list := assemble(c.calls)
			run := newRig(t, nil, program{name: "p", prog: compile(t, e, calling(words, list...))})
			run.run(t)
			if x := run.exits["p"]; x.Op != "exit" || x.N != int64(toWASI(c.want)) {
				t.Errorf("it ended %q with %d %s, want %d (%v); calls %q", x.Op, x.N, x.Text, toWASI(c.want), c.want, run.calls)
			}
		})
	}
}

// TestFilePrograms runs programs that use files as C and Go programs do.
func TestFilePrograms(t *testing.T) {
	for _, c := range []struct {
		name   string
		source source
		want   string
	}{
		{"C", "testdata/files/files.c", "" +
			"foo.conf: speed 9600\nwrite 0 1\n" +
			"one at 3\nthree\nsize 19 regular 1 links 1\n" +
			"excl -1 1\npread 5 00abc lseek 5\nappend 1 size 6\ntty 0 1\ntimes 1000000000 1500000000.999999999\nunlinked -1 1\n" +
			"c -> a, link 1\nrmdir -1 1\n. .. a c remove 0\n" +
			"blocks 15 No space left on device\n"},
		{"Go", "testdata/gofiles", "" +
			"foo.conf: speed 9600\nwrite open /etc/foo.conf: Read-only file system\n" +
			"two three one 3 true 2026-01-01\n" +
			"g 1000000000\n" +
			"true mkdir /tmp/a: File exists remove /tmp/a: Directory not empty\n" +
			"/tmp d--------- /tmp/a d--------- /tmp/a/b d--------- /tmp/a/g ---------- /tmp/a/h ---------- /tmp/a/l L--------- \n" +
			"true\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			on := stdlibCase{files: map[string][]byte{"/etc/foo.conf": []byte("speed 9600\n")}}
			r := on.run(t, compile(t, engine(t), c.source.module(t)))
			if got := r.console(); got != c.want {
				t.Errorf("it printed\n%swant\n%s", got, c.want)
			}
			if again := on.run(t, compile(t, interpreter(t), c.source.module(t))); again.hash != r.hash {
				t.Errorf("the interpreter's run has the hash %s, the compiler's %s", again.hash, r.hash)
			}
		})
	}
}
