package wasm

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/errno"
)

// sleb is n as a signed LEB128.
func sleb(n int64) []byte {
	var b []byte
	for {
		c := byte(n & 0x7f)
		n >>= 7
		if n == 0 && c&0x40 == 0 || n == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// A call is one of a host function, with its arguments.
type call struct {
	module, name string
	args         []int64
}

func (c call) function() hostFunc {
	for _, f := range hostFunctions(c.module) {
		if f.name == c.name {
			return f
		}
	}
	panic("no function " + c.name)
}

// push is code that puts the arguments on the stack; a missing one is zero.
func (c call) push() []byte {
	var code []byte
	for i, t := range c.function().in {
		v := int64(0)
		if i < len(c.args) {
			v = c.args[i]
		}
		if t == 'I' {
			code = append(append(code, 0x42), sleb(v)...)
		} else {
			code = append(append(code, 0x41), sleb(int64(int32(v)))...)
		}
	}
	return code
}

// calling is a module that writes words to its memory, makes calls one after the
// other, and exits with the last one's result.
func calling(words map[int]uint32, calls ...call) []byte {
	imports := []imported{{"wasi_snapshot_preview1", "proc_exit", call{module: "wasi_snapshot_preview1", name: "proc_exit"}.function().signature()}}
	var code []byte
	for at := 0; at < 1<<16; at += 4 {
		if v, ok := words[at]; ok {
			code = append(append(code, 0x41), sleb(int64(at))...)
			code = append(append(code, 0x41), sleb(int64(int32(v)))...)
			code = append(code, 0x36, 2, 0)
		}
	}
	for i, c := range calls {
		f := c.function()
		imports = append(imports, imported{c.module, c.name, f.signature()})
		code = append(append(append(code, c.push()...), 0x10), leb(i+1)...)
		switch {
		case f.void:
		case i == len(calls)-1:
			code = append(code, 0x10, 0) // proc_exit
		default:
			code = append(code, 0x1a)
		}
	}
	return tiny(imports, code...)
}

// TestArguments has calls with bad arguments and what they return.
func TestArguments(t *testing.T) {
	const w = "wasi_snapshot_preview1"
	e := interpreter(t)
	for _, c := range []struct {
		name  string
		call  call
		words map[int]uint32
		want  errno.Errno
	}{
		{"args_get beyond memory", call{w, "args_get", []int64{0, end - 1}}, nil, errno.EFAULT},
		{"args_sizes_get at the last byte", call{w, "args_sizes_get", []int64{0, end - 3}}, nil, errno.EFAULT},
		{"args_sizes_get at the last word", call{w, "args_sizes_get", []int64{0, end - 4}}, nil, errno.OK},
		{"environ_get beyond memory", call{w, "environ_get", []int64{end - 2, 0}}, nil, errno.EFAULT},
		{"clock_res_get of no clock", call{w, "clock_res_get", []int64{4, 0}}, nil, errno.EINVAL},
		{"clock_time_get beyond memory", call{w, "clock_time_get", []int64{1, 0, -1}}, nil, errno.EFAULT},
		{"random_get of 4 GiB", call{w, "random_get", []int64{8, -1}}, nil, errno.EFAULT},
		{"random_get of all memory", call{w, "random_get", []int64{0, end}}, nil, errno.OK},
		{"fd_read of a closed descriptor", call{w, "fd_read", []int64{9, 0, 1, 8}}, nil, errno.EBADF},
		{"fd_read of a negative descriptor", call{w, "fd_read", []int64{-1, 0, 1, 8}}, nil, errno.EBADF},
		{"fd_read of a directory", call{w, "fd_read", []int64{3, 0, 1, 8}}, nil, errno.EISDIR},
		{"fd_read with its parts beyond memory", call{w, "fd_read", []int64{0, end - 4, 1, 8}}, nil, errno.EFAULT},
		{"fd_read with a part of 4 GiB", call{w, "fd_read", []int64{0, 0, 1, 8}}, map[int]uint32{0: 16, 4: 0xffffffff}, errno.EFAULT},
		{"fd_read with a result nowhere", call{w, "fd_read", []int64{0, 0, 1, end}}, nil, errno.EFAULT},
		{"fd_write with too many parts", call{w, "fd_write", []int64{1, 0, maxIovecs + 1, 8}}, nil, errno.EINVAL},
		{"fd_write with 4 Gi parts", call{w, "fd_write", []int64{1, 0, -1, 8}}, nil, errno.EINVAL},
		{"fd_write of no parts", call{w, "fd_write", []int64{1, 0, 0, 8}}, nil, errno.OK},
		{"fd_write to standard input", call{w, "fd_write", []int64{0, 0, 1, 8}}, nil, errno.EBADF},
		{"fd_pread of a terminal", call{w, "fd_pread", []int64{0, 0, 1, 0, 8}}, nil, errno.ESPIPE},
		{"fd_seek of a closed descriptor", call{w, "fd_seek", []int64{7}}, nil, errno.EBADF},
		{"fd_close twice", call{w, "fd_close", []int64{17}}, nil, errno.EBADF},
		{"fd_renumber to a closed descriptor", call{w, "fd_renumber", []int64{1, 9}}, nil, errno.EBADF},
		{"fd_renumber to itself", call{w, "fd_renumber", []int64{1, 1}}, nil, errno.OK},
		{"fd_fdstat_get beyond memory", call{w, "fd_fdstat_get", []int64{1, end - 23}}, nil, errno.EFAULT},
		{"fd_fdstat_set_flags unknown", call{w, "fd_fdstat_set_flags", []int64{1, 32}}, nil, errno.EINVAL},
		{"fd_filestat_get beyond memory", call{w, "fd_filestat_get", []int64{1, end - 63}}, nil, errno.EFAULT},
		{"fd_prestat_get of what is none", call{w, "fd_prestat_get", []int64{1, 0}}, nil, errno.EBADF},
		{"fd_prestat_dir_name with no room", call{w, "fd_prestat_dir_name", []int64{3, 0, 0}}, nil, errno.ENAMETOOLONG},
		{"fd_readdir of a terminal", call{w, "fd_readdir", []int64{1, 0, 100, 0, 200}}, nil, errno.EBADF},
		{"fd_readdir beyond the end", call{w, "fd_readdir", []int64{3, 0, 100, -1, 200}}, nil, errno.OK},
		{"fd_readdir of 4 GiB", call{w, "fd_readdir", []int64{3, 0, -1, 0, 200}}, nil, errno.EFAULT},
		{"path_open below a terminal", call{w, "path_open", []int64{1, 0, 0, 4}}, nil, errno.ENOTDIR},
		{"path_open of nothing", call{w, "path_open", []int64{3, 0, 0, 0}}, nil, errno.ENOENT},
		{"path_open of a long path", call{w, "path_open", []int64{3, 0, 0, 5000}}, nil, errno.ENAMETOOLONG},
		{"path_open of 4 GiB", call{w, "path_open", []int64{3, 0, 1, -1}}, nil, errno.EFAULT},
		{"path_open of a NUL", call{w, "path_open", []int64{3, 0, 0, 4}}, nil, errno.EINVAL},
		{"path_open with a result nowhere", call{w, "path_open", []int64{3, 0, 0, 3, 0, 2, 0, 0, -1}}, map[int]uint32{0: 0x766564}, errno.EFAULT},
		{"path_open with O_DIRECTORY of a device", call{w, "path_open", []int64{3, 0, 0, 8, 2, 2, 0, 0, 16}}, map[int]uint32{0: 0x2f766564, 4: 0x6c6c756e}, errno.ENOTDIR},
		{"path_unlink_file of a device", call{w, "path_unlink_file", []int64{3, 0, 8}}, map[int]uint32{0: 0x2f766564, 4: 0x6c6c756e}, errno.EROFS},
		{"poll_oneoff of nothing", call{w, "poll_oneoff", []int64{0, 0, 0, 0}}, nil, errno.EINVAL},
		{"poll_oneoff of 4 Gi", call{w, "poll_oneoff", []int64{0, 0, -1, 0}}, nil, errno.EINVAL},
		{"poll_oneoff beyond memory", call{w, "poll_oneoff", []int64{end - 40, 0, 1, 0}}, nil, errno.EFAULT},
		{"poll_oneoff of an unknown kind", call{w, "poll_oneoff", []int64{0, 100, 1, 200}}, map[int]uint32{8: 3}, errno.EINVAL},
		{"poll_oneoff of an absolute time that is past", call{w, "poll_oneoff", []int64{0, 100, 1, 200}}, map[int]uint32{16: 1, 24: 1, 40: 1}, errno.OK},
		{"proc_raise of an unknown signal", call{w, "proc_raise", []int64{99}}, nil, errno.EINVAL},
		{"sock_recv of a terminal", call{w, "sock_recv", []int64{0, 0, 0, 0, 0, 0}}, nil, errno.ENOTSOCK},
		{"sock_accept of a closed descriptor", call{w, "sock_accept", []int64{30, 0, 0}}, nil, errno.EBADF},
		{"sock_shutdown of no direction", call{w, "sock_shutdown", []int64{0, 0}}, nil, errno.EINVAL},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, nil, program{name: "p", prog: compile(t, e, calling(c.words, c.call))})
			r.run(t)
			if x := r.exits["p"]; x.Op != "exit" || x.N != int64(toWASI(c.want)) {
				t.Errorf("it ended %q with %d %s, want %d (%v)", x.Op, x.N, x.Text, toWASI(c.want), c.want)
			}
		})
	}
	for _, c := range []struct {
		name string
		call call
		want errno.Errno
	}{
		{"ioctl of a closed descriptor", call{"tuntap", "ioctl", []int64{9, 0x4004667f, 0, 4}}, errno.EBADF},
		{"ioctl with too short an argument", call{"tuntap", "ioctl", []int64{1, 0x4004667f, 0, 3}}, errno.EINVAL},
		{"ioctl with an argument nowhere", call{"tuntap", "ioctl", []int64{1, 0x4004667f, -1, -1}}, errno.EFAULT},
		{"ioctl of a terminal", call{"tuntap", "ioctl", []int64{1, 0x4004667f, 0, 4}}, errno.ENOTTY},
		{"poll of 4 Gi", call{"tuntap", "poll", []int64{0, -1, 0}}, errno.EINVAL},
		{"poll beyond memory", call{"tuntap", "poll", []int64{end - 7, 1, 0}}, errno.EFAULT},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, nil, program{name: "p", prog: compile(t, e, calling(nil, c.call))})
			r.run(t)
			if x := r.exits["p"]; x.Op != "exit" || byte(x.N) != byte(negative(c.want)) {
				t.Errorf("it ended %q with %d %s, want %d (%v)", x.Op, x.N, x.Text, byte(negative(c.want)), c.want)
			}
		})
	}
}

