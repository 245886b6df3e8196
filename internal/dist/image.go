package main

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"time"
)

// The user of an image: no machine has one of this number.
const imageUser = 10001

// imageFiles are what an image has: the program, and what it looks for in a system.
func imageFiles(program []byte) tree {
	passwd := fmt.Sprintf("root:x:0:0:root:/root:/sbin/nologin\nwireloom:x:%d:%d:Wireloom:/var/lib/wireloom:/sbin/nologin\n", imageUser, imageUser)
	group := fmt.Sprintf("root:x:0:\nwireloom:x:%d:\n", imageUser)
	return tree{
		{name: "usr/bin/labserver", mode: 0o755, body: program},
		{name: "etc/passwd", mode: 0o644, body: []byte(passwd)},
		{name: "etc/group", mode: 0o644, body: []byte(group)},
		{name: "var/lib/wireloom/", mode: 0o700, owner: imageUser},
		{name: "var/cache/wireloom/", mode: 0o700, owner: imageUser},
		{name: "tmp/", mode: 0o777 | fs.ModeSticky},
	}
}

// The JSON of images (OCI image-spec 1.1: image-layout, config, manifest, index).
type (
	descriptor struct {
		MediaType   string            `json:"mediaType"`
		Digest      string            `json:"digest"`
		Size        int               `json:"size"`
		Platform    *platform         `json:"platform,omitempty"`
		Annotations map[string]string `json:"annotations,omitempty"`
	}
	platform struct {
		Architecture string `json:"architecture"`
		OS           string `json:"os"`
	}
	manifest struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Config        *descriptor  `json:"config,omitempty"`
		Layers        []descriptor `json:"layers,omitempty"`
		Manifests     []descriptor `json:"manifests,omitempty"`
	}
	imageConfig struct {
		Created time.Time `json:"created"`
		platform
		Config  runConfig `json:"config"`
		RootFS  rootFS    `json:"rootfs"`
		History []history `json:"history"`
	}
	runConfig struct {
		User         string
		Env          []string
		Entrypoint   []string
		Cmd          []string
		WorkingDir   string
		ExposedPorts map[string]struct{}
		Volumes      map[string]struct{}
		StopSignal   string
		Labels       map[string]string
		Healthcheck  healthcheck // Docker's; others ignore it
	}
	healthcheck struct {
		Test                                    []string
		Interval, Timeout, StartPeriod, Retries int64 `json:",omitempty"` // nanoseconds, but for the last
	}
	rootFS struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diff_ids"`
	}
	history struct {
		Created   time.Time `json:"created"`
		CreatedBy string    `json:"created_by"`
	}
)

const (
	typeConfig   = "application/vnd.oci.image.config.v1+json"
	typeLayer    = "application/vnd.oci.image.layer.v1.tar+gzip"
	typeManifest = "application/vnd.oci.image.manifest.v1+json"
	typeIndex    = "application/vnd.oci.image.index.v1+json"
)

// A layout is an image on its way into an OCI image layout: blobs by their hash.
type layout struct {
	blobs tree
}

// add adds a blob and returns what names it.
func (l *layout) add(mediaType string, b []byte) descriptor {
	sum := sha256.Sum256(b)
	digest := hex.EncodeToString(sum[:])
	l.blobs = append(l.blobs, file{name: "blobs/sha256/" + digest, mode: 0o644, body: b})
	return descriptor{MediaType: mediaType, Digest: "sha256:" + digest, Size: len(b)}
}

func (l *layout) addJSON(mediaType string, v any) (descriptor, error) {
	b, err := json.Marshal(v)
	return l.add(mediaType, b), err
}

// image adds the image of a program.
func (l *layout) image(program []byte, arch, version string, at time.Time) (descriptor, error) {
	layer, err := imageFiles(program).tar(at)
	if err != nil {
		return descriptor{}, err
	}
	plain := sha256.Sum256(layer)
	packed, err := zipped(layer, gzip.DefaultCompression)
	if err != nil {
		return descriptor{}, err
	}
	p := platform{arch, "linux"}
	config, err := l.addJSON(typeConfig, imageConfig{
		Created: at, platform: p,
		Config: runConfig{
			User:       fmt.Sprintf("%d:%d", imageUser, imageUser),
			Env:        []string{"WIRELOOM_ADDR=0.0.0.0:8080", "WIRELOOM_DATA=/var/lib/wireloom", "WIRELOOM_CACHE=/var/cache/wireloom", "WIRELOOM_LOG=json"},
			Entrypoint: []string{"/usr/bin/labserver"}, Cmd: []string{"serve"}, WorkingDir: "/", StopSignal: "SIGTERM",
			ExposedPorts: map[string]struct{}{"8080/tcp": {}}, Volumes: map[string]struct{}{"/var/lib/wireloom": {}},
			Labels: map[string]string{
				"org.opencontainers.image.title": "Wireloom", "org.opencontainers.image.description": "A network lab in one program, used from a browser",
				"org.opencontainers.image.version": version, "org.opencontainers.image.licenses": "BSD-2-Clause",
			},
			Healthcheck: healthcheck{
				Test:     []string{"CMD", "/usr/bin/labserver", "health"},
				Interval: int64(30 * time.Second), Timeout: int64(10 * time.Second), StartPeriod: int64(30 * time.Second), Retries: 3,
			},
		},
		RootFS:  rootFS{"layers", []string{"sha256:" + hex.EncodeToString(plain[:])}},
		History: []history{{at, "make dist"}},
	})
	if err != nil {
		return descriptor{}, err
	}
	d, err := l.addJSON(typeManifest, manifest{SchemaVersion: 2, MediaType: typeManifest, Config: &config, Layers: []descriptor{l.add(typeLayer, packed)}})
	d.Platform = &p
	return d, err
}

// oci is an OCI image layout as a tar archive, which docker load, podman load and skopeo
// read: one image of the programs of several architectures.
func oci(programs []program, version string, at time.Time) ([]byte, error) {
	l := &layout{}
	index := manifest{SchemaVersion: 2, MediaType: typeIndex}
	for _, p := range programs {
		d, err := l.image(p.body, p.arch, version, at)
		if err != nil {
			return nil, err
		}
		index.Manifests = append(index.Manifests, d)
	}
	all, err := l.addJSON(typeIndex, index)
	if err != nil {
		return nil, err
	}
	all.Annotations = map[string]string{"org.opencontainers.image.ref.name": version, "io.containerd.image.name": "wireloom:" + version}
	top, err := json.Marshal(manifest{SchemaVersion: 2, MediaType: typeIndex, Manifests: []descriptor{all}})
	if err != nil {
		return nil, err
	}
	l.blobs = append(l.blobs, file{name: "index.json", mode: 0o644, body: top}, file{name: "oci-layout", mode: 0o644, body: []byte(`{"imageLayoutVersion":"1.0.0"}`)})
	return l.blobs.tar(at)
}
