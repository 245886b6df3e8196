package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// built is what make builds before the tests.
const built = "bin/labserver"

// needs fails the test where CI lacks something, and skips it elsewhere.
func needs(t *testing.T, ok bool, what string) {
	t.Helper()
	switch {
	case ok:
	case os.Getenv("CI") != "":
		t.Fatal(what)
	default:
		t.Skip(what)
	}
}

// within runs a script in a copy of this machine, which a namespace makes: what it writes
// goes to a layer above, ROOT is the copy and UPPER the layer.
func within(t *testing.T, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-euc", `
		mount -t tmpfs -o size=1g tmpfs "$BASE"
		mkdir "$BASE/upper" "$BASE/work" "$BASE/root"
		mount -t overlay -o "lowerdir=/,upperdir=$BASE/upper,workdir=$BASE/work" overlay "$BASE/root"
		export ROOT="$BASE/root" UPPER="$BASE/upper" DEBIAN_FRONTEND=noninteractive
		mount -t proc proc "$ROOT/proc"
		mount -t tmpfs tmpfs "$ROOT/run"
		mount --rbind /dev "$ROOT/dev"
		ip link set lo up
		`+script)
	cmd.Env = append(os.Environ(), "BASE="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// packages packages the program of this architecture.
func packages(t *testing.T) (dir, deb, image string) {
	t.Helper()
	needs(t, os.Geteuid() == 0, "only root can make a copy of this machine")
	t.Chdir("../..")
	program, err := filepath.Abs(built)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		needs(t, false, "make build makes the program: "+err.Error())
	}
	dir = t.TempDir()
	if err := dist(dir, "v9.9", commit, []string{runtime.GOARCH + "=" + program}); err != nil {
		t.Fatal(err)
	}
	return dir, filepath.Join(dir, "wireloom_9.9_"+runtime.GOARCH+".deb"), filepath.Join(dir, "wireloom-v9.9-oci.tar")
}

// TestThePackages installs what make dist makes, as an operator would: the service's program
// runs as its user by its settings; settings that were changed survive an upgrade; and purging
// leaves nothing but the data. The image's program runs where there is nothing else.
func TestThePackages(t *testing.T) {
	dir, deb, image := packages(t)
	t.Run("lintian has nothing to say", func(t *testing.T) {
		out, err := exec.Command("lintian", "--allow-root", "--fail-on", "error,warning", deb).CombinedOutput()
		if err != nil || len(bytes.TrimSpace(bytes.ReplaceAll(out, []byte("running with root privileges is not recommended!"), nil))) > 0 {
			t.Errorf("%v: %s", err, out)
		}
	})
	t.Run("a Debian package", func(t *testing.T) {
		doc, err := os.ReadFile("docs/hosting.md")
		if err != nil {
			t.Fatal(err)
		}
		operator := regexp.MustCompile(`(?m)^    (runuser .*) "Your Name" (.*)$`).FindSubmatch(doc) // as the document has it
		if operator == nil {
			t.Fatal("docs/hosting.md does not say how an operator is made")
		}
		t.Setenv("DEB", deb)
		t.Setenv("OPERATOR", string(operator[1])+" Ada "+string(operator[2]))
		out := within(t, `
			cp "$DEB" "$ROOT/w.deb"
			as="chroot $ROOT setpriv --reuid wireloom --regid wireloom --clear-groups --inh-caps=-all env -i PATH=/usr/bin:/bin"
			chroot "$ROOT" dpkg -i --force-depends /w.deb >/dev/null
			chroot "$ROOT" stat -c '%A %U %G %n' /etc/wireloom /etc/wireloom/config.yaml /var/lib/wireloom /usr/bin/labserver
			echo "# my own" >>"$ROOT/etc/wireloom/config.yaml"
			chroot "$ROOT" dpkg -i --force-depends /w.deb >/dev/null
			grep -c "my own" "$ROOT/etc/wireloom/config.yaml"
			chroot "$ROOT" systemd-analyze verify /lib/systemd/system/wireloom.service 2>&1 | grep -i wireloom || echo verified
			chroot "$ROOT" systemd-analyze security --offline=true --threshold=25 /lib/systemd/system/wireloom.service | grep Overall
			$as labserver serve --config /etc/wireloom/config.yaml >"$BASE/out" 2>"$BASE/log" &
			pid=$!
			for i in $(seq 200); do $as labserver health --config /etc/wireloom/config.yaml 2>/dev/null && break; sleep 0.1; done
			chroot "$ROOT" $OPERATOR | sed 's/signin=.*/signin=TOKEN/'
			kill -TERM $pid || true
			wait $pid || { cat "$BASE/log"; exit 1; }
			chroot "$ROOT" man -w labserver
			rm "$ROOT/w.deb"
			chroot "$ROOT" dpkg --purge wireloom >/dev/null 2>"$BASE/purge" || { cat "$BASE/purge"; exit 1; }
			cd "$UPPER"
			echo left:
			find . -type f -o -type c | grep -v -e '^./var/lib/dpkg/' -e '^./var/log/' -e '^./var/cache/man/' -e '^./etc/\(passwd\|group\|shadow\|gshadow\|subuid\|subgid\)-\?$' -e '^./tmp/' -e '^./etc/\.pwd\.lock$' | sed 's|lib/wireloom/blobs/.*|lib/wireloom/blobs|' | sort
		`)
		for _, want := range []string{
			"drwxr-x--- root wireloom /etc/wireloom\n", "-rw-r----- root wireloom /etc/wireloom/config.yaml\n", "drwx------ wireloom wireloom /var/lib/wireloom\n", "-rwxr-xr-x root root /usr/bin/labserver\n",
			"\n1\n", "\nverified\n", "\nready\n", "http://127.0.0.1:8080/#signin=TOKEN\n", "/usr/share/man/man1/labserver.1.gz\n", "./var/lib/wireloom/wireloom.db\n",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("it doesn't say %q: %s", want, out)
			}
		}
		_, left, _ := strings.Cut(out, "left:\n")
		for line := range strings.Lines(left) {
			if !strings.HasPrefix(line, "./var/lib/wireloom/") {
				t.Errorf("purging leaves %s", line)
			}
		}
		m := regexp.MustCompile(`Overall exposure level for wireloom.service: ([0-9.]+) `).FindStringSubmatch(out)
		if m == nil {
			t.Fatalf("systemd says nothing of the unit: %s", out)
		}
		if level, err := strconv.ParseFloat(m[1], 64); err != nil || level > 2 {
			t.Errorf("systemd-analyze security: %s, want 2.0 or less", m[1])
		}
		if !strings.Contains(string(doc), "exposure level of "+m[1]) {
			t.Errorf("docs/hosting.md does not state the exposure level of %s", m[1])
		}
	})
	t.Run("an image", func(t *testing.T) {
		b, err := os.ReadFile(image)
		if err != nil {
			t.Fatal(err)
		}
		i := readImage(t, b, runtime.GOARCH)
		layer := filepath.Join(dir, "layer.tar")
		if err := os.WriteFile(layer, i.layer, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("LAYER", layer)
		c := i.config.Config
		out := within(t, fmt.Sprintf(`
			mkdir "$BASE/image"
			tar -xpf "$LAYER" --warning=no-timestamp -C "$BASE/image"
			mkdir -p "$BASE/image/proc" # which every container has
			mount --rbind /proc "$BASE/image/proc"
			in_image="env -i %[1]s /usr/sbin/chroot --userspec=%[2]s $BASE/image"
			$in_image %[3]s %[4]s >"$BASE/out" 2>"$BASE/log" &
			pid=$!
			for i in $(seq 200); do $in_image %[5]s 2>/dev/null && break; sleep 0.1; done
			kill -TERM $pid || true
			wait $pid || { cat "$BASE/log"; exit 1; }
			grep -c '"level":"ERROR"' "$BASE/log" || true
			ls "$BASE/image/var/lib/wireloom"
			$in_image %[3]s --version
		`, strings.Join(c.Env, " "), c.User, strings.Join(c.Entrypoint, " "), strings.Join(c.Cmd, " "), strings.Join(c.Healthcheck.Test[1:], " ")))
		for _, want := range []string{"ready\n0\n", "wireloom.db\n", "labserver "} {
			if !strings.Contains(out, want) {
				t.Errorf("it doesn't say %q: %s", want, out)
			}
		}
	})
}