func TestRenumber(t *testing.T) {
	const w = "wasi_snapshot_preview1"
	r := newRig(t, nil, program{name: "p", prog: compile(t, interpreter(t), calling(map[int]uint32{0: 8, 4: 3, 8: 0x0a6968},
		call{w, "fd_renumber", []int64{1, 2}},
		call{w, "fd_write", []int64{2, 0, 1, 100}},
		call{w, "fd_fdstat_get", []int64{1, 200}},
	))})
	r.run(t)
	if got, want := r.console.String(), "hi\n"; got != want {
		t.Errorf("written to the new descriptor: %q, want %q", got, want)
	}
	if got, want := r.exits["p"].N, int64(toWASI(errno.EBADF)); got != want {
		t.Errorf("the old descriptor returns %d, want %d", got, want)
	}
}

// all are the names of every host function.
func all() []call {
	var cs []call
	for _, m := range hostModules {
		for _, f := range hostFunctions(m) {
			cs = append(cs, call{module: m, name: f.name})
		}
	}
	return cs
}

// survive makes calls in a program whose memory holds words, and fails where the
// host does: a panic of a host function's is one of Main's.
func survive(t *testing.T, e *Engine, words map[int]uint32, calls []call) {
	t.Helper()
	r := newRig(t, nil, program{name: "p", prog: compile(t, e, calling(words, calls...))})
	defer r.Close()
	if _, err := r.Do(vnet.Stdin{Node: "bob", Proc: "p", Text: "x", EOF: true}); err != nil {
		t.Fatal(err)
	}
	if !r.Run(time.Hour, 100_000) {
		t.Fatalf("%v: still running at %v", calls, r.Now())
	}
	if x, ended := r.exits["p"]; ended && x.Op != "exit" && x.Op != "killed" {
		t.Errorf("%v: it ended %q: %s", calls, x.Op, x.Text)
	}
}

