package wireloom_test

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "wireloom"

// edges are the imports that are allowed: in "x < y", y may import x, directly
// and in files that are not tests. A package that is on no right side may not
// exist. After + come the modules of others. The standard library is allowed but
// for what TestCoreIsPure refuses. ARCHITECTURE.md explains the rings.
const edges = `
NONE                                                   < vnet/errno, vnet/packet, vnet/loop, vnet/fabric, vnet/signal, web, wasm/fuel, wasm/modcache, wasm/guest, internal/terminal, vnet/pcapfilter
vnet/packet, vnet/loop                                 < vnet/event
vnet/packet                                            < vnet/packet/packettest
vnet/errno, vnet/packet, vnet/inet/dialect             < vnet/kern
vnet/kern, vnet/errno, vnet/packet                     < vnet/kern/kerntest
vnet/kern, vnet/errno, vnet/packet                       < tunemu, tapemu
NONE                                                   < vnet/fabric/stp, vnet/inet/dialect
vnet/packet, vnet/fabric/stp                           < vnet/fabric/bridge
vnet/packet, vnet/fabric                               < vnet/fabric/netem
vnet/packet, vnet/fabric, vnet/fabric/bridge, vnet/fabric/stp, vnet/fabric/netem < internal/fabricconform
vnet/packet                                            < vnet/inet/tcp/wire
vnet/inet/dialect, vnet/inet/tcp/wire, vnet/errno      < vnet/inet/tcp/kernel
vnet/inet/tcp/wire                                     < vnet/inet/tcp/stream
vnet/inet/tcp/wire, vnet/inet/tcp/kernel               < vnet/inet/tcp/loss, vnet/inet/tcp/syncache
vnet/inet/dialect, vnet/inet/tcp/wire, vnet/inet/tcp/kernel, vnet/inet/tcp/stream, vnet/inet/tcp/loss, vnet/inet/tcp/syncache, vnet/errno < vnet/inet/tcp
vnet/inet/dialect, vnet/packet, vnet/errno             < vnet/inet/arp
NONE                                                   < vnet/inet/ip4/option
vnet/inet/dialect                                      < vnet/inet/ip4/limit
vnet/inet/dialect, vnet/packet                         < vnet/inet/ip4/frag
vnet/inet/dialect, vnet/packet, vnet/errno, vnet/inet/ip4/frag, vnet/inet/ip4/limit, vnet/inet/ip4/option < vnet/inet/ip4
vnet/packet, vnet/errno, vnet/inet/dialect             < vnet/inet/ip6/wire
vnet/packet, vnet/inet/ip6/wire                        < vnet/inet/ip6/mld, vnet/inet/ip6/frag
NONE                                                   < vnet/inet/ip6/limit
vnet/inet/dialect, vnet/packet, vnet/errno, vnet/inet/ip6/wire, vnet/inet/ip6/mld, vnet/inet/ip6/frag, vnet/inet/ip6/limit < vnet/inet/ip6
vnet/packet                                            < internal/kernelconform/transcript
vnet, vnet/config, vnet/machine, vnet/inet, vnet/kern, vnet/errno, vnet/event, vnet/packet, internal/product, internal/kernelconform/transcript < internal/kernelconform/peer
vnet/inet, vnet/kern, vnet/errno, vnet/packet, internal/kernelconform/transcript, internal/kernelconform/peer < internal/kernelconform/situation
vnet/kern, internal/kernelconform/transcript, internal/kernelconform/situation < internal/kernelconform
vnet/inet/arp, vnet/inet/dialect, vnet/inet/ip4, vnet/inet/ip6, vnet/inet/tcp, vnet/kern, vnet/errno, vnet/packet, vnet/event < vnet/inet
vnet/kern, vnet/errno                                  < vnet/fs
vnet/fs, vnet/inet, vnet/kern, vnet/errno, vnet/loop   < vnet/file
vnet/kern                                              < vnet/memory, vnet/shell
vnet/file, vnet/fs, vnet/inet, vnet/kern, vnet/errno, vnet/event, vnet/loop, vnet/memory, vnet/shell, vnet/signal < vnet/sys
vnet/sys, vnet/inet, vnet/kern, vnet/errno, vnet/packet, vnet/event, vnet/fabric, vnet/loop, vnet/memory < vnet/machine
vnet/sys, vnet/fs, vnet/inet, vnet/kern, vnet/packet, vnet/memory, vnet/fabric, vnet/fabric/bridge, vnet/fabric/netem, vnet/fabric/stp < vnet/config
vnet/config, vnet/machine, vnet/sys, vnet/loop, vnet/kern, vnet/errno, vnet/packet, vnet/event, vnet/fabric, vnet/fabric/bridge, vnet/fabric/netem, vnet/fabric/stp, vnet/inet, vnet/fs, vnet/memory, vnet/shell, vnet/signal < vnet
vnet/packet, vnet/pcapfilter                           < vnet/tcpdump/show
vnet/tcpdump/show                                      < vnet/tcpdump/message
vnet/packet, vnet/pcapfilter, vnet/tcpdump/show, vnet/tcpdump/message < vnet/tcpdump
vnet/sys, vnet/kern, vnet/errno                        < vnet/userland/command
vnet/userland/command, vnet/sys, vnet/inet, vnet/inet/dialect, vnet/kern, vnet/errno, vnet/packet < vnet/userland/admin
vnet/userland/command, vnet/sys, vnet/file, vnet/signal, vnet/inet, vnet/kern, vnet/errno, vnet/packet, vnet/pcapfilter, vnet/tcpdump, vnet/tcpdump/show < vnet/userland/probe
vnet/userland/command, vnet/userland/admin, vnet/sys, vnet/file, vnet/signal, vnet/inet, vnet/kern, vnet/errno, vnet/packet < vnet/userland/byhand
vnet/userland/command, vnet/sys, vnet/inet/dialect     < vnet/userland/man
vnet/userland/command, vnet/userland/admin, vnet/userland/man, vnet/userland/probe, vnet/userland/byhand, vnet/sys, vnet/file, vnet/signal, vnet/inet, vnet/kern, vnet/errno, vnet/packet < vnet/userland
vnet, vnet/sys, vnet/fs, vnet/file, vnet/signal, vnet/inet, vnet/kern, vnet/errno, wasm/fuel, wasm/modcache + wazero, sys < wasm
NONE                                                   < vnet/inet/host/alarm, vnet/inet/host/pcb
vnet/packet                                            < vnet/inet/host/udp
vnet/packet, vnet/kern, vnet/inet/tcp/wire             < vnet/inet/host/account
vnet/inet                                              < vnet/inet/host/route, vnet/inet/host/sockbuf
vnet/inet, vnet/inet/arp, vnet/inet/dialect, vnet/inet/ip4, vnet/inet/ip6, vnet/inet/ip6/wire, vnet/inet/tcp, vnet/inet/host/account, vnet/inet/host/alarm, vnet/inet/host/pcb, vnet/inet/host/route, vnet/inet/host/sockbuf, vnet/inet/host/udp, vnet/kern, vnet/errno, vnet/packet < vnet/inet/host
NONE                                                   < internal/dissect
vnet/packet, internal/dissect + gopacket               < internal/decode
vnet/packet + sys                                      < internal/kernelrecord
internal/decode                                        < internal/filter
NONE                                                   < scenarios
vnet/packet + go-yaml                                  < internal/scenario/format
vnet, vnet/config, vnet/sys, vnet/event, vnet/errno, vnet/signal, internal/decode, internal/scenario/format < internal/scenario/run
vnet, vnet/config, vnet/fabric/bridge, vnet/fabric/netem, internal/decode, internal/scenario/format, internal/scenario/run < internal/scenario/verb
vnet, vnet/config, vnet/event, vnet/errno, vnet/packet, vnet/fabric/bridge, vnet/userland/byhand, internal/decode, internal/scenario/format, internal/scenario/run, internal/scenario/verb < internal/scenario/verb/act
vnet, vnet/config, vnet/sys, vnet/fs, vnet/errno, vnet/inet, vnet/kern, vnet/packet, vnet/fabric/bridge, internal/decode, internal/filter, internal/scenario/format, internal/scenario/run, internal/scenario/verb < internal/scenario/verb/look
vnet, vnet/config, vnet/sys, vnet/fs, vnet/memory, vnet/inet, vnet/kern, vnet/packet, vnet/fabric/bridge, internal/decode, internal/scenario/format, internal/scenario/verb, internal/scenario/verb/act, internal/scenario/verb/look + text < internal/scenario
vnet, vnet/event, vnet/errno, internal/scenario, internal/scenario/format, internal/scenario/run, internal/scenario/verb < internal/scenario/grade
NONE                                                   < internal/program
scenarios, internal/scenario, internal/diskfile, internal/program, internal/terminal < internal/open
NONE                                                   < internal/diskfile
internal/terminal                                      < internal/strictjson, internal/visitor
internal/diskfile                                      < internal/handin, internal/sign
vnet, vnet/config, vnet/sys, vnet/memory, internal/strictjson                 < internal/recording
NONE                                                   < internal/lockfile
NONE + sys                                             < internal/budget
NONE                                                   < internal/sched
vnet, vnet/config, vnet/sys, vnet/memory, vnet/event, internal/recording, internal/budget, internal/lockfile, internal/sched < internal/session
vnet, vnet/config, internal/recording, internal/session, internal/strictjson < internal/journal
vnet, vnet/config, vnet/sys, internal/budget, internal/door, internal/journal, internal/sched, internal/session, internal/store, internal/visitor < internal/keeper
wasm + sys                                             < internal/compilechild
vnet, vnet/config, vnet/sys, vnet/kern, vnet/userland, tunemu, tapemu, wasm, wasm/modcache, vnet/inet/host, internal/program, internal/scenario, internal/scenario/format, internal/recording, internal/session, internal/budget, internal/compilechild < internal/product
internal/scenario, internal/scenario/grade             < internal/report/document
internal/scenario, internal/scenario/grade, internal/report/document, internal/decode, internal/sign, internal/strictjson, vnet/packet, internal/terminal, internal/junit < internal/report
vnet, internal/program, internal/product, internal/report/document, internal/scenario, internal/scenario/format, internal/scenario/grade, internal/session < internal/submission
NONE                                                   < internal/junit
internal/scenario, internal/scenario/grade, internal/report, internal/terminal + go-yaml, text < internal/batch
NONE                                                   < internal/gradebook/mark
internal/gradebook/mark, internal/terminal, internal/junit < internal/gradebook/sheet
internal/gradebook/mark, internal/gradebook/sheet, internal/batch, internal/open, internal/program, internal/protocol/class, internal/report, internal/scenario, internal/session, internal/sign, internal/store, internal/store/blob, internal/terminal, internal/visitor < internal/gradebook
vnet, vnet/event, vnet/packet, internal/decode, internal/filter, internal/terminal < internal/pcap
vnet, vnet/kern, vnet/errno, tunemu, tapemu            < internal/conform
internal/decode                                        < internal/protocol
NONE                                                   < internal/protocol/class
NONE                                                   < internal/typescript, internal/completion
vnet, vnet/errno, vnet/event, vnet/packet, internal/sched, internal/session, internal/decode, internal/filter, internal/protocol, internal/switchboard, internal/visitor, internal/strictjson, internal/terminal, internal/keepalive, internal/stream/carrier, internal/stream/flow, internal/stream/gapped, internal/stream/object < internal/stream
NONE                                                   < internal/stream/flow, internal/stream/gapped, internal/stream/object, internal/keepalive
NONE + websocket                                       < internal/stream/carrier
vnet, vnet/config, vnet/fabric/bridge, internal/protocol, internal/terminal < internal/switchboard
vnet/config, vnet/packet, internal/session, internal/decode, internal/keepalive, internal/visitor + websocket, sys, time < internal/door
vnet, vnet/sys, vnet/event, internal/respond, internal/sched, internal/session, internal/budget, internal/decode, internal/door, internal/keeper, internal/store, internal/stream, internal/visitor, internal/labapi, internal/pcap, internal/strictjson, internal/terminal, internal/admission, internal/protocol/class, web < internal/httpapi
vnet, internal/filter, internal/pcap, internal/session, internal/terminal < internal/labapi
internal/labapi, internal/scenario, wasm/guest         < internal/listing
internal/labapi, internal/pcap, internal/product, internal/scenario, internal/sched, internal/session, internal/stream, internal/stream/carrier, internal/strictjson, internal/submission, internal/terminal < internal/tab
internal/stream/carrier, internal/tab                          < internal/tab/main
internal/listing, internal/scenario, internal/tab      < internal/site
internal/scenario/format                               < internal/settings
internal/budget, internal/door, internal/httpapi, internal/keepalive, internal/keeper, internal/session, internal/settings, internal/terminal, internal/visitor + crypto, roots, time < internal/host
vnet, vnet/errno, vnet/event, web, wasm/guest, internal/* + websocket, sys < cmd/labserver
vnet, vnet/config, vnet/sys, vnet/inet, vnet/kern, vnet/errno, vnet/event, vnet/packet, vnet/memory, tapemu, wasm, wasm/fuel, web, internal/* + sys, websocket, wazero < internal/bench
NONE                                                   < internal/mutant, internal/testcount, internal/deadcode, internal/dist
internal/mutant                                        < internal/guestbuild
vnet/sys, wasm, internal/open, internal/product, internal/scenario/grade < internal/onehash
vnet, vnet/sys, vnet/event, wasm, internal/open, internal/product, internal/program, internal/scenario, internal/scenario/format, internal/scenario/grade, internal/mutant < internal/course
NONE                                                   < internal/store/blob, internal/store/schema
internal/store/blob + pgx, sqlite                      < internal/store/verdict
internal/lockfile, internal/store/blob, internal/store/schema, internal/store/verdict + pgx, sqlite, goose < internal/store
internal/store                                         < internal/store/storetest
internal/store/storetest                               < internal/store/storetest/run
internal/terminal + go-oidc                            < internal/lti/fetch
internal/terminal + go-jose                            < internal/lti/message
internal/lti/fetch, internal/lti/message               < internal/lti/service
NONE + go-jose                                         < internal/lti/platform
internal/lti/platform                                  < internal/lti/platform/run
internal/class, internal/identity, internal/lti/fetch, internal/lti/message, internal/lti/service, internal/outbox, internal/store, internal/visitor + time < internal/lti
internal/store, internal/gradebook/mark                < internal/outbox
internal/visitor, internal/terminal, internal/protocol/class < internal/respond
internal/store, internal/visitor                       < internal/admission
internal/visitor + vm                                  < internal/metrics
internal/store, internal/visitor, internal/terminal + text < internal/identity
internal/lti/fetch, internal/terminal + go-oidc, oauth2 < internal/identity/oidc
internal/respond, internal/identity, internal/protocol/class, internal/store, internal/strictjson, internal/visitor < internal/classroom/route
internal/lti, internal/outbox, internal/class, internal/class/roster, internal/gradebook, internal/gradebook/mark, internal/gradebook/sheet, internal/report, internal/open, internal/scenario, internal/classroom/route, internal/identity, internal/identity/oidc, internal/protocol/class, internal/store, internal/visitor, internal/wall, internal/httpapi, internal/keepalive, internal/stream, internal/protocol, internal/respond, internal/terminal + oauth2, websocket, time < internal/classroom
vnet, internal/store, internal/protocol, internal/protocol/class, internal/visitor, internal/terminal + time < internal/wall
NONE + text                                            < internal/class/roster
internal/store                                         < internal/backup
internal/class, internal/gradebook, internal/identity, internal/protocol/class, internal/store < internal/privacy
internal/class/roster, internal/gradebook/mark, internal/identity, internal/open, internal/scenario, internal/store < internal/class
NONE + gVisor                                          < scenarios/netstack/reference
NONE + gVisor, tap-vsock                               < internal/bench/peer/gvtap
`

