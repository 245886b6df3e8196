package main

import "encoding/binary"

// The modules here are written byte by byte: they are a few instructions each.

func uleb(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

func joined(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			b = append(b, byte(p))
		case string:
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		}
	}
	return b
}

func name(s string) []byte { return joined(uleb(len(s)), s) }

func section(id int, items ...[]byte) []byte {
	body := uleb(len(items))
	for _, i := range items {
		body = append(body, i...)
	}
	return joined(id, uleb(len(body)), body)
}

// i32 is an instruction that pushes a number, which isn't negative.
func i32(n int) []byte {
	b := []byte{0x41}
	for ; n >= 0x40; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// an imported function, with its parameters; each returns an i32.
type imported struct{ module, name, params string }

// module has a page of memory that begins with data, and functions without
// parameters and results; the first is _start.
func module(data string, imports []imported, functions ...[]byte) []byte {
	types := [][]byte{{0x60, 0, 0}}
	var imps, funcs, bodies [][]byte
	for i, f := range imports {
		types = append(types, joined(0x60, uleb(len(f.params)), f.params, 1, "\x7f"))
		imps = append(imps, joined(name(f.module), name(f.name), 0, i+1))
	}
	for _, f := range functions {
		body := joined(0, f, 0x0b)
		funcs = append(funcs, []byte{0})
		bodies = append(bodies, joined(uleb(len(body)), body))
	}
	return joined(
		"\x00asm\x01\x00\x00\x00", section(1, types...), section(2, imps...), section(3, funcs...),
		section(5, []byte{0, 1}), section(7, joined(name("_start"), 0, len(imports)), joined(name("memory"), 2, 0)),
		section(10, bodies...), section(11, joined(0, i32(0), 0x0b, name(data))),
	)
}

const wasi = "wasi_snapshot_preview1"

// spinner does nothing, for ever.
func spinner() []byte { return module("", nil, joined(0x03, 0x40, 0x0c, 0, 0x0b)) }

// allocator takes 32 MiB, writes to all of it, starts itself again and ends.
func allocator() []byte {
	return module("p\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", []imported{{"tuntap", "spawn", "\x7f\x7f\x7f\x7f\x7f"}},
		joined(
			i32(511), 0x40, 0, 0x1a, // memory.grow, drop
			i32(16), i32(1), i32(32<<20-16), 0xfc, 11, 0, // memory.fill
			i32(0), i32(2), i32(0), i32(0), i32(4), 0x10, 0, 0x1a, // spawn, drop
		))
}

// eater takes a MiB more, as long as it gets it, writes to all that it has, and again.
func eater() []byte {
	return module("", nil, joined(
		0x03, 0x40,
		i32(16), 0x40, 0, 0x1a, // memory.grow, drop
		i32(32), i32(1), 0x3f, 0, i32(16), 0x74, i32(32), 0x6b, 0xfc, 11, 0, // memory.fill up to memory.size << 16
		0x0c, 0, 0x0b,
	))
}

// printer writes lines of 64 bytes, one at a time, for ever.
func printer() []byte {
	const text, vector = 64, 0
	data := make([]byte, text)
	binary.LittleEndian.PutUint32(data[vector:], text)
	binary.LittleEndian.PutUint32(data[vector+4:], 64)
	data = append(data, "a line of a program that prints without end, and reads nothing.\n"...)
	return module(
		string(data), []imported{{wasi, "fd_write", "\x7f\x7f\x7f\x7f"}},
		joined(0x03, 0x40, i32(1), i32(vector), i32(1), i32(vector+8), 0x10, 0, 0x1a, 0x0c, 0, 0x0b),
	)
}

// hoarder takes 56 MiB, writes to all of it, starts itself again and sleeps.
func hoarder() []byte {
	return module("p\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", []imported{
		{"tuntap", "spawn", "\x7f\x7f\x7f\x7f\x7f"}, {"tuntap", "poll", "\x7f\x7f\x7f"},
	}, joined(
		i32(895), 0x40, 0, 0x1a, // memory.grow, drop
		i32(64), i32(1), i32(56<<20-64), 0xfc, 11, 0, // memory.fill
		i32(0), i32(2), i32(0), i32(0), i32(4), 0x10, 0, 0x1a, // spawn, drop
		i32(0), i32(0), i32(1<<30), 0x10, 1, 0x1a, // poll, drop
	))
}

// flooder opens its tap and writes frames to it, looks at the clock, opens /dev/null
// and closes it, for ever.
func flooder() []byte {
	const frame, vector, fd, null = 64, 32, 48, 16
	data := make([]byte, 256)
	copy(data, "dev/tap0")
	copy(data[null:], "dev/null")
	binary.LittleEndian.PutUint32(data[vector:], frame)
	binary.LittleEndian.PutUint32(data[vector+4:], 64)
	copy(data[frame:], "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x88\xb5")
	open := func(path, to int) []byte {
		return joined(i32(3), i32(0), i32(path), i32(8), i32(0), 0x42, 0xc2, 0x00, 0x42, 0, i32(4), i32(to), 0x10, 0)
	}
	load := func(at int) []byte { return joined(i32(at), 0x28, 2, 0) }
	return module(
		string(data),
		[]imported{
			{wasi, "path_open", "\x7f\x7f\x7f\x7f\x7f\x7e\x7e\x7f\x7f"},
			{wasi, "fd_write", "\x7f\x7f\x7f\x7f"},
			{wasi, "clock_time_get", "\x7f\x7e\x7f"},
			{wasi, "fd_close", "\x7f"},
		},
		joined(
			open(0, fd), 0x1a,
			0x03, 0x40,
			load(fd), i32(vector), i32(1), i32(fd+4), 0x10, 1, 0x1a,
			i32(1), 0x42, 0, i32(fd+8), 0x10, 2, 0x1a,
			open(null, fd+4), 0x1a, load(fd+4), 0x10, 3, 0x1a,
			0x0c, 0, 0x0b,
		),
	)
}

// compileBomb is a module that the compiler is at for as long as it may be: as many
// values held across branches as package fuel lets through. n makes it another.
func compileBomb(n int) []byte {
	var code []byte
	for range 300 {
		code = append(code, 0x41, 0, 0x04, 0x40, 0x0b) // i32.const 0, if, end
	}
	functions := [][]byte{joined(i32(n), 0x1a)}
	for range 4500 {
		functions = append(functions, code)
	}
	return module("", nil, functions...)
}
