package session

import (
	"fmt"
	"os"
	"path/filepath"
)

// A folder is where a session keeps what is too large for memory: frames and
// uploaded programs. It is made when it is first needed and removed with the lab.
type folder struct {
	parent string
	path   string
}

// file returns the path of a file in the folder.
func (f *folder) file(name string) (string, error) {
	if f.path == "" {
		path, err := os.MkdirTemp(f.parent, "wireloom-lab-")
		if err != nil {
			return "", fmt.Errorf("the server has no room for the lab's files: %w", err)
		}
		f.path = path
	}
	return filepath.Join(f.path, name), nil
}

// remove deletes the folder. What cannot be deleted stays for the system to clean.
func (f *folder) remove() {
	if f.path != "" {
		_ = os.RemoveAll(f.path)
	}
}
