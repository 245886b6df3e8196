package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wireloom/internal/settings"
	"wireloom/internal/store/storetest"
)

var update = flag.Bool("update", false, "rewrite docs/config.md")

// documented is the list of all settings in Markdown: a table of those that are flags, then
// the blocks.
func documented(t *settings.Table) string {
	var b strings.Builder
	b.WriteString("| setting | is | default |\n|---|---|---|\n")
	t.Flags.VisitAll(func(f *flag.Flag) {
		what, does := flag.UnquoteUsage(f)
		if slices.Contains(t.Only, f.Name) {
			return
		}
		takes := ""
		if _, several := f.Value.(settings.Several); several {
			takes = ", a list"
		}
		if what != "" {
			takes = ": " + what + takes
		}
		or := f.DefValue
		if or == settings.Size(0).String() { // the usage says what that means
			or = ""
		}
		if or != "" {
			or = "`" + or + "`"
		}
		fmt.Fprintf(&b, "| `%s`%s | %s | %s |\n", f.Name, takes, strings.ReplaceAll(does, "|", `\|`), or)
	})
	for _, x := range t.Blocks {
		fmt.Fprintf(&b, "\n## `%s`\n\n%s\n\n```yaml\n%s```\n\n| key | is |\n|---|---|\n", x.Name, x.Doc, x.Example)
		for _, f := range x.Shape.Keys() {
			need := ""
			if f.Required {
				need = " (needed)"
			}
			fmt.Fprintf(&b, "| `%s`%s | %s |\n", f.Name, need, f.Doc)
		}
	}
	return b.String()
}

// docs/config.md lists the settings that there are.
func TestTheDocumentOfTheSettings(t *testing.T) {
	const path, begin, end = "../../docs/config.md", "<!-- settings: made by go test ./cmd/labserver -run Settings -update -->\n\n", "\n<!-- end of settings -->\n"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s does not have the lines that the settings stand between", path)
	}
	want := before + begin + documented(newServeFlags(newFlags(stdio{}, "serve", "", "")).table) + end + after
	if want == string(b) {
		return
	}
	if !*update {
		t.Fatalf("%s does not have the settings that there are: go test ./cmd/labserver -run Settings -update", path)
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil { //nolint:gosec // it is a document
		t.Fatal(err)
	}
}

// The files of settings in the documents say what there is.
func TestTheSettingsInTheDocuments(t *testing.T) {
	for _, doc := range []string{"config.md", "hosting.md", "signing-in.md"} {
		b, err := os.ReadFile("../../docs/" + doc)
		if err != nil {
			t.Fatal(err)
		}
		blocks := strings.Split(string(b), "```yaml\n")[1:]
		if doc == "config.md" && len(blocks) == 0 {
			t.Errorf("docs/%s shows no file of settings", doc)
		}
		for _, block := range blocks {
			text, _, _ := strings.Cut(block, "```")
			file := filepath.Join(t.TempDir(), "config.yaml")
			secret := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(secret, []byte("postgres://wireloom:hush@localhost/wireloom\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			for line := range strings.SplitSeq(text, "\n") { // a secret's file is there
				if _, name, ok := strings.Cut(line, "\"@"); ok {
					name, _, _ = strings.Cut(name, "\"")
					text = strings.ReplaceAll(text, name, secret)
				}
			}
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if code, out, errs := labserver(t, "serve", "--config", file, "--print-config"); code != exitOK || errs != "" || strings.Contains(out, "hush") {
				t.Errorf("docs/%s: code %d, %s%s: %s", doc, code, out, errs, text)
			}
		}
	}
}

// What follows from another setting is shown as it holds, so that the file that is shown means the same server.
func TestPrintConfigSaysWhatATLSHostBrings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	text := "tls-host: labs.example.org\ndata: /var/lib/x\n"
	for _, from := range []string{"default", file} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errs := labserver(t, "serve", "--config", file, "--print-config")
		for _, want := range []string{"\naddr: :443  # " + from, "\nhttp-addr: :80  # " + from} {
			if code != exitOK || !strings.Contains("\n"+out, want) {
				t.Errorf("it shows no %q: code %d, %s%s", want, code, out, errs)
			}
		}
		text = out
	}
}

