package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// peers are the C programs that drive a guest's source as a native program.
//
//go:embed peer/*.[ch]
var peers embed.FS

// noTap is the exit status of a peer where the machine has no TAP for it.
const noTap = 3

// errNoTap means that this machine doesn't let us have a kernel TAP.
var errNoTap = errors.New("no kernel TAP here")

// A native is a C program, built for this machine, that exercises guests' sources
// on TAPs of the machine's own kernel.
type native struct {
	dir string
	bin string
}

// A part is a guest's source that becomes part of a native program, with its main
// and open renamed: NAME_main and NAME_open.
type part struct{ name, source string }

// buildNative compiles peer/DRIVER.c together with the parts. The error is errNoTap
// where that is not possible on this machine.
func buildNative(ctx context.Context, driver string, parts ...part) (*native, error) {
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
	n := &native{dir: dir, bin: filepath.Join(dir, driver)}
	err = os.CopyFS(dir, peers)
	commands := [][]string{}
	link := []string{"-O2", "-o", n.bin, filepath.Join(dir, "peer", driver+".c")}
	for _, p := range parts {
		object := filepath.Join(dir, p.name+".o")
		commands = append(commands, []string{"-O2", "-Dmain=" + p.name + "_main", "-Dopen=" + p.name + "_open", "-c", "-o", object, p.source})
		link = append(link, object)
	}
	for _, args := range append(commands, link) {
		if err != nil {
			break
		}
		var out []byte
		if out, err = exec.CommandContext(ctx, cc, args...).CombinedOutput(); err != nil {
			err = fmt.Errorf("cc %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	if err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

func (n *native) close() { _ = os.RemoveAll(n.dir) } // what stays is in the system's temporary folder

// run runs the program, which prints what a frame cost.
func (n *native) run(ctx context.Context, args ...string) (cost, error) {
	out, err := exec.CommandContext(ctx, n.bin, args...).Output()
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
