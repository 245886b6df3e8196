package guest

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// debianClangXX compiles a C++ file as Debian's clang does with its libc++, and returns
// what the compiler said if it did not.
func debianClangXX(t testing.TB, src string, flags ...string) (module []byte, said string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.wasm")
	args := []string{"--target=wasm32-wasi", "-fno-exceptions", "-Iinclude", "-O2", "-g0", "-Wall", "-Wextra", "-Werror", "-Wl,-z,stack-size=262144", "-Wl,--stack-first"}
	cmd := exec.Command("clang++", append(append(args, flags...), src, "-o", out)...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Sprintf("%v: %v\n%s(needs what Debian has in clang, lld, wasi-libc, libclang-rt-14-dev-wasm32, libc++-14-dev-wasm32 and libc++abi-14-dev-wasm32)", cmd.Args, err, text)
	}
	return read(t, out), ""
}

// chats is a tap that sends frames of several senders.
func chats(senders string) native {
	return func(p *sys.Proc) {
		fd, e := p.Open("/dev/tap0", kern.O_RDWR)
		must(p, e)
		p.Sleep(time.Second)
		for _, c := range []byte(senders) {
			f := make([]byte, 60)
			copy(f, "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x00\x88\xb5")
			f[11] = c
			_, e := p.Write(fd, f)
			must(p, e)
			p.Sleep(time.Second)
		}
	}
}

// The example that docs/c.md shows.
func TestExampleInCPlusPlus(t *testing.T) {
	for _, bsd := range []string{"-DLAB_FREEBSD", "-DLAB_NETBSD"} {
		t.Run(bsd, func(t *testing.T) {
			module, said := debianClangXX(t, "examples/cpp/talkers/talkers.cpp", "-std=c++17", bsd)
			if said != "" {
				t.Fatal(said)
			}
			got := onTaps(chats("\x01\x07\x01"), "talkers", "/dev/tap0").run(t, module)
			if want := "02:00:00:00:00:01: 2 frames\n02:00:00:00:00:07: 1 frames\nexit 0\n"; got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// publicHeaders are the SDK's, as a program includes them.
func publicHeaders(t *testing.T) (names []string) {
	err := fs.WalkDir(os.DirFS("include"), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(name, "lab/") && !strings.HasPrefix(name, "__") {
			names = append(names, name)
		}
		return err
	})
	if err != nil || len(names) < 60 {
		t.Fatalf("got %d headers, %v", len(names), err)
	}
	return names
}

// Every header is usable from C++, with and without warnings, in any standard, before
// and after the C++ library's, and whatever the BSD.
func TestHeadersFromCPlusPlus(t *testing.T) {
	const library = "#include <chrono>\n#include <iostream>\n#include <locale>\n#include <map>\n#include <random>\n#include <regex>\n#include <string>\n#include <vector>\n"
	var headers strings.Builder
	for _, h := range publicHeaders(t) {
		fmt.Fprintf(&headers, "#include <%s>\n", h)
	}
	// Calls link only if they are C's.
	const body = `
int
main()
{
	struct ifaddrs *list;
	struct addrinfo *found;
	struct ifreq ifr = {};
	fd_set ready;
	pid_t pid;
	char *argv[] = {const_cast<char *>("id"), nullptr};

	FD_ZERO(&ready);
	signal(SIGINT, SIG_IGN);
	return select(0, &ready, nullptr, nullptr, nullptr) + getifaddrs(&list) + getaddrinfo("a", "b", nullptr, &found) +
	    ioctl(0, SIOCGIFFLAGS, &ifr) + kqueue() + posix_spawn(&pid, "id", nullptr, nullptr, argv, environ) + system("id") +
	    int(if_nametoindex("em0")) + (popen("id", "r") != nullptr) + (getpwuid(0) != nullptr) + (if_nameindex() != nullptr) + int(recv(0, nullptr, 0, 0));
}
`
	for _, x := range []struct {
		name, text string
		flags      []string
	}{
		{"C++11", headers.String() + body, []string{"-std=c++11"}},
		{"C++14", library + headers.String() + body, []string{"-std=c++14", "-DLAB_DRAGONFLY"}},
		{"C++17", headers.String() + library + body, []string{"-std=c++17", "-DLAB_NETBSD"}},
		{"C++20, pedantic", headers.String() + library + body, []string{"-std=c++20", "-pedantic", "-Wconversion"}},
		{"within extern C", "extern \"C\" {\n#include <net/if_tap.h>\n#include <sys/ioctl.h>\n}\n" + library + headers.String() + body, []string{"-std=gnu++17"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			src := filepath.Join(t.TempDir(), "all.cpp")
			if err := os.WriteFile(src, []byte(x.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, said := debianClangXX(t, src, x.flags...); said != "" {
				t.Error(said)
			}
		})
	}
}

// In C++ another macro chooses the BSD; who uses C's is told so.
func TestBSDInCPlusPlus(t *testing.T) {
	for _, x := range []struct{ name, text, want string }{
		{"-D__FreeBSD__", "#include <vector>\n#include <net/if.h>\nint main() {}\n", "in C++ the BSD is chosen by -DLAB_FREEBSD"},
		{"-D__NetBSD__", "#include <net/if.h>\nint main() {}\n", "in C++ the BSD is chosen by -DLAB_FREEBSD"},
		{"-DLAB_FREEBSD -DLAB_NETBSD", "#include <net/if.h>\nint main() {}\n", "compiled for one BSD"},
	} {
		t.Run(x.name, func(t *testing.T) {
			src := filepath.Join(t.TempDir(), "one.cpp")
			if err := os.WriteFile(src, []byte(x.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, said := debianClangXX(t, src, strings.Fields(x.name)...); !strings.Contains(said, x.want) {
				t.Errorf("got %q, want it to say %q", said, x.want)
			}
		})
	}
}
