package open

import (
	"fmt"
	"path/filepath"

	"wireloom/internal/diskfile"
	"wireloom/internal/scenario"
)

// A File is a program as a person supplies it.
type File struct {
	Name   string
	Module []byte
}

// Program reads a program's file.
func Program(path string) (File, error) {
	b, err := diskfile.Read(path, scenario.MaxReference)
	if err != nil {
		return File{}, fmt.Errorf("program: %w", err)
	}
	return File{filepath.Base(path), b}, nil
}