// modules are the names that edges uses for the modules of others.
var modules = map[string]string{
	"wazero":    "github.com/tetratelabs/wazero",
	"gVisor":    "gvisor.dev/gvisor",
	"tap-vsock": "github.com/containers/gvisor-tap-vsock", // of a peer that is measured: tools/peers.mod has it
	"gopacket":  "github.com/google/gopacket",
	"go-yaml":   "github.com/goccy/go-yaml",
	"roots":     "golang.org/x/crypto/x509roots/fallback", // a module of its own: what Mozilla trusts, by date
	"crypto":    "golang.org/x/crypto",
	"websocket": "nhooyr.io/websocket",
	"sys":       "golang.org/x/sys",
	"text":      "golang.org/x/text",
	"time":      "golang.org/x/time",
	"vm":        "github.com/VictoriaMetrics/metrics",
	"pgx":       "github.com/jackc/pgx/v5",
	"sqlite":    "modernc.org/sqlite",
	"goose":     "github.com/pressly/goose/v3",
	"go-jose":   "github.com/go-jose/go-jose/v4",
	"go-oidc":   "github.com/coreos/go-oidc/v3",
	"oauth2":    "golang.org/x/oauth2",
}

// core are the packages below the loop: one goroutine, virtual time, seeded
// chance, no machine. Each, or one file of it, has its exceptions, with their reason.
var core = map[string][]string{
	"vnet/errno":  nil,
	"vnet/packet": nil,
	"vnet/loop":   nil,
	"vnet/fabric": nil,

	"vnet/fabric/bridge":     nil,
	"vnet/fabric/netem":      nil,
	"vnet/fabric/stp":        nil,
	"vnet/inet":              nil,
	"vnet/inet/dialect":      nil,
	"vnet/inet/arp":          nil,
	"vnet/inet/ip4":          nil,
	"vnet/inet/ip6":          nil,
	"vnet/inet/tcp":          nil,
	"vnet/inet/tcp/wire":     nil,
	"vnet/inet/tcp/kernel":   nil,
	"vnet/inet/tcp/stream":   nil,
	"vnet/inet/tcp/loss":     nil,
	"vnet/inet/tcp/syncache": nil,
	"vnet/inet/host":         nil,
	"vnet/inet/host/account": nil,
	"vnet/inet/host/alarm":   nil,
	"vnet/inet/host/pcb":     nil,
	"vnet/inet/host/route":   nil,
	"vnet/inet/host/sockbuf": nil,
	"vnet/inet/host/udp":     nil,
	"vnet/fs":                nil,
	"vnet/file":              nil,
	"vnet/memory":            nil,
	"vnet/shell":             nil,
	"vnet/signal":            nil,
	"vnet/machine":           nil,
	"vnet/config":            nil,
	"vnet/event":             {"sync", "sync/atomic", "channel"}, // live readers read the log while the loop appends
	"vnet/kern":              nil,
	"tunemu":                 nil,
	"tapemu":                 nil,
	"vnet":                   nil,
	"vnet/userland":          nil,
	"vnet/pcapfilter":        nil,

	"vnet/tcpdump":         nil,
	"vnet/tcpdump/show":    nil,
	"vnet/tcpdump/message": nil,

	"vnet/userland/command": nil,
	"vnet/userland/admin":   nil,
	"vnet/userland/man":     nil,
	"vnet/userland/probe":   nil,
	"vnet/userland/byhand":  nil,
	"scenarios":             nil,

	"vnet/inet/ip4/frag":   nil,
	"vnet/inet/ip4/limit":  nil,
	"vnet/inet/ip4/option": nil,
	"vnet/inet/ip6/wire":   nil,
	"vnet/inet/ip6/mld":    nil,
	"vnet/inet/ip6/frag":   nil,
	"vnet/inet/ip6/limit":  nil,

	"internal/scenario":           nil,
	"internal/scenario/format":    nil,
	"internal/scenario/run":       nil,
	"internal/scenario/verb":      nil,
	"internal/scenario/verb/act":  nil,
	"internal/scenario/verb/look": nil,
	"internal/scenario/grade":     nil,

	"wasm/fuel": nil,
	"wasm":      nil,
	// The engine compiles off the loop, for all labs of a server.
	"wasm/engine.go":    {"sync", "sync/atomic", "channel", "goroutine", "os"},
	"wasm/native.go":    {"sync", "os", "channel"},
	"wasm/interpret.go": {"channel"},
	"wasm/recycle.go":   {"sync", "sync/atomic"},
	// Guests' memory is the system's.
	"wasm/region_unix.go":  {"golang.org/x/sys/unix"},
	"wasm/region_linux.go": {"golang.org/x/sys/unix"},
	"wasm/image.go":        {"sync/atomic", "os"},
	"wasm/image_linux.go":  {"golang.org/x/sys/unix"},
}

