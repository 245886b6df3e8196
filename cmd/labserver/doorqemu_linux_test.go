package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A serial line is what a guest has said so far.
type serial struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (c *serial) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said.Write(b)
}

func (c *serial) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said.String()
}

// startGuest starts a program that is a guest's machine, until the test ends.
func startGuest(t *testing.T, name string, args ...string) *serial {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	c := &serial{}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = c, c
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was killed
	})
	return c
}

// says waits until the guest says something.
func (c *serial) says(t *testing.T, text string) {
	t.Helper()
	until(t, 5*time.Minute, "the guest says "+text, func() (bool, string) {
		said := c.String()
		return strings.Contains(said, text), said[max(0, len(said)-2000):]
	})
}

// pinged checks that the guest has got every answer.
func (c *serial) pinged(t *testing.T) {
	t.Helper()
	c.says(t, "guest: done")
	said := c.String()
	if strings.Count(said, " 0% packet loss") != 2 {
		t.Errorf("the guest pings alice: %s", said[strings.Index(said, "guest: up"):])
	}
}

// A virtual machine of QEMU's joins a lab by a stream door:
// it pings a node and a node pings it, and the run replays.
func TestAQEMUGuestAtAStreamDoor(t *testing.T) {
	kernel, from := debian("amd64")
	initrd := filepath.Join(t.TempDir(), "initrd.gz")
	if err := os.WriteFile(initrd, smallInitrd(t, from, guestFiles, guestScript("virtio_pci virtio_net")), 0o600); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	l := openDoors(t, doorScenario("stream", "websocket"), nil, "--door", "stream=unix:"+folder)
	var socket string
	until(t, 10*time.Second, "the door's socket", func() (bool, string) {
		found, err := filepath.Glob(filepath.Join(folder, "*-s1.3.sock"))
		if err != nil || len(found) == 0 {
			return false, "there is none"
		}
		socket = found[0]
		return true, ""
	})
	guest := startGuest(t, installed(t, "qemu-system-x86_64"), "-accel", "tcg", "-m", "256", "-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio",
		"-kernel", kernel, "-initrd", initrd, "-append", "console=ttyS0 rdinit=/wireloom quiet",
		"-netdev", "stream,id=n0,server=off,addr.type=unix,addr.path="+socket, "-device", "virtio-net-pci,netdev=n0,mac=02:00:00:00:00:fa")
	guest.says(t, "guest: up")
	if said := l.at("alice", "ping", "-c", "3", "-i", "0.3", "10.0.0.9"); !strings.Contains(said, "3 packets received") {
		t.Errorf("alice pings the guest: %s", said)
	}
	guest.pinged(t)
	l.same(8)
}
