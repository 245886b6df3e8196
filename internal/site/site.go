// Package site writes the folder of a page that has its labs in itself: any static server can hand it
// out. Nothing in it is for students to find: no reference program, and no step that they don't see.
package site

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wireloom/internal/listing"
	"wireloom/internal/scenario"
	"wireloom/internal/tab"
)

// A Source is what a site is made of.
type Source struct {
	Version   string
	Page      fs.FS             // as web.Dist has it
	Lab       fs.FS             // the labs as a program for browsers: lab.wasm and wasm_exec.js; samples, if there are any
	SDK       map[string][]byte // what programs are built with
	Scenarios []*scenario.Scenario
}

// folders are those of a site, which are written anew each time.
var folders = []string{"assets", "lab", "samples", "scenarios", "sdk", "starters"}

// policy is what the page may do, as a server says it in a header. Its worker may run WebAssembly
// all the same: that is under a policy of its own, of which a static server says nothing.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'"

//go:embed sw.js
var serviceWorker string

// Files returns the files of a site by their names.
func Files(s Source) (map[string][]byte, error) {
	files := map[string][]byte{}
	if err := s.page(files); err != nil {
		return nil, err
	}
	if err := s.lab(files); err != nil {
		return nil, err
	}
	for name, b := range s.SDK {
		files["sdk/"+name] = b
	}
	site := tab.Site{Version: s.Version, Scenarios: []tab.Offer{}}
	for _, sc := range s.Scenarios {
		o, err := offer(files, sc)
		if err != nil {
			return nil, err
		}
		o.Opens = len(s.Scenarios) == 1
		site.Scenarios = append(site.Scenarios, o)
	}
	b, err := json.Marshal(site)
	if err != nil {
		return nil, err
	}
	files["site.json"] = b
	files["icon.svg"] = []byte(icon)
	files["manifest.webmanifest"] = []byte(manifest)
	names := slices.Sorted(maps.Keys(files))
	version := sha256.New()
	for _, name := range names {
		fmt.Fprintf(version, "%q %d\n", name, len(files[name]))
		version.Write(files[name])
	}
	list, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	files["sw.js"] = []byte(strings.NewReplacer("{{version}}", hex.EncodeToString(version.Sum(nil)[:12]), "{{files}}", string(list)).Replace(serviceWorker))
	return files, nil
}

// page adds the page, which says of itself that it has its labs.
func (s *Source) page(files map[string][]byte) error {
	err := fs.WalkDir(s.Page, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == "placeholder.html" {
			return err
		}
		files[name], err = fs.ReadFile(s.Page, name)
		return err
	})
	if err != nil {
		return err
	}
	const head = `<meta charset="utf-8" />`
	index := files["index.html"]
	if !bytes.Contains(index, []byte(head)) {
		return errors.New("this program was built without its page: run make build")
	}
	files["index.html"] = bytes.Replace(index, []byte(head), []byte(head+`
    <meta http-equiv="Content-Security-Policy" content="`+policy+`" />
    <meta name="referrer" content="no-referrer" />
    <meta name="wireloom-site" content="site.json" />
    <link rel="manifest" href="manifest.webmanifest" />`), 1)
	return nil
}

// lab adds the program of the labs, packed: it is a fifth of the size then, on whatever host.
func (s *Source) lab(files map[string][]byte) error {
	program, err := fs.ReadFile(s.Lab, "lab.wasm")
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(program); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	files["lab/lab.bin"] = packed.Bytes()
	if files["lab/wasm_exec.js"], err = fs.ReadFile(s.Lab, "wasm_exec.js"); err != nil {
		return err
	}
	samples, err := fs.Glob(s.Lab, "samples/*.wasm")
	if err != nil {
		return err
	}
	for _, name := range samples {
		if files[name], err = fs.ReadFile(s.Lab, name); err != nil {
			return err
		}
	}
	return nil
}

// Complete reports whether a lab of a scenario is what it should be where its own programs are not
// given away: its slots are for its visitors to fill, or there are none.
func Complete(sc *scenario.Scenario) (bool, error) {
	files, err := sc.Starter()
	return files != nil || len(sc.Slots()) == 0, err
}

// offer adds what is given away of a scenario.
func offer(files map[string][]byte, sc *scenario.Scenario) (tab.Offer, error) {
	starter, err := listing.Starter(sc)
	if err != nil {
		return tab.Offer{}, err
	}
	seen, whole, err := sc.Abridge(scenario.Student)
	if err != nil {
		return tab.Offer{}, err
	}
	o := tab.Offer{Scenario: listing.Of(sc, starter != nil, false), Folder: "scenarios/" + sc.Name + ".zip", Abridged: !whole}
	if files[o.Folder] != nil {
		return tab.Offer{}, fmt.Errorf("%s: there are two scenarios of that name", sc.Name)
	}
	if files[o.Folder], err = listing.Zip("", seen); err != nil {
		return tab.Offer{}, err
	}
	if starter != nil {
		o.Starter = "starters/" + sc.Name + ".zip"
		files[o.Starter] = starter
	}
	return o, nil
}

// Write writes a site into a folder, which is new, empty, or has one that was written before.
func Write(dir string, files map[string][]byte) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, old := os.Stat(filepath.Join(dir, "site.json"))
	if len(entries) > 0 && old != nil {
		return fmt.Errorf("%s has files that are no site's: name an empty folder, or one that a site was written into", dir)
	}
	for _, f := range folders {
		if err := os.RemoveAll(filepath.Join(dir, f)); err != nil {
			return err
		}
	}
	// What a browser looks at to find a newer site comes last.
	names := slices.SortedFunc(maps.Keys(files), func(a, b string) int {
		return strings.Compare(last(a), last(b))
	})
	for _, name := range names {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, files[name], 0o644); err != nil { //nolint:gosec // it is for everybody to read
			return err
		}
	}
	return nil
}

// last puts sw.js behind all other names.
func last(name string) string {
	if name == "sw.js" {
		return "\xff"
	}
	return name
}

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0b5cad"/><path d="M2 5h12M2 11h12M5 2v12M11 2v12" stroke="#fff" stroke-width="1.4"/></svg>
`

const manifest = `{
  "name": "Wireloom",
  "short_name": "Wireloom",
  "description": "A network lab in the browser",
  "start_url": ".",
  "scope": ".",
  "display": "standalone",
  "background_color": "#0b5cad",
  "theme_color": "#0b5cad",
  "icons": [{ "src": "icon.svg", "sizes": "any", "type": "image/svg+xml" }]
}
`