// How much a room, which is a package, may have beside its tests. One that has more is two
// things, or has one in it that could stand alone: a value with a name of the field, whose tests
// need nothing of the rest.
const (
	maxFiles = 20
	maxLines = 3000
)

// large are the rooms that have more, each with the reason, or with where it is to be cut.
var large = map[string]string{
	"cmd/labserver":   "the program: a file a command, with its flags and its sentences, and what it does behind them is internal's. To be cut: grading (grade, gradeall, gradeworker, grading, regrade, repeat)",
	"internal/bench":  "the measurements of make bench, a file each, and what they measure with; no program that is handed out has it",
	"internal/decode": "a frame as a tree for people, both ways. To be cut where it is not read but built and compared: build, reply, want, match",
	"vnet/kern":       "the kernels' own files, by their names there, so that one finds the other; they call each other as they do there",
	"wasm":            "what a program imports, a file a group, each a few lines between its memory and a call of vnet/sys, and the two engines that run it",
}

// impure are the packages of the standard library that reach the machine or
// other goroutines.
var impure = []string{
	"sync", "sync/atomic", "os", "os/exec", "os/signal", "os/user", "net", "net/http",
	"log", "log/slog", "syscall", "crypto/rand", "golang.org/x/sys/unix",
}

// realTime are the functions of package time that read or wait for the real clock.
var realTime = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// seeded are the names of math/rand that don't use the global source.
var seeded = []string{"New", "NewSource", "NewPCG", "NewChaCha8", "NewZipf", "Rand", "Source", "Source64", "PCG", "ChaCha8", "Zipf"}

