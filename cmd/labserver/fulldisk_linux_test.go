package main

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wireloom/internal/store/storetest"
)

// A smallDisk is a server in a mount namespace of its own, where the data folder is a file
// system of some megabytes.
type smallDisk struct {
	*server
	root string // the folder, as this process gets to it
}

// startOnSmallDisk starts a server whose data folder has so much room. What is in the folder
// goes with the server: its file system is nobody else's.
func startOnSmallDisk(t *testing.T, size string, args ...string) *smallDisk {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := `mount -t tmpfs -o size=` + size + ` tmpfs "$0" && exec "$@"`
	s := &server{log: &bytes.Buffer{}, cmd: exec.Command("sh", append([]string{"-c", script, dir, self, "serve", "--addr", "127.0.0.1:0", "--data", dir}, args...)...)}
	a := &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		a.Cloneflags |= unix.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	s.cmd.SysProcAttr, s.cmd.Stderr = a, s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("a mount namespace: %v", err)
	}
	t.Cleanup(func() { _ = s.cmd.Process.Kill() }) // it has ended, where the test got so far
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "Wireloom is at ")
	if err != nil || !ok {
		t.Fatalf("the server said %q, %v: %s", line, err, s.log)
	}
	s.url = url
	return &smallDisk{s, filepath.Join(fmt.Sprintf("/proc/%d/root", s.cmd.Process.Pid), dir)}
}

// fill takes all the room that there is but for some bytes, and gives it back.
func (d *smallDisk) fill(t *testing.T, leave int64) (empty func()) {
	t.Helper()
	path := filepath.Join(d.root, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := int64(0)
	for block := make([]byte, 4096); ; n += 4096 {
		if _, err := f.Write(block); err != nil {
			break // it is full
		}
	}
	if err := f.Truncate(max(n-leave, 0)); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

// TestAFullDiskLosesNothing: where the disk is full, commands are refused with a sentence,
// labs go on, and all that was acknowledged is there when there is room again.
func TestAFullDiskLosesNothing(t *testing.T) {
	o := storetest.Fresh(t)
	var database []string // where it is not a file on the small disk
	if o.URL != "" {
		database = []string{"--db", o.URL}
	}
	d := startOnSmallDisk(t, "16m", append(database, "--files", t.TempDir())...)
	var url atomic.Value
	url.Store(d.url)
	var hands []*hand
	for i, scenario := range []string{"ping", "switch", "ping"} {
		h := &hand{t: t, name: fmt.Sprintf("%s%d", scenario, i), url: &url, chance: rand.New(rand.NewPCG(*killSeed, uint64(i)))}
		if i == 0 {
			h.slot = "node=bob&proc=pingd"
		}
		h.open(scenario)
		hands = append(hands, h)
	}
	stop := make(chan struct{})
	var all sync.WaitGroup
	for _, h := range hands {
		all.Go(func() { h.work(stop) })
	}
	chance := rand.New(rand.NewPCG(*killSeed, 98))
	for range 6 {
		time.Sleep(time.Duration(100+chance.IntN(300)) * time.Millisecond)
		empty := d.fill(t, int64(chance.IntN(3))*4096)
		time.Sleep(time.Duration(400+chance.IntN(600)) * time.Millisecond)
		h := &hand{t: t, url: &url}
		if status, b := h.ask("POST", "/api/labs", []byte(`{"scenario":"nat"}`)); status != 503 || !strings.Contains(string(b), "the disk of this server takes no more labs") {
			t.Errorf("a new lab on a full disk: %d %s", status, b)
		}
		empty()
	}
	time.Sleep(200 * time.Millisecond)
	close(stop)
	all.Wait()
	done, full := 0, 0
	for _, h := range hands {
		h.check(t, true)
		done, full = done+len(h.done), full+h.full
	}
	t.Logf("%d commands were acknowledged, %d refused", done, full)
	if done < 10 || full < 3 {
		t.Errorf("%d commands were acknowledged and %d refused", done, full)
	}

	// And once more from the journals: each is read by a server that has only them.
	data := filepath.Join(o.Dir, "copy")
	if err := os.CopyFS(data, os.DirFS(d.root)); err != nil {
		t.Fatal(err)
	}
	d.end(t, syscall.SIGKILL)
	_ = os.Remove(filepath.Join(data, "lock")) // it was the other's
	s := startServer(t, append(database, "--data", data, "--files", t.TempDir())...)
	url.Store(s.url)
	for _, h := range hands {
		h.check(t, true)
	}
	s.end(t, syscall.SIGTERM)
}
