package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// root is the folder of the tree that the command is run in.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("this is not inside the source tree, which the programs are taken from")
		}
		dir = up
	}
}

// echo finds the sample program echo: its source in C and the module built of it.
func echo() (source string, module []byte, err error) {
	dir, err := root()
	if err != nil {
		return "", nil, err
	}
	const from = "wasm/guest/programs/echo"
	found, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(from), "*.c"))
	if err != nil || len(found) != 1 {
		return "", nil, fmt.Errorf("%s has %d C files, want one", from, len(found))
	}
	module, err = os.ReadFile(filepath.Join(dir, "bin", "guests", "echo.wasm"))
	if err != nil {
		return "", nil, fmt.Errorf("run make guests: %w", err)
	}
	return found[0], module, nil
}
