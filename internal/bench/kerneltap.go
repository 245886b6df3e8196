package main

import (
	"context"
	"strconv"
)

// A kernelTap is a C program, built for this machine, that answers frames on a TAP
// of the machine's own kernel.
type kernelTap struct{ *native }

// newKernelTap compiles the C program at path together with what drives it, and
// tries it. The error is errNoTap where that is not possible on this machine.
func newKernelTap(ctx context.Context, path string) (*kernelTap, error) {
	n, err := buildNative(ctx, "tap", part{"guest", path})
	if err != nil {
		return nil, err
	}
	k := &kernelTap{n}
	if _, err := k.pass(ctx, 64, 100, 1); err != nil {
		k.close()
		return nil, err
	}
	return k, nil
}

// pass sends n frames to the program, window at a time, and takes them back.
func (k *kernelTap) pass(ctx context.Context, size, n, window int) (cost, error) {
	return k.run(ctx, strconv.Itoa(size), strconv.Itoa(n), strconv.Itoa(window))
}
