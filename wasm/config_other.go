//go:build !js

package wasm

import "github.com/tetratelabs/wazero"

func newConfig(interpreter bool) wazero.RuntimeConfig {
	if interpreter {
		return wazero.NewRuntimeConfigInterpreter()
	}
	return wazero.NewRuntimeConfig()
}
