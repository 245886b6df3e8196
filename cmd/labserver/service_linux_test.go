package main

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAsAServiceOfSystemd: it takes the socket that systemd listens on, says when it is
// ready, that it is alive, and that it stops; SIGHUP does not end it.
func TestAsAServiceOfSystemd(t *testing.T) {
	dir, err := os.MkdirTemp("", "wireloom") //nolint:usetesting // a short name: a socket's may have 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // of the test
	told, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = told.Close() }() // of the test
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	_ = listener.Close() // systemd's own does not accept either
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(config, []byte("addr: systemd:web\nlog: json\nfiles: "+dir+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ WATCHDOG_PID=$$ exec "$0" serve --config "$1"`, self, config)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+filepath.Join(dir, "notify"), "LISTEN_FDS=1", "LISTEN_FDNAMES=web", "WATCHDOG_USEC=20000")
	cmd.ExtraFiles = []*os.File{socket}
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = socket.Close() // it has one of its own
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	// until reads what systemd is told, up to a word.
	until := func(word string) string {
		t.Helper()
		b := make([]byte, 4096)
		for {
			n, err := told.Read(b)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(b[:n]), word) {
				return string(b[:n])
			}
		}
	}
	if said := until("READY=1"); !strings.Contains(said, "STATUS=serving "+url) {
		t.Errorf("when it is ready it says %q", said)
	}
	until("WATCHDOG=1")
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	until("WATCHDOG=1")
	res, err := http.Get(url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // the status says it
	if res.StatusCode != http.StatusOK || res.Header.Get("X-Request-Id") == "" {
		t.Errorf("/readyz: %s", res.Status)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	until("STOPPING=1")
	if err := cmd.Wait(); err != nil || strings.Contains(log.String(), "\nlabserver:") {
		t.Errorf("%v: %s", err, log.String())
	}
}

// A socket that systemd has not passed is not waited for.
func TestNoSocketOfSystemd(t *testing.T) {
	if code, _, errs := labserver(t, "serve", "--addr", "systemd"); code != exitError || !strings.Contains(errs, "systemd has passed no socket") {
		t.Errorf("code %d: %s", code, errs)
	}
}
