package program

import (
	"strings"
	"testing"
)

// The files that a program is not, by their first bytes.
func TestCheck(t *testing.T) {
	elf := func(machine byte) string {
		return "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 11) + string([]byte{machine, 0})
	}
	for _, tc := range []struct{ name, b, want string }{
		{"a module", "\x00asm\x01\x00\x00\x00", ""},
		{"nothing", "", "the file is empty"},
		{"a component", "\x00asm\x0d\x00\x01\x00", "a WebAssembly component, not a core module"},
		{"another version", "\x00asm\x02\x00\x00\x00", "of version 02000000"},
		{"ELF for x86-64", elf(62), "the file is an x86-64 ELF program, not WebAssembly: build it with GOOS=wasip1 GOARCH=wasm"},
		{"ELF for ARM", elf(183), "an AArch64 ELF program"},
		{"ELF for PowerPC", elf(21), "a PowerPC ELF program"},
		{"ELF for what nobody has", elf(200), "another machine's ELF program"},
		{"Mach-O", "\xcf\xfa\xed\xfe", "a Mach-O program"},
		{"Windows", "MZ\x90\x00", "a Windows program"},
		{"an archive", "!<arch>\n", "a library of object files"},
		{"gzip", "\x1f\x8b\x08", "the file is packed"},
		{"a script", "#!/bin/sh\n", "a script"},
		{"WebAssembly text", "\n  (module)", "WebAssembly as text"},
		{"source", "package main\n", "text, perhaps a program's source"},
		{"noise", "\x80\x81\x00", "something else"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := Check([]byte(tc.b))
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("error %v", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
}