// TestHostilePointers calls every function with arguments at the edges of what
// there is.
func TestHostilePointers(t *testing.T) {
	e := interpreter(t)
	edges := []int64{0, 1, 3, 4, 8, 0xfff0, 0xfffc, 0xffff, 0x10000, 0x7fffffff, -0x80000000, -8, -1}
	for i, c := range all() {
		t.Run(c.name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(1, uint64(i)))
			for range 10 {
				calls := make([]call, 0, 8)
				for range cap(calls) {
					x := c
					for range len(c.function().in) {
						x.args = append(x.args, edges[rnd.IntN(len(edges))])
					}
					calls = append(calls, x)
				}
				words := map[int]uint32{}
				for range 8 {
					words[rnd.IntN(64)*4] = uint32(edges[rnd.IntN(len(edges))])
				}
				survive(t, e, words, calls)
			}
		})
	}
}

// TestEveryArgument gives each argument of each function that there is values that
// are no pointer, no descriptor and no length, while the others are harmless.
func TestEveryArgument(t *testing.T) {
	e := interpreter(t)
	for _, c := range all() {
		t.Run(c.module+"."+c.name, func(t *testing.T) {
			for i := range c.function().in {
				for _, edge := range []int64{end - 1, end, math.MaxInt32, math.MinInt32, -1} {
					var calls []call
					for _, rest := range []int64{0, 8} {
						x := call{c.module, c.name, slices.Repeat([]int64{rest}, len(c.function().in))}
						x.args[i] = edge
						calls = append(calls, x)
					}
					survive(t, e, map[int]uint32{0: uint32(edge), 4: 8, 8: 16, 12: uint32(edge)}, calls)
				}
			}
		})
	}
}

