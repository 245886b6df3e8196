//go:build linux

// Kernelrecord drives the network of the Linux kernel that it runs on with raw frames, and
// writes down what the kernel does: the transcripts that internal/kernelconform compares
// Linux nodes with.
//
//	go run ./internal/kernelrecord [-run REGEXP] [-o DIR] [-name NAME]
//	go run ./internal/kernelrecord -qemu vmlinuz -tun tun.ko ...
//
// Each situation has a network namespace of its own, with TAPs for cards, and all run at
// once, in two and a half minutes. It takes a kernel that lets this user make namespaces; nothing of
// the machine is touched. With -qemu the kernel is another: QEMU boots it, with nothing but
// this program.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// situationEnv names the situation that a process is to record, in the namespace it is in.
const situationEnv = "KERNELRECORD_SITUATION"

// A situation is one transcript.
type situation struct {
	name   string
	record func(w *world)
}

var situations = slices.Concat(arpSituations, ipSituations, forwardSituations, tcpSituations, ip6Situations)

func main() {
	if name := os.Getenv(situationEnv); name != "" {
		recordOne(name)
		return
	}
	if os.Getpid() == 1 {
		beInit()
		return
	}
	var (
		only   = flag.String("run", "", "record only the situations whose names match `REGEXP`")
		dir    = flag.String("o", ".", "write the transcripts into `DIR`")
		name   = flag.String("name", "linux", "begin their names with `NAME`")
		kernel = flag.String("qemu", "", "record the kernel in this `FILE`, in QEMU")
		tun    = flag.String("tun", "", "tun.ko of that kernel, as a `FILE`")
	)
	flag.Parse()
	match, err := regexp.Compile(*only)
	must(err)
	var got map[string][]byte
	if *kernel != "" {
		got = inQEMU(*kernel, *tun, *only)
	} else {
		got = recordAll(match.MatchString)
	}
	for situation, text := range got {
		must(os.WriteFile(filepath.Join(*dir, *name+"."+situation+".txt"), text, 0o644))
	}
}

// recordOne records a situation in this process's namespace, on its standard output.
func recordOne(name string) {
	for _, s := range situations {
		if s.name == name {
			var out bytes.Buffer
			w := newWorld(&out)
			// A namespace may only choose what the machine allows; a Debian has cubic anyway.
			_ = os.WriteFile("/proc/sys/net/ipv4/tcp_congestion_control", []byte("cubic"), 0)
			(&card{name: "lo"}).up() // by which the kernel tells itself of a host that is absent
			s.record(w)
			_, err := os.Stdout.Write(out.Bytes())
			must(err)
			return
		}
	}
	must(fmt.Errorf("no situation %q", name))
}

// maxSituation is the longest that a situation may take.
const maxSituation = 4 * time.Minute

// recordAll records situations, each in a process and a namespace of its own.
func recordAll(match func(name string) bool) map[string][]byte {
	var (
		mu  sync.Mutex
		wg  sync.WaitGroup
		out = map[string][]byte{}
	)
	self, err := os.Executable()
	must(err)
	for _, s := range situations {
		if !match(s.name) {
			continue
		}
		wg.Go(func() {
			cmd := exec.Command(self)
			cmd.Env = append(os.Environ(), situationEnv+"="+s.name)
			cmd.Stderr = os.Stderr
			cmd.SysProcAttr = namespace()
			var b bytes.Buffer
			cmd.Stdout = &b
			must(cmd.Start())
			late := time.AfterFunc(maxSituation, func() { _ = cmd.Process.Kill() })
			defer late.Stop()
			if err := cmd.Wait(); err != nil {
				fmt.Fprintf(os.Stderr, "kernelrecord: %s: %v\n", s.name, err)
				return
			}
			mu.Lock()
			out[s.name] = b.Bytes()
			mu.Unlock()
		})
	}
	wg.Wait()
	return out
}

// namespace is what makes a child have a network of its own: for who is not root, in a user
// namespace.
func namespace() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	if id := os.Getuid(); id != 0 {
		a.Cloneflags |= unix.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return a
}

// release is the version of the kernel.
func release() string {
	var u unix.Utsname
	must(unix.Uname(&u))
	return unix.ByteSliceToString(u.Release[:])
}
