package wasm

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"wireloom/wasm/fuel"
)

// hints are what people who import a module most likely should have done.
var hints = map[string]string{
	"a":                            javaScript,
	"wbg":                          javaScript,
	"__wbindgen_placeholder__":     javaScript,
	"__wbindgen_externref_xform__": javaScript,
	"rb-js-abi-host":               javaScript,
	"canonical_abi":                javaScript,
	"go":                           "build with GOOS=wasip1, not GOOS=js",
	"gojs":                         "build with GOOS=wasip1, not GOOS=js",
	"env":                          "with C, a function that is not defined anywhere becomes such an import; build for wasm32-wasi",
	"wasi_unstable":                "this is a WASI older than preview 1; build with a newer compiler",
}

// javaScript is the hint for what Emscripten (minified), wasm-bindgen and ruby.wasm import.
const javaScript = "it was built for a JavaScript host, such as a browser; build a command for WASI preview 1 (wasm32-wasi, wasm32-wasip1)"

// checkInterface checks that a module is a command that imports only what there is.
func checkInterface(m *fuel.Module) error {
	for _, i := range m.Imports {
		if err := checkImport(i); err != nil {
			return err
		}
	}
	for _, x := range m.Exports {
		if x.Name == handlerName && (x.Kind != fuel.KindFunc || x.Func.String() != handlerType.String()) {
			return fmt.Errorf("its %s is not a function %v: it is what signals are delivered to", handlerName, handlerType)
		}
	}
	for _, x := range m.Exports {
		if x.Name != "_start" {
			continue
		}
		if x.Kind != fuel.KindFunc || len(x.Func.Params)+len(x.Func.Results) > 0 {
			return errors.New("its _start is not a function without parameters and results")
		}
		return nil
	}
	return errors.New("exports no _start: build a command, not a library (in Go, package main without -buildmode=c-shared; in C, with a main and without -mexec-model=reactor)")
}

func checkImport(i fuel.Import) error {
	fs := hostFunctions(i.Module)
	if !slices.Contains(hostModules, i.Module) {
		hint := ""
		if h := hints[i.Module]; h != "" {
			hint = " (" + h + ")"
		}
		return fmt.Errorf("imports %s.%s, which this lab does not offer; it offers %s%s", i.Module, i.Name, strings.Join(hostModules, " and "), hint)
	}
	if i.Kind != fuel.KindFunc {
		return fmt.Errorf("imports %s.%s as a %v; it is a function", i.Module, i.Name, i.Kind)
	}
	var have []string
	for _, f := range fs {
		if f.name != i.Name {
			continue
		}
		if f.signature().String() == i.Func.String() {
			return nil
		}
		have = append(have, f.signature().String())
	}
	if len(have) > 0 {
		return fmt.Errorf("imports %s.%s as %v; it is %s", i.Module, i.Name, i.Func, strings.Join(have, " or "))
	}
	var names []string
	for _, f := range fs {
		if !f.old {
			names = append(names, f.name)
		}
	}
	return fmt.Errorf("imports %s.%s, which %s does not have; it has %s", i.Module, i.Name, i.Module, strings.Join(names, ", "))
}
