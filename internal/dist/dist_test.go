package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

var commit = time.Date(2026, 12, 1, 2, 3, 4, 0, time.UTC)

// says is a program that says of itself what a package asks.
const says = "#!/bin/sh\necho \"$@\"\n"

func TestTheSameCommitGivesTheSameBytes(t *testing.T) {
	t.Chdir("../..")
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, []byte(says), 0o700); err != nil { //nolint:gosec // it is to be run
		t.Fatal(err)
	}
	other := "arm64"
	if runtime.GOARCH == other {
		other = "amd64"
	}
	var sums [2]string
	for i := range sums {
		out := filepath.Join(dir, "out"+string(rune('0'+i)))
		if err := dist(out, "20261201-abc", commit, []string{runtime.GOARCH + "=" + program, other + "=" + program}); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
		if err != nil {
			t.Fatal(err)
		}
		sums[i] = string(b)
	}
	if sums[0] != sums[1] || strings.Count(sums[0], "\n") != 5 || !strings.Contains(sums[0], "wireloom_0~20261201.abc_arm64.deb\n") {
		t.Errorf("got\n%s and then\n%s", sums[0], sums[1])
	}
	for _, args := range [][]string{nil, {"amd64"}, {other + "=" + program}, {runtime.GOARCH + "=/nonexistent/x"}} {
		if err := dist(dir, "1", commit, args); err == nil {
			t.Errorf("%q was taken", args)
		}
	}
}

func TestVersionsForDebian(t *testing.T) {
	for version, want := range map[string]string{
		"v1.2.3": "1.2.3", "20261201-abc1234": "0~20261201.abc1234", "20261201-abc1234-changed": "0~20261201.abc1234+changed", "v1.2-dirty": "1.2+changed", "very": "0~very",
	} {
		if got := debVersion(version); got != want {
			t.Errorf("%s: got %s, want %s", version, got, want)
		}
	}
}

// entries are the files of a tar archive.
func entries(t *testing.T, b []byte) (heads map[string]*tar.Header, bodies map[string][]byte) {
	t.Helper()
	heads, bodies = map[string]*tar.Header{}, map[string][]byte{}
	r := tar.NewReader(bytes.NewReader(b))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return heads, bodies
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		heads[h.Name], bodies[h.Name] = h, body
	}
}

// An imageOf is what an image layout has for an architecture.
type imageOf struct {
	config imageConfig
	layer  []byte // a tar archive
}

// readImage reads a layout as what starts containers does, and checks every hash.
func readImage(t *testing.T, b []byte, arch string) (got imageOf) {
	t.Helper()
	_, all := entries(t, b)
	if string(all["oci-layout"]) != `{"imageLayoutVersion":"1.0.0"}` {
		t.Fatalf("it is no layout: %s", all["oci-layout"])
	}
	blob := func(d descriptor) []byte {
		t.Helper()
		b := all["blobs/sha256/"+strings.TrimPrefix(d.Digest, "sha256:")]
		if sum := sha256.Sum256(b); "sha256:"+hex.EncodeToString(sum[:]) != d.Digest || len(b) != d.Size {
			t.Fatalf("%s is not there, or another", d.Digest)
		}
		return b
	}
	var top, index, m manifest
	read := func(b []byte, v any) {
		t.Helper()
		if err := json.Unmarshal(b, v); err != nil {
			t.Fatal(err)
		}
	}
	read(all["index.json"], &top)
	read(blob(top.Manifests[0]), &index)
	for _, d := range index.Manifests {
		if d.Platform.Architecture == arch && d.Platform.OS == "linux" {
			read(blob(d), &m)
		}
	}
	if m.Config == nil {
		t.Fatalf("there is no image for %s", arch)
	}
	read(blob(*m.Config), &got.config)
	z, err := gzip.NewReader(bytes.NewReader(blob(m.Layers[0])))
	if err != nil {
		t.Fatal(err)
	}
	if got.layer, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(got.layer); got.config.RootFS.DiffIDs[0] != "sha256:"+hex.EncodeToString(sum[:]) {
		t.Error("the layer is not the one of the configuration")
	}
	return got
}

func TestAnImageHasTheProgramAndNoMore(t *testing.T) {
	b, err := oci([]program{{"amd64", []byte("x86")}, {"arm64", []byte("arm")}}, "v1", commit)
	if err != nil {
		t.Fatal(err)
	}
	for arch, want := range map[string]string{"amd64": "x86", "arm64": "arm"} {
		i := readImage(t, b, arch)
		heads, bodies := entries(t, i.layer)
		if string(bodies["usr/bin/labserver"]) != want || heads["usr/bin/labserver"].Mode != 0o755 || heads["usr/bin/labserver"].Uid != 0 {
			t.Errorf("%s: the program is %q", arch, bodies["usr/bin/labserver"])
		}
		if h := heads["var/lib/wireloom/"]; h == nil || h.Uid != imageUser || h.Mode != 0o700 {
			t.Errorf("%s: the data folder is %+v", arch, h)
		}
		if h := heads["tmp/"]; h == nil || h.Mode != 0o1777 {
			t.Errorf("%s: /tmp is %+v", arch, h)
		}
		for name, h := range heads {
			if !h.ModTime.Equal(commit) {
				t.Errorf("%s: %s is of %v", arch, name, h.ModTime)
			}
		}
		if c := i.config; c.Config.User != "10001:10001" || c.Architecture != arch || !c.Created.Equal(commit) || c.Config.Healthcheck.Test[2] != "health" {
			t.Errorf("%s: %+v", arch, c)
		}
	}
}
