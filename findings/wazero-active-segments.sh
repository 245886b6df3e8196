#!/usr/bin/env bash
# wazero keeps the data of active segments after a module was instantiated.
#
# WebAssembly drops an active data segment as soon as an instance begins: memory.init of one
# byte of it must trap (core specification 2.0, 4.5.4, step "data.drop"). wazero v1.12.0,
# compiler and interpreter, copies the byte. Of a segment that data.drop has dropped it traps,
# as it should.
#
# Another thing of the same place: each instance reads the offset expression of each segment
# anew and allocates for it. A Go program of 3 MB for wasip1 has thousands of segments, and
# these took a third of the time from its start to its first read.
#
# What it means for a lab: a program that reads a segment again runs here and traps in a
# browser. Who starts many instances of one module wins most by taking the active segments
# out of it, and giving each instance a memory that has their bytes already.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'M'
module finding

go 1.24

require github.com/tetratelabs/wazero v1.12.0
M
cat > main.go <<'G'
package main

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"
)

// (module (memory (export "m") 1) (data (i32.const 8) "x")
//   (func (export "init") (memory.init 0 (i32.const 100) (i32.const 0) (i32.const 1)))
//   (func (export "drop") (data.drop 0)))
var module = []byte("\x00asm\x01\x00\x00\x00" +
	"\x01\x04\x01\x60\x00\x00" +
	"\x03\x03\x02\x00\x00" +
	"\x05\x03\x01\x00\x01" +
	"\x07\x13\x03\x01m\x02\x00\x04init\x00\x00\x04drop\x00\x01" +
	"\x0c\x01\x01" +
	"\x0a\x15\x02\x0d\x00\x41\xe4\x00\x41\x00\x41\x01\xfc\x08\x00\x00\x0b\x05\x00\xfc\x09\x00\x0b" +
	"\x0b\x07\x01\x00\x41\x08\x0b\x01x")

func main() {
	ctx := context.Background()
	for _, e := range []struct {
		name string
		conf wazero.RuntimeConfig
	}{{"compiler", wazero.NewRuntimeConfigCompiler()}, {"interpreter", wazero.NewRuntimeConfigInterpreter()}} {
		m, err := wazero.NewRuntimeWithConfig(ctx, e.conf).Instantiate(ctx, module)
		if err != nil {
			panic(err)
		}
		for _, before := range []string{"", "drop"} {
			if before != "" {
				if _, err := m.ExportedFunction(before).Call(ctx); err != nil {
					panic(err)
				}
			}
			m.Memory().WriteByte(100, 0)
			_, err := m.ExportedFunction("init").Call(ctx)
			b, _ := m.Memory().ReadByte(100)
			fmt.Printf("%s: after %q memory.init has written %q, trap: %v\n", e.name, before, string([]byte{b}), err != nil)
		}
	}
}
G
export GOFLAGS=-mod=mod
go mod tidy >/dev/null 2>&1
got=$(go run .)
want='compiler: after "" memory.init has written "x", trap: false
compiler: after "drop" memory.init has written "\x00", trap: true
interpreter: after "" memory.init has written "x", trap: false
interpreter: after "drop" memory.init has written "\x00", trap: true'
printf '%s\n' "$got"
if [ "$got" != "$want" ]; then
	printf 'this is no longer so: want\n%s\n' "$want" >&2
	exit 1
fi