// source is a parsed Go file that is not a test.
type source struct {
	file string // slash-separated, relative to the root
	pkg  string // its folder: the import path within the module
	ast  *ast.File
	fset *token.FileSet
}

// sources parses every Go file of the tree, whatever system it is built for.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() {
			if name != "." && (base[0] == '.' || base[0] == '_' || base == "testdata" || base == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") || strings.HasSuffix(base, "_test.go") {
			return nil
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		all = append(all, source{name, path.Dir(name), f, fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no Go files found: the test must run in the module's root")
	}
	return all
}

// imports maps the name of each import in the file to its path.
func (s source) imports(t *testing.T) map[string]string {
	t.Helper()
	m := map[string]string{}
	for _, spec := range s.ast.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatalf("%s: import %s: %v", s.file, spec.Path.Value, err)
		}
		name := path.Base(p)
		if name == "v2" {
			name = path.Base(path.Dir(p))
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name == "_" || name == "." { // several imports may share the name
			name += p
		}
		m[name] = p
	}
	return m
}

// guest tells whether the file is of a program that runs in a lab, or of the SDK
// for such programs.
func (s source) guest() bool {
	return strings.HasPrefix(s.pkg, "wasm/guest/") || strings.HasPrefix(s.pkg, "scenarios/") || strings.HasPrefix(s.pkg, "internal/bench/guests/")
}

