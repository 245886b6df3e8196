package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

//go:embed peer/tap.c
var tapSource []byte

// noTap is the exit status of peer/tap.c where the machine has no TAP for it.
const noTap = 3

// errNoTap means that this machine doesn't let us have a kernel TAP.
var errNoTap = errors.New("no kernel TAP here")

// A kernelTap is a C program, built for this machine, that answers frames on a TAP
// of the machine's own kernel.
type kernelTap struct {
	dir string
	bin string
}

// newKernelTap compiles the C program at path together with what drives it, and
// tries it. The error is errNoTap where that is not possible on this machine.
func newKernelTap(ctx context.Context, path string) (*kernelTap, error) {
	if runtime.GOOS != "linux" {
		return nil, fmt.Errorf("%w: this is %s, and the peer is made for Linux", errNoTap, runtime.GOOS)
	}
	cc, err := exec.LookPath("cc")
	if err != nil {
		return nil, fmt.Errorf("%w: no C compiler: %w", errNoTap, err)
	}
	dir, err := os.MkdirTemp("", "wireloom-bench-")
	if err != nil {
		return nil, err
	}
	k := &kernelTap{dir: dir, bin: filepath.Join(dir, "tap")}
	driver, guest := filepath.Join(dir, "driver.c"), filepath.Join(dir, "guest.o")
	err = os.WriteFile(driver, tapSource, 0o600)
	for _, args := range [][]string{
		{"-O2", "-Dmain=guest_main", "-Dopen=guest_open", "-c", "-o", guest, path},
		{"-O2", "-o", k.bin, driver, guest},
	} {
		if err != nil {
			break
		}
		var out []byte
		if out, err = exec.CommandContext(ctx, cc, args...).CombinedOutput(); err != nil {
			err = fmt.Errorf("cc %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	if err == nil {
		_, err = k.pass(ctx, 64, 100, 1)
	}
	if err != nil {
		k.close()
		return nil, err
	}
	return k, nil
}

func (k *kernelTap) close() { _ = os.RemoveAll(k.dir) } // what stays is in the system's temporary folder

// pass sends n frames to the program, window at a time, and takes them back.
func (k *kernelTap) pass(ctx context.Context, size, n, window int) (cost, error) {
	cmd := exec.CommandContext(ctx, k.bin, strconv.Itoa(size), strconv.Itoa(n), strconv.Itoa(window))
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		said := strings.TrimSpace(string(exit.Stderr))
		if exit.ExitCode() == noTap {
			return cost{}, fmt.Errorf("%w: %s", errNoTap, said)
		}
		return cost{}, fmt.Errorf("the program on the kernel TAP: %w: %s", err, said)
	}
	if err != nil {
		return cost{}, fmt.Errorf("the program on the kernel TAP: %w", err)
	}
	var c cost
	if _, err := fmt.Sscan(string(out), &c.wall, &c.cpu); err != nil {
		return cost{}, fmt.Errorf("the program on the kernel TAP printed %q: %w", out, err)
	}
	return c, nil
}
