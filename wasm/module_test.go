package wasm

import (
	"strings"
	"testing"

	"wireloom/wasm/fuel"
)

// An imported is a function that a test module imports.
type imported struct {
	module, name string
	t            fuel.FuncType
}

func leb(n int) []byte {
	var b []byte
	for n >= 0x80 {
		b = append(b, byte(n)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}

func str(s string) []byte { return append(leb(len(s)), s...) }

func section(id byte, items ...[]byte) []byte {
	body := leb(len(items))
	for _, i := range items {
		body = append(body, i...)
	}
	return append(append([]byte{id}, leb(len(body))...), body...)
}

func funcType(t fuel.FuncType) []byte {
	b := append([]byte{0x60}, leb(len(t.Params))...)
	for _, v := range t.Params {
		b = append(b, byte(v))
	}
	b = append(b, leb(len(t.Results))...)
	for _, v := range t.Results {
		b = append(b, byte(v))
	}
	return b
}

// tinyAs is a module with one page of memory and one function with the code given,
// exported under a name.
func tinyAs(name string, imports []imported, code ...byte) []byte {
	types := [][]byte{funcType(fuel.FuncType{})}
	var imps [][]byte
	for i, f := range imports {
		types = append(types, funcType(f.t))
		imps = append(imps, append(append(append(str(f.module), str(f.name)...), 0), leb(i+1)...))
	}
	code = append(append([]byte{0}, code...), 0x0b)
	m := append([]byte("\x00asm\x01\x00\x00\x00"), section(1, types...)...)
	m = append(m, section(2, imps...)...)
	m = append(m, section(3, leb(0))...)
	m = append(m, section(5, []byte{0, 1})...)
	m = append(m, section(7, append(append(str(name), 0), leb(len(imports))...))...)
	return append(m, section(10, append(leb(len(code)), code...))...)
}

func tiny(imports []imported, code ...byte) []byte { return tinyAs("_start", imports, code...) }

// TestRefused has modules that aren't programs, and what is said about them.
func TestRefused(t *testing.T) {
	i32 := fuel.I32
	one := func(module, name string, params ...fuel.ValType) []byte {
		return tiny([]imported{{module, name, fuel.FuncType{Params: params}}})
	}
	withParam := append([]byte("\x00asm\x01\x00\x00\x00"), section(1, funcType(fuel.FuncType{Params: []fuel.ValType{i32}}))...)
	withParam = append(withParam, section(3, leb(0))...)
	withParam = append(withParam, section(7, append(str("_start"), 0, 0))...)
	withParam = append(withParam, section(10, []byte{2, 0, 0x0b})...)
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"nothing", nil, "not a WebAssembly module"},
		{"an ELF file", []byte("\x7fELF\x02\x01\x01\x00"), "not a WebAssembly module"},
		{"cut off", tiny(nil)[:20], "x.wasm: "},
		{"no _start", tinyAs("main", nil), "exports no _start: build a command, not a library"},
		{"a module with nothing in it", tiny(nil)[:8], "exports no _start"},
		{"_start with parameters", withParam, "its _start is not a function without parameters"},
		{"a signal handler without a parameter", tinyAs(handlerName, nil), "its tuntap_signal is not a function (i32) -> ()"},
		{"a module that isn't offered", one("env", "foo"), "imports env.foo, which this lab does not offer; it offers wasi_snapshot_preview1 and tuntap (with C"},
		{"the meter", one("wireloom", "refuel"), "imports wireloom.refuel, which is reserved"},
		{"Go for browsers", one("gojs", "runtime.wasmExit"), "GOOS=wasip1"},
		{"ruby.wasm", one("rb-js-abi-host", "rb_wasm_throw_prohibit_rewind_exception"), "it was built for a JavaScript host, such as a browser"},
		{"a function that isn't there", one("tuntap", "kevent2"), "imports tuntap.kevent2, which tuntap does not have; it has ioctl, poll"},
		{"another signature", one("wasi_snapshot_preview1", "proc_exit", i32, i32), "imports wasi_snapshot_preview1.proc_exit as (i32, i32) -> (); it is (i32) -> ()"},
		{"code that isn't valid", tiny(nil, 0x6a), "not a valid WebAssembly module"},
		{"too large", make([]byte, MaxModule+1), "x.wasm has 33554433 bytes; a program may have 33554432"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := engine(t).Compile(t.Context(), "x.wasm", c.b)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}