// parseEdges reads the table: the importable things of each package, with the
// paths of other people's modules among them.
func parseEdges(text string) (map[string][]string, error) {
	allowed := map[string][]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		left, right, ok := strings.Cut(line, " < ")
		if !ok {
			return nil, fmt.Errorf("%q: want \"x, y + module < z\"", line)
		}
		ours, theirs, _ := strings.Cut(left, "+")
		var from []string
		for _, name := range list(ours) {
			if name != "NONE" {
				from = append(from, module+"/"+name)
			}
		}
		for _, name := range list(theirs) {
			if modules[name] == "" {
				return nil, fmt.Errorf("%q: no module is called %s", line, name)
			}
			from = append(from, modules[name])
		}
		for _, name := range list(right) {
			if _, twice := allowed[name]; twice {
				return nil, fmt.Errorf("%q: %s is already on another line", line, name)
			}
			allowed[name] = from
		}
	}
	return allowed, nil
}

func list(text string) []string {
	return slices.DeleteFunc(strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }), func(s string) bool { return s == "" })
}

// mayImport tells whether what a package may import covers an import.
func mayImport(from []string, imp string) bool {
	return slices.ContainsFunc(from, func(a string) bool {
		if dir, ok := strings.CutSuffix(a, "/*"); ok {
			return strings.HasPrefix(imp, dir+"/")
		}
		return imp == a || !strings.HasPrefix(a, module+"/") && strings.HasPrefix(imp, a+"/")
	})
}

