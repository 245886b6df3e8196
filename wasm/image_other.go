//go:build !linux

package wasm

import "errors"

// share fails: this system has no files without a name that can't be changed any more. So no
// image is shared, and the others are never called.
func share([]byte) (file int, err error) { return -1, errors.ErrUnsupported }

func unshare(int) {}

func (region) put(*image) bool { return false }

func (region) reset(int) bool { return false }
