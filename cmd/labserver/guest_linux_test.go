package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A debian is where Debian's netboot installer is for an architecture, from the package
// debian-installer-12-netboot-ARCH: a kernel, and what it begins with.
func debian(arch string) (kernel, initrd string) {
	dir := "/usr/lib/debian-installer/images/12/" + arch + "/text/debian-installer/" + arch + "/"
	return dir + "linux", dir + "initrd.gz"
}

// guestFiles are what of the installer's files a guest needs: a shell with its commands, and
// the drivers of its card. All of them would take a guest without a CPU's help a minute to
// unpack.
func guestFiles(name string) bool {
	return slices.ContainsFunc([]string{"bin/", "sbin/", "usr/bin/", "lib/ld-", "lib/libc.", "lib/libresolv.", "lib64", "lib/x86_64-linux-gnu/", "lib/i386-linux-gnu/"}, func(p string) bool {
		return strings.HasPrefix(name, p) && !strings.Contains(name, "/udev")
	}) || strings.HasPrefix(name, "lib/modules/") && (strings.Contains(name, "/virtio/") || strings.Contains(name, "/modules.") ||
		slices.ContainsFunc([]string{"virtio_net.ko", "net_failover.ko", "failover.ko", "8390.ko", "ne2k-pci.ko", "e1000.ko"}, func(s string) bool { return strings.HasSuffix(name, "/"+s) }))
}

// smallInitrd is an initial file system with some files of another's, and a script that is
// its first process. Both are archives of cpio's "new" form, packed by gzip: a header of
// numbers in hexadecimal, a name and the contents, each up to a multiple of four bytes
// (Linux, Documentation/driver-api/early-userspace/buffer-format.rst).
func smallInitrd(t *testing.T, from string, keep func(name string) bool, script string) []byte {
	t.Helper()
	packed, err := os.Open(from)
	if err != nil {
		t.Fatalf("%v: apt install debian-installer-12-netboot-amd64", err)
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	const head = 6 + 13*8
	up := func(n int) int { return (n + 3) &^ 3 }
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	write := func(b []byte) {
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	for at := 0; ; {
		number := func(i int) int {
			n, err := strconv.ParseUint(string(all[at+6+8*i:at+14+8*i]), 16, 32)
			if err != nil || string(all[at:at+6]) != "070701" {
				t.Fatalf("%s is no archive at byte %d: %v", from, at, err)
			}
			return int(n)
		}
		nameLen, size, directory := number(11), number(6), number(1)&0o170000 == 0o040000
		name := string(all[at+head : at+head+nameLen-1])
		next := up(up(at+head+nameLen) + size)
		if name == "TRAILER!!!" {
			entry := fmt.Appendf(nil, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08xwireloom\x00", 1, 0o100755, 0, 0, 1, 0, len(script), 0, 0, 0, 0, len("wireloom")+1, 0)
			entry = append(append(entry, make([]byte, up(len(entry))-len(entry))...), script...)
			write(append(append(entry, make([]byte, up(len(entry))-len(entry))...), all[at:next]...))
			break
		}
		if directory || keep(name) {
			write(all[at:next])
		}
		at = next
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// guestScript is the first process of a guest: it loads the drivers of cards, takes an
// address, pings alice and says so on its console.
func guestScript(drivers string) string {
	return `#!/bin/busybox sh
export PATH=/bin:/sbin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for m in ` + drivers + `; do modprobe $m; done
ip addr add 10.0.0.9/24 dev eth0
ip link set eth0 up
echo guest: up
ping -c 3 10.0.0.1
ping -c 2 -s 1472 10.0.0.1
echo guest: done
while :; do sleep 1000; done
`
}
