//go:build linux

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// maxBoot is how long QEMU may run.
const maxBoot = 10 * time.Minute

// inQEMU records another kernel: it boots with this program as its init, which sends what
// it recorded as a tar by the second serial line.
func inQEMU(kernel, tun, only string) map[string][]byte {
	dir, err := os.MkdirTemp("", "kernelrecord")
	must(err)
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	must(err)
	program, err := os.ReadFile(self)
	must(err)
	module, err := os.ReadFile(tun)
	must(err)
	initrd, serial := filepath.Join(dir, "initrd.gz"), filepath.Join(dir, "serial")
	must(os.WriteFile(initrd, cpio(program, module), 0o600))
	args := []string{
		"-m", "1024", "-smp", "2", "-kernel", kernel, "-initrd", initrd, "-nographic", "-no-reboot", "-net", "none",
		"-append", "console=ttyS0 panic=-1 kernelrecord=" + only, "-serial", "stdio", "-serial", "file:" + serial, "-monitor", "none",
	}
	cmd := exec.Command("qemu-system-x86_64", args...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	must(cmd.Start())
	late := time.AfterFunc(maxBoot, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	must(cmd.Wait())
	f, err := os.Open(serial)
	must(err)
	defer f.Close()
	out := map[string][]byte{}
	z, err := gzip.NewReader(f)
	must(err)
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		must(err)
		out[h.Name], err = io.ReadAll(t)
		must(err)
	}
}

// cpio is an initramfs, in the form "newc": this program as /init, and the module.
func cpio(program, module []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	must(err)
	var n int
	entry := func(name string, mode uint32, data []byte) {
		n++
		head := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00", n, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name)+1, 0, name)
		for _, p := range [][]byte{[]byte(head), data} {
			_, err := z.Write(append(p, make([]byte, -len(p)&3)...))
			must(err)
		}
	}
	for _, dir := range []string{"dev", "proc", "sys", "tmp"} {
		entry(dir, unix.S_IFDIR|0o755, nil)
	}
	entry("init", unix.S_IFREG|0o755, program)
	entry("tun.ko", unix.S_IFREG|0o644, module)
	entry("TRAILER!!!", 0, nil)
	must(z.Close())
	return b.Bytes()
}

// beInit is what this program does as the first process of a machine.
func beInit() {
	defer func() { must(unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)) }()
	must(unix.Mount("proc", "/proc", "proc", 0, ""))
	must(unix.Mount("sysfs", "/sys", "sysfs", 0, ""))
	must(unix.Mount("dev", "/dev", "devtmpfs", 0, ""))
	module, err := os.ReadFile("/tun.ko")
	must(err)
	must(unix.InitModule(module, ""))
	line, err := os.ReadFile("/proc/cmdline")
	must(err)
	_, only, _ := strings.Cut(strings.TrimSpace(string(line)), "kernelrecord=")
	match, err := regexp.Compile(only)
	must(err)
	f, err := os.OpenFile("/dev/ttyS1", os.O_WRONLY, 0)
	must(err)
	must(raw(int(f.Fd())))
	z := gzip.NewWriter(f)
	t := tar.NewWriter(z)
	for name, text := range recordAll(match.MatchString) {
		must(t.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644}))
		_, err := t.Write(text)
		must(err)
	}
	must(t.Close())
	must(z.Close())
	must(unix.IoctlSetInt(int(f.Fd()), unix.TCSBRK, 1)) // until all has left
}

// raw makes a serial line pass bytes as they are.
func raw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ICANON
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}
