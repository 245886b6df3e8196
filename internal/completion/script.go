package completion

import (
	"embed"
	"maps"
	"slices"
)

//go:embed labserver.bash labserver.zsh labserver.fish
var scripts embed.FS

var files = map[string]string{"bash": "labserver.bash", "zsh": "labserver.zsh", "fish": "labserver.fish"}

// Shells are those that there is a script for.
func Shells() []string { return slices.Sorted(maps.Keys(files)) }

// Script is what a shell is to read; nil for a shell that is none of Shells.
func Script(shell string) []byte {
	b, err := scripts.ReadFile(files[shell])
	if err != nil {
		return nil
	}
	return b
}
