package wasm

import "github.com/tetratelabs/wazero"

// newConfig is of the interpreter alone: a page can't have machine code, so that it needs no
// compiler either.
func newConfig(bool) wazero.RuntimeConfig { return wazero.NewRuntimeConfigInterpreter() }
