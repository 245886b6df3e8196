package open

import (
	"fmt"
	"path/filepath"

	"wireloom/internal/diskfile"
	"wireloom/internal/program"
	"wireloom/internal/scenario"
)

// Program reads a program's file.
func Program(path string) (program.File, error) {
	b, err := diskfile.Read(path, scenario.MaxReference)
	if err != nil {
		return program.File{}, fmt.Errorf("program: %w", err)
	}
	return program.File{Name: filepath.Base(path), Module: b}, nil
}
