// Package web embeds the built page. On a bare clone, where the page is not
// built, it holds a placeholder that says how to build it.
package web

import (
	"embed"
	"errors"
	"io/fs"
	"time"
)

//go:embed all:dist
var dist embed.FS

const (
	index       = "index.html"
	placeholder = "placeholder.html"
)

// Built reports whether the page was built before this binary was.
func Built() bool {
	_, err := fs.Stat(dist, "dist/"+index)
	return err == nil
}

// Dist returns the page's files, index.html at its root. Where the page is not
// built, index.html is the placeholder. It is for http.FileServerFS and the like.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("web: dist is no valid path: " + err.Error())
	}
	if Built() {
		return sub
	}
	return unbuilt{sub}
}

// unbuilt is a file system whose index.html is the placeholder.
type unbuilt struct{ fs.FS }

func (u unbuilt) Open(name string) (fs.File, error) {
	if name != index {
		return u.FS.Open(name)
	}
	f, err := u.FS.Open(placeholder)
	if err != nil {
		return nil, errors.Join(fs.ErrNotExist, err)
	}
	// http.ServeContent seeks; the embedded file can, so it is kept as it is but for its name.
	return renamed{f.(seekable)}, nil
}

type seekable interface {
	fs.File
	Seek(offset int64, whence int) (int64, error)
}

type renamed struct{ seekable }

func (r renamed) Stat() (fs.FileInfo, error) {
	info, err := r.seekable.Stat()
	if err != nil {
		return nil, err
	}
	return renamedInfo{info}, nil
}

type renamedInfo struct{ fs.FileInfo }

func (renamedInfo) Name() string       { return index }
func (renamedInfo) ModTime() time.Time { return time.Time{} }