// standard tells whether an import is of the standard library: its first element
// has no dot.
func standard(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return first != module && !strings.Contains(first, ".")
}

func TestImports(t *testing.T) {
	allowed, err := parseEdges(edges)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources(t) {
		from, known := allowed[s.pkg]
		switch {
		case s.guest():
			from = append(slices.Clone(from), module+"/wasm/guest/*")
		case !known:
			t.Errorf("%s: package %s is not in the table of arch_test.go: add a line that says what it may import, and to ARCHITECTURE.md what it is for", s.file, s.pkg)
			continue
		}
		for _, imp := range s.imports(t) {
			if !standard(imp) && !mayImport(from, imp) {
				t.Errorf("%s imports %s: %s may import %s. Pass in what it needs, or add the edge to the table of arch_test.go on purpose",
					s.file, imp, s.pkg, words(from))
			}
		}
	}
}

// ghosts are the names in the table that no package has: an edge to nothing looks as
// if it kept something out.
func ghosts(allowed map[string][]string, exists map[string]bool) []string {
	var found []string
	for name, from := range allowed {
		if !exists[module+"/"+name] {
			found = append(found, name)
		}
		for _, f := range from {
			dir, all := strings.CutSuffix(f, "/*")
			some := all && slices.ContainsFunc(slices.Collect(maps.Keys(exists)), func(p string) bool { return strings.HasPrefix(p, dir+"/") })
			if strings.HasPrefix(f, module+"/") && !exists[f] && !some {
				found = append(found, strings.TrimPrefix(f, module+"/"))
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestNoGhosts(t *testing.T) {
	allowed, err := parseEdges(edges)
	if err != nil {
		t.Fatal(err)
	}
	exists := map[string]bool{}
	for _, s := range sources(t) {
		exists[module+"/"+s.pkg] = true
	}
	for _, name := range ghosts(allowed, exists) {
		t.Errorf("the table of arch_test.go names %s, and there is no such package: take it out", name)
	}
	for name := range core {
		if _, err := os.Stat(filepath.FromSlash(name)); err != nil {
			t.Errorf("arch_test.go keeps %s pure, and there is no such package or file: take it out", name)
		}
	}
	allowed, err = parseEdges("NONE < a, gone\na, missing, c/*, d/* < b")
	if err != nil {
		t.Fatal(err)
	}
	got := ghosts(allowed, map[string]bool{"wireloom/a": true, "wireloom/b": true, "wireloom/c/x": true})
	if want := []string{"d/*", "gone", "missing"}; !slices.Equal(got, want) {
		t.Errorf("ghosts of a table with three: got %q, want %q", got, want)
	}
}

func words(from []string) string {
	if len(from) == 0 {
		return "the standard library only"
	}
	return strings.ReplaceAll(strings.Join(from, ", "), module+"/", "")
}

// A size is what a room has beside its tests.
type size struct{ files, lines int }

func (s size) large() bool { return s.files > maxFiles || s.lines > maxLines }

// crowded says what is wrong with the rooms' sizes, where some may be large.
func crowded(sizes map[string]size, large map[string]string) []string {
	var wrong []string
	for room, s := range sizes {
		if _, may := large[room]; s.large() && !may {
			wrong = append(wrong, fmt.Sprintf("%s has %d files and %d lines beside its tests, and may have %d and %d: take out what is a thing of its own, or say in arch_test.go why it is one room",
				room, s.files, s.lines, maxFiles, maxLines))
		}
	}
	for room, why := range large {
		switch s, there := sizes[room]; {
		case !there:
			wrong = append(wrong, fmt.Sprintf("arch_test.go lets %s be large, and there is no such package: take it out", room))
		case !s.large():
			wrong = append(wrong, fmt.Sprintf("arch_test.go lets %s be large, and it is not any more: take it out", room))
		case why == "":
			wrong = append(wrong, fmt.Sprintf("arch_test.go lets %s be large and does not say why", room))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// maxFields is how many fields a struct has whose comment says nothing about them.
const maxFields = 20

// TestWideStructsSayWhy: a struct with many fields is several things, unless its comment says
// what its fields are: a standard's, a file's, a kernel's.
func TestWideStructsSayWhy(t *testing.T) {
	reason := regexp.MustCompile(`\b(fields|columns|counters|sides)\b`)
	wide := 0
	for _, s := range sources(t) {
		for _, d := range s.ast.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range decl.Specs {
				x, ok := spec.(*ast.TypeSpec)
				if !ok {
					continue
				}
				fields, ok := x.Type.(*ast.StructType)
				if !ok || fields.Fields.NumFields() <= maxFields {
					continue
				}
				wide++
				if doc := cmp.Or(x.Doc.Text(), decl.Doc.Text()); !reason.MatchString(doc) {
					t.Errorf("%s: %s has %d fields: make values of its own of what belongs together, or say in its comment what its fields are", s.fset.Position(x.Pos()), x.Name, fields.Fields.NumFields())
				}
			}
		}
	}
	if wide < 10 {
		t.Errorf("%d structs have more than %d fields: does this test look at them?", wide, maxFields)
	}
}

func TestRoomsAreOfOneThing(t *testing.T) {
	sizes := map[string]size{}
	for _, s := range sources(t) {
		room := sizes[s.pkg]
		room.files++
		room.lines += s.fset.File(s.ast.Package).LineCount()
		sizes[s.pkg] = room
	}
	for _, wrong := range crowded(sizes, large) {
		t.Error(wrong)
	}
	got := crowded(map[string]size{
		"just": {maxFiles, maxLines}, "files": {maxFiles + 1, 1}, "lines": {1, maxLines + 1}, "may": {1, maxLines + 1}, "mute": {1, maxLines + 1}, "shrunk": {1, 1},
	}, map[string]string{"may": "why", "mute": "", "shrunk": "why", "gone": "why"})
	var about []string
	for _, wrong := range got {
		about = append(about, strings.Join(strings.Fields(strings.TrimPrefix(wrong, "arch_test.go lets "))[:1], " "))
	}
	slices.Sort(about)
	if want := []string{"files", "gone", "lines", "mute", "shrunk"}; !slices.Equal(about, want) {
		t.Errorf("got %q, want what is wrong with %q", got, want)
	}
}

// Guests are built for wasip1 by guestbuild. For `go build ./...` they must not
// exist.
func TestGuestProgramsAreForWasip1(t *testing.T) {
	for _, s := range sources(t) {
		if s.guest() && s.ast.Name.Name == "main" && !forWasip1(s.ast) {
			t.Errorf("%s: a program that runs in a lab starts with //go:build wasip1", s.file)
		}
	}
}

// ownStore is a test that opens a store on a database of its own choice.
var ownStore = regexp.MustCompile(`(?:store|storetest)\.Open\([^,\n]+, store\.Options\{`)

// The store's own tests apart, a test has the database that the run asks for: a query, a retry or an
// order that only one of them has shows there.
func TestStoresOfTestsAreOnEitherDatabase(t *testing.T) {
	files, opened := 0, 0
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == filepath.Join("internal", "store") || d.Name() == "node_modules" || name != "." && d.Name()[0] == '.'):
			return fs.SkipDir
		case !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		files++
		if bytes.Contains(text, []byte("storetest.")) {
			opened++
		}
		if m := ownStore.Find(text); m != nil && name != "arch_test.go" {
			t.Errorf("%s: %s...: take the options from storetest.Fresh, or have storetest.Each", name, m)
		}
		return nil
	})
	if err != nil || files == 0 || opened < 10 {
		t.Fatalf("%d files of tests, of which %d have a store, %v", files, opened, err)
	}
}

func forWasip1(f *ast.File) bool {
	for _, group := range f.Comments {
		for _, c := range group.List {
			if group.Pos() > f.Package || !constraint.IsGoBuild(c.Text) {
				continue
			}
			expr, err := constraint.Parse(c.Text)
			return err == nil && expr.Eval(func(tag string) bool { return tag == "wasip1" }) && !expr.Eval(func(string) bool { return false })
		}
	}
	return false
}

// A run is a function of scenario, programs, seed and commands: so the core has
// no goroutine, lock, channel, clock, chance, file or socket of its own.
func TestCoreIsPure(t *testing.T) {
	for _, s := range sources(t) {
		except, ok := core[s.pkg]
		if !ok {
			continue
		}
		except = append(slices.Clone(except), core[s.file]...)
		for _, found := range impurities(s, s.imports(t)) {
			if !slices.Contains(except, found.kind) {
				t.Errorf("%s: %s: %s is core, where a run must be reproducible; let the lab's loop, or a caller at the edge, do it",
					s.fset.Position(found.pos), found.what, s.pkg)
			}
		}
	}
}

// impurity is one use of what core must not use.
type impurity struct {
	pos  token.Pos
	kind string // what an exception names: an import path, "channel", "goroutine", "time", "rand"
	what string
}

// impurities lists what a file has of goroutines, channels, real time, global
// rand and impure imports.
func impurities(s source, imports map[string]string) []impurity {
	var found []impurity
	for _, spec := range s.ast.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil && slices.Contains(impure, p) {
			found = append(found, impurity{spec.Pos(), p, "import of " + p})
		}
	}
	ast.Inspect(s.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, impurity{n.Pos(), "goroutine", "go statement"})
		case *ast.ChanType:
			found = append(found, impurity{n.Pos(), "channel", "channel type"})
		case *ast.SelectStmt:
			found = append(found, impurity{n.Pos(), "channel", "select"})
		case *ast.SendStmt:
			found = append(found, impurity{n.Pos(), "channel", "send on a channel"})
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				found = append(found, impurity{n.Pos(), "channel", "receive from a channel"})
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				found = append(found, selected(n, imports[x.Name])...)
			}
		}
		return true
	})
	return found
}

