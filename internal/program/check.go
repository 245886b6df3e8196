// Package program is a program as a person supplies it: a file that may be something else.
package program

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// A File is a program as a person supplies it.
type File struct {
	Name   string
	Module []byte
}

// howTo is what to do about a file that is no WebAssembly module.
const howTo = "build it with GOOS=wasip1 GOARCH=wasm in Go, or with --target=wasm32-wasi in C"

// machines are the architectures of ELF files that people have.
var machines = map[byte]string{
	3: "an x86", 62: "an x86-64", 40: "an ARM", 183: "an AArch64", 243: "a RISC-V", 8: "a MIPS", 21: "a PowerPC",
}

// Check says by its first bytes what is wrong with a program's file, for who
// wrote it: what it is instead of a WebAssembly module, and what to do. Nil says only
// that it begins as one.
func Check(b []byte) error {
	is := func(prefixes ...string) bool {
		for _, p := range prefixes {
			if bytes.HasPrefix(b, []byte(p)) {
				return true
			}
		}
		return false
	}
	not := func(what string) error { return fmt.Errorf("the file is %s, not WebAssembly: %s", what, howTo) }
	switch {
	case len(b) == 0:
		return errors.New("the file is empty")
	case is("\x00asm\x01\x00\x00\x00"):
		return nil
	case is("\x00asm\x0d\x00\x01\x00"):
		return errors.New("the file is a WebAssembly component, not a core module: build it for WASI preview 1 (wasm32-wasip1, not wasip2)")
	case is("\x00asm"):
		return fmt.Errorf("the file is WebAssembly of version %x, and 1 is what runs: %s", b[4:min(len(b), 8)], howTo)
	case is("\x7fELF"):
		arch := "another machine's"
		if len(b) > 18 {
			m := b[18]
			if b[5] == 2 && len(b) > 19 { // big endian
				m = b[19]
			}
			if name := machines[m]; name != "" {
				arch = name
			}
		}
		return not(arch + " ELF program")
	case is("\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xca\xfe\xba\xbe", "\xfe\xed\xfa\xcf", "\xfe\xed\xfa\xce"):
		return not("a Mach-O program (macOS) or a Java class")
	case is("MZ"):
		return not("a Windows program")
	case is("!<arch>"):
		return not("a library of object files (.a)")
	case is("\x1f\x8b", "PK\x03\x04", "\xfd7zXZ", "BZh", "(\xb5/\xfd"):
		return errors.New("the file is packed (zip, gzip or the like): unpack it and give the .wasm file in it")
	case is("#!"):
		return not("a script")
	case bytes.HasPrefix(bytes.TrimSpace(b[:min(len(b), 512)]), []byte("(module")):
		return errors.New("the file is WebAssembly as text (.wat): translate it with wat2wasm")
	case utf8.Valid(b[:min(len(b), 512)]) && !bytes.ContainsRune(b[:min(len(b), 512)], 0):
		return not("text, perhaps a program's source")
	}
	return not("something else")
}
