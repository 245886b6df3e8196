package main

import (
	"compress/gzip"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed debian
var debian embed.FS

func packaged(name string) []byte {
	b, err := debian.ReadFile("debian/" + name)
	if err != nil {
		panic("dist: " + err.Error()) // it is embedded
	}
	return b
}

// debVersion is a program's version as Debian orders versions: a tag such as v1.2 is 1.2,
// and a commit's, 20261201-abc, comes before every tag.
func debVersion(version string) string {
	v := strings.NewReplacer("-changed", "+changed", "-dirty", "+changed", "-", ".").Replace(version)
	if rest, ok := strings.CutPrefix(v, "v"); ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
		return rest
	}
	return "0~" + v
}

// debFiles are what the Debian package has.
func debFiles(p program, texts texts, version string, at time.Time) (tree, error) {
	paragraph := func(license string) string { // Debian's copyright format
		var b strings.Builder
		for line := range strings.Lines(license) {
			if line = strings.TrimRight(line, "\n "); line == "" {
				line = "."
			}
			b.WriteString(" " + line + "\n")
		}
		return b.String()
	}
	changelog, err := zipped(fmt.Appendf(nil, "wireloom (%s) unstable; urgency=medium\n\n  * As of this commit.\n\n -- The Wireloom authors <wireloom@example.org>  %s\n", debVersion(version), at.UTC().Format(time.RFC1123Z)), gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	manual, err := zipped(texts.manual, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	t := tree{
		{name: "usr/bin/labserver", mode: 0o755, body: p.body},
		{name: "lib/systemd/system/wireloom.service", mode: 0o644, body: packaged("wireloom.service")},
		{name: "etc/wireloom/config.yaml", mode: 0o640, body: packaged("config.yaml")},
		{name: "usr/share/man/man1/labserver.1.gz", mode: 0o644, body: manual},
		{name: "usr/share/bash-completion/completions/labserver", mode: 0o644, body: texts.completion["bash"]},
		{name: "usr/share/zsh/vendor-completions/_labserver", mode: 0o644, body: texts.completion["zsh"]},
		{name: "usr/share/fish/vendor_completions.d/labserver.fish", mode: 0o644, body: texts.completion["fish"]},
		{name: "usr/share/doc/wireloom/copyright", mode: 0o644, body: append(packaged("copyright.head"), paragraph(texts.license)...)},
		{name: "usr/share/doc/wireloom/changelog.gz", mode: 0o644, body: changelog},
		{name: "usr/share/lintian/overrides/wireloom", mode: 0o644, body: packaged("lintian-overrides")},
	}
	for name, body := range texts.docs {
		t = append(t, file{name: "usr/share/doc/wireloom/" + name, mode: 0o644, body: body})
	}
	size := 0
	for _, f := range t {
		size += len(f.body)
	}
	control := fmt.Sprintf(`Package: wireloom
Version: %s
Architecture: %s
Maintainer: The Wireloom authors <wireloom@example.org>
Installed-Size: %d
Depends: adduser, init-system-helpers (>= 1.52)
Recommends: ca-certificates
Suggests: nginx | caddy | haproxy, postgresql, wireshark
Section: education
Priority: optional
Description: network lab in one program, used from a browser
 Wireloom emulates the BSD tun(4) and tap(4) devices, plugs them into a virtual
 switch fabric, and runs WebAssembly programs that read and write them. You see
 every device call and every frame as it happens, and the same lab grades
 programs from the command line.
 .
 This package runs it as a service for classes: people, lessons, hand-ins and
 grades stay in /var/lib/wireloom. /usr/share/doc/wireloom/hosting.md is where
 to begin.
`, debVersion(version), p.arch, (size+1023)/1024)
	t = append(
		t,
		file{name: "DEBIAN/control", mode: 0o644, body: []byte(control)},
		file{name: "DEBIAN/conffiles", mode: 0o644, body: []byte("/etc/wireloom/config.yaml\n")},
	)
	for _, script := range []string{"postinst", "prerm", "postrm"} {
		t = append(t, file{name: "DEBIAN/" + script, mode: 0o755, body: packaged(script)})
	}
	return t, nil
}

// deb builds the Debian package of a program in a folder, and returns its name.
func deb(dir string, p program, texts texts, version string, at time.Time) (string, error) {
	t, err := debFiles(p, texts, version, at)
	if err != nil {
		return "", err
	}
	stage, err := os.MkdirTemp("", "wireloom-deb-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(stage) }() // it is ours
	if err := t.write(stage, at); err != nil {
		return "", err
	}
	name := fmt.Sprintf("wireloom_%s_%s.deb", debVersion(version), p.arch)
	cmd := exec.Command("dpkg-deb", "--root-owner-group", "-Zgzip", "-z6", "--build", stage, filepath.Join(dir, name))
	cmd.Env = append(os.Environ(), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", at.Unix()))
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("dpkg-deb: %w: %s", err, out)
	}
	return name, nil
}
