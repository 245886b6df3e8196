package wasm

import (
	"os"
	"runtime"
	"sync/atomic"

	"wireloom/wasm/fuel"
)

// leastImage is from how many bytes of data on guests share what they begin with. A Go program
// has a megabyte and more, of which it changes hardly a page: its tables, texts and constants.
const leastImage = 128 << 10

// maxImages is how many images may be shared at once. Each has a descriptor of this process;
// further ones are copied.
const maxImages = 512

var images atomic.Int64 // that are shared

// An image is what the memory of a module's guests begins with. Where the system can do that,
// they share it until they write to it, page by page.
type image struct {
	at    int    // in the memory, a multiple of the system's page
	size  int    // bytes, as well
	bytes []byte // where it is not shared
	file  int    // a descriptor, where it is
}

// newImage returns nil for nil.
func newImage(m *fuel.Image) *image {
	if m == nil {
		return nil
	}
	page := os.Getpagesize()
	at := m.At / page * page
	end := (m.At + len(m.Bytes) + page - 1) / page * page
	im := &image{at: at, size: end - at, file: -1, bytes: make([]byte, end-at)}
	copy(im.bytes[m.At-at:], m.Bytes)
	if images.Add(1) > maxImages {
		images.Add(-1)
		return im
	}
	file, err := share(im.bytes)
	if err != nil {
		images.Add(-1)
		return im
	}
	im.bytes, im.file = nil, file
	runtime.AddCleanup(im, func(file int) {
		unshare(file)
		images.Add(-1)
	}, file)
	return im
}

// shared returns the image if guests share it, else nil.
func (im *image) shared() *image {
	if im == nil || im.file < 0 {
		return nil
	}
	return im
}

// copyTo puts an image that is not shared into a new memory.
func (im *image) copyTo(memory []byte) {
	if im != nil && im.file < 0 {
		copy(memory[im.at:], im.bytes)
	}
}