func TestPrintConfigSaysWhatHoldsAndWhereFrom(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte("addr: 0.0.0.0:80\nmax-labs: 9\ndata: /var/lib/x\ndb: postgres://w:hush@db/w\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("WIRELOOM_CONFIG", file)
	t.Setenv("WIRELOOM_MAX_LABS", "7")
	code, out, errs := labserver(t, "serve", "--print-config", "--addr", "127.0.0.1:9", "--host", "a.example", "ping")
	for _, want := range []string{"addr: 127.0.0.1:9  # --addr\n", "max-labs: 7  # $WIRELOOM_MAX_LABS\n", "data: /var/lib/x  # " + file + ":3\n", "host: [a.example]  # --host\n", "idle: 10m0s  # default\n", "w:(secret)@db"} {
		if !strings.Contains(out, want) {
			t.Errorf("it shows no %q: code %d, %s%s", want, code, out, errs)
		}
	}
	if strings.Contains(out+errs, "hush") {
		t.Errorf("it shows a password: %s%s", out, errs)
	}
	if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, again, errs := labserver(t, "serve", "--print-config"); code != exitOK || !strings.Contains(again, "host: [a.example]  # "+file) {
		t.Errorf("what it shows is no file of settings: %s", errs)
	}
	if err := os.WriteFile(file, []byte("max-lab: 9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := labserver(t, "serve"); code != exitError || !strings.Contains(errs, file+`:1:1: there is no setting "max-lab": do you mean max-labs?`) {
		t.Errorf("code %d: %s", code, errs)
	}
}

// A campus login in the file is a way to sign in; a mistake in one is told with its place,
// and its secret to nobody.
func TestACampusLoginInTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("oidc:\n  - name: campus\n    title: Campus login\n    issuer: https://login.example.org/\n    client-id: wireloom\n    client-secret: hush\n    match-email: true\n    teachers: staff\n")
	if code, out, errs := labserver(t, "serve", "--config", file, "--print-config"); code != exitOK || !strings.Contains(out, "- name: campus\n") || strings.Contains(out+errs, "hush") {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	o := storetest.Fresh(t)
	t.Setenv("WIRELOOM_DB", o.URL)
	s := startServe(t, "--config", file, "--data", o.Dir)
	res, err := http.Get(s.url + "/api/me")
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	_ = res.Body.Close() // only read
	if err != nil || !strings.Contains(string(b), `"auth/oidc/campus"`) {
		t.Errorf("who is nobody is told %s, %v", b, err)
	}
	s.stop()
	for _, c := range []struct{ name, text, want string }{
		{"a key that there is not", "oidc:\n  - name: campus\n    isuer: x\n", ":3:5: "},
		{"no client", "oidc:\n  - name: campus\n    title: x\n    issuer: https://login.example.org/\n", "client-id"},
		{"no issuer's address", "oidc:\n  - name: campus\n    title: x\n    issuer: campus\n    client-id: x\n    client-secret: hush\n", ":2:"},
		{"a secret's file that is not there", "oidc:\n  - name: campus\n    title: x\n    issuer: https://login.example.org/\n    client-id: x\n    client-secret: '@/nonexistent/x'\n", "open /nonexistent/x"},
	} {
		write(c.text)
		if code, _, errs := labserver(t, "serve", "--config", file, "--print-config"); code != exitError || !strings.Contains(errs, c.want) || strings.Contains(errs, "hush") {
			t.Errorf("%s: code %d, %s", c.name, code, errs)
		}
	}
}

// A password on the command line is everybody's who can list processes.
func TestAPasswordOnTheCommandLineIsSpokenOf(t *testing.T) {
	code, _, errs := labserver(t, "serve", "--addr", "127.0.0.1:0", "--data", t.TempDir(), "--db", "postgres://w:hush@127.0.0.1:1/w") // where nobody is
	if code != exitError || !strings.Contains(errs, "can read the database's password") || strings.Contains(errs, "hush") {
		t.Errorf("code %d: %s", code, errs)
	}
}

func TestHealth(t *testing.T) {
	s := startServe(t, "--base-path", "/lab/")
	t.Setenv("WIRELOOM_BASE_PATH", "/lab/")
	t.Setenv("WIRELOOM_ADDR", strings.TrimSuffix(strings.TrimPrefix(s.url, "http://"), "/lab/"))
	if code, out, errs := labserver(t, "health"); code != exitOK || out != "ready\n" {
		t.Errorf("by its settings: %d %s%s", code, out, errs)
	}
	if code, out, errs := labserver(t, "health", "--url", s.url); code != exitOK || out != "ready\n" {
		t.Errorf("by its address: %d %s%s", code, out, errs)
	}
	s.stop()
	if code, _, errs := labserver(t, "health"); code != exitFailed || !strings.Contains(errs, "no server answers") {
		t.Errorf("when it has stopped: %d %s", code, errs)
	}
}