// FuzzHostCalls makes calls as the input says: bytes that are put into memory,
// then for each call its number and its arguments.
func FuzzHostCalls(f *testing.F) {
	functions := all()
	for i, c := range functions {
		seed := bytes.Repeat([]byte{0x10, 0, 0, 0, 4, 0, 0, 0}, 8)
		seed = append(seed, byte(i))
		for k := range c.function().in {
			seed = binary.LittleEndian.AppendUint32(seed, uint32(3*k))
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		e := interpreter(t)
		words := map[int]uint32{}
		for i := 0; i < 64 && len(in) >= 4; i += 4 {
			words[i] = binary.LittleEndian.Uint32(in)
			in = in[4:]
		}
		var calls []call
		for len(in) > 0 && len(calls) < 20 {
			c := functions[int(in[0])%len(functions)]
			in = in[1:]
			for range len(c.function().in) {
				if len(in) >= 4 {
					c.args = append(c.args, int64(int32(binary.LittleEndian.Uint32(in))))
					in = in[4:]
				}
			}
			calls = append(calls, c)
		}
		if len(calls) > 0 {
			survive(t, e, words, calls)
		}
	})
}

// TestErrno: each error has a number of its own, WASI's where it has one.
func TestErrno(t *testing.T) {
	seen := map[uint32]errno.Errno{}
	for e := errno.OK; e <= errno.ECAPMODE; e++ {
		n := toWASI(e)
		if o, twice := seen[n]; twice {
			t.Errorf("%v and %v are both %d", o, e, n)
		}
		seen[n] = e
	}
	for _, c := range []struct {
		e    errno.Errno
		want uint32
	}{
		{errno.OK, 0},
		{errno.EAGAIN, 6},
		{errno.EBADF, 8},
		{errno.EINTR, 27},
		{errno.EINVAL, 28},
		{errno.ENOSYS, 52},
		{errno.EOPNOTSUPP, 58},
		{errno.EXDEV, 75},
		{errno.EHOSTDOWN, 0x140},
		{errno.ESHUTDOWN, 0x13a},
	} {
		if got := toWASI(c.e); got != c.want {
			t.Errorf("%v is %s, want %s", c.e, fmt.Sprint(got), fmt.Sprint(c.want))
		}
	}
}