// selected judges a name selected from an imported package.
func selected(n *ast.SelectorExpr, imp string) []impurity {
	name := n.Sel.Name
	switch {
	case imp == "time" && slices.Contains(realTime, name):
		return []impurity{{n.Pos(), "time", "time." + name}}
	case (imp == "math/rand" || imp == "math/rand/v2") && !slices.Contains(seeded, name):
		return []impurity{{n.Pos(), "rand", "rand." + name + ", which is not seeded"}}
	}
	return nil
}

// The test of the tests: what they look for is found.
func TestImpuritiesAreFound(t *testing.T) {
	const head = "package p\n"
	for _, c := range []struct {
		name, code string
		want       string // kinds, in order
	}{
		{"a lock", "import \"sync\"\nvar mu sync.Mutex", "sync"},
		{"a goroutine", "func f() { go f() }", "goroutine"},
		{"a channel", "var c chan int", "channel"},
		{"a channel made by another", "func f() { <-g() }", "channel"},
		{"the clock", "import \"time\"\nvar t = time.Now()", "time"},
		{"the clock under another name", "import clock \"time\"\nvar t = clock.Now", "time"},
		{"a duration is no clock", "import \"time\"\nvar d = time.Second", ""},
		{"the global source", "import \"math/rand/v2\"\nvar n = rand.IntN(3)", "rand"},
		{"a seeded source", "import \"math/rand/v2\"\nvar r = rand.New(rand.NewPCG(1, 2))", ""},
		{"a file", "import \"os\"\nvar f, err = os.Open(\"x\")", "os"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, "p.go", head+c.code, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			s := source{"p.go", "p", f, fset}
			var got []string
			for _, i := range impurities(s, s.imports(t)) {
				got = append(got, i.kind)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestEdges(t *testing.T) {
	allowed, err := parseEdges("NONE < a\na + wazero < b\nc/* < d")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		pkg, imp string
		want     bool
	}{
		{"a", "wireloom/b", false},
		{"b", "wireloom/a", true},
		{"b", "wireloom/a/x", false},
		{"b", "github.com/tetratelabs/wazero/api", true},
		{"b", "github.com/tetratelabs/wazerox", false},
		{"d", "wireloom/c/x", true},
		{"d", "wireloom/c", false},
	} {
		if got := mayImport(allowed[c.pkg], c.imp); got != c.want {
			t.Errorf("%s imports %s: got %v, want %v", c.pkg, c.imp, got, c.want)
		}
	}
	for _, text := range []string{"a", "a + unheard < b", "NONE < a\nNONE < a"} {
		if _, err := parseEdges(text); err == nil {
			t.Errorf("%q: got no error", text)
		}
	}
}

// The path in go.mod is the one that the table is about.
func TestModulePath(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if first, _, _ := strings.Cut(string(mod), "\n"); strings.TrimSpace(first) != "module "+module {
		t.Errorf("go.mod starts with %q, want module %s", first, module)
	}
}
