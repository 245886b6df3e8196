package sign

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// key is always the same one.
func key(t testing.TB) *Key {
	t.Helper()
	return &Key{ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))}
}

func newKey(t testing.TB) *Key {
	t.Helper()
	k, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestASignatureFitsWhatWasSigned(t *testing.T) {
	k, other := newKey(t), newKey(t)
	s := k.Sign("report 1", []byte("hello"))
	if !s.Fits("report 1", []byte("hello")) {
		t.Error("it does not fit what was signed")
	}
	forged := s
	forged.Key = other.Public()
	for name, fits := range map[string]bool{
		"other bytes":                     s.Fits("report 1", []byte("hallo")),
		"another purpose":                 s.Fits("report 2", []byte("hello")),
		"a purpose that takes from bytes": s.Fits("report 1\nhel", []byte("lo")),
		"another's key":                   forged.Fits("report 1", []byte("hello")),
		"no signature":                    Signature{}.Fits("report 1", []byte("hello")),
	} {
		if fits {
			t.Errorf("%s: it fits", name)
		}
	}
}

// A key and a signature have one text each. Any other is an error.
func TestTexts(t *testing.T) {
	k := key(t)
	pub := k.Public().String()
	s := k.Sign("x", nil)
	if len(pub) != PublicLen || len(s.Value()) != ValueLen {
		t.Errorf("lengths %d and %d", len(pub), len(s.Value()))
	}
	if p, err := ParsePublic(pub); err != nil || p != k.Public() {
		t.Errorf("got %v, %v", p, err)
	}
	if got, err := Parse(pub, s.Value()); err != nil || got != s {
		t.Errorf("got %v, %v", got, err)
	}
	for i := range len(pub) {
		for _, c := range "A-=~\n" {
			b := []byte(pub)
			if b[i] == byte(c) {
				continue
			}
			b[i] = byte(c)
			if p, err := ParsePublic(string(b)); err == nil && p == k.Public() {
				t.Errorf("%q is the same key", b)
			}
		}
	}
	for _, y := range small {
		for _, sign := range []byte{0, 0x80} {
			b, err := hex.DecodeString(y)
			if err != nil {
				t.Fatal(err)
			}
			b[31] |= sign
			if p, err := ParsePublic(prefix + b64.EncodeToString(b)); err == nil {
				t.Errorf("%v is a key", p)
			}
		}
	}
	for _, text := range []string{"", "ed25519:", pub + "A", pub[:len(pub)-1], pub + "=", pub + "\n", pub[:20] + "\r\n" + pub[20:], " " + pub, strings.ToUpper(pub)} {
		if _, err := ParsePublic(text); err == nil {
			t.Errorf("%q is a key", text)
		}
		if _, err := Parse(pub, text); err == nil {
			t.Errorf("%q is a signature", text)
		}
	}
	for _, text := range []string{s.Value() + "\n", s.Value()[:40] + "\n" + s.Value()[40:], s.Value() + "A", s.Value()[:85]} {
		if _, err := Parse(pub, text); err == nil {
			t.Errorf("%q is a signature", text)
		}
	}
}

// Whoever prints or logs a key by mistake tells its public half alone.
func TestAPrivateKeyIsNeverShown(t *testing.T) {
	k := key(t)
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+"\n", k)
		fmt.Fprintf(&out, verb+"\n", struct{ K *Key }{k})
		fmt.Fprintf(&out, verb+"\n", []*Key{k})
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("key", "key", k, "in", map[string]any{"k": k})
	slog.New(slog.NewJSONHandler(&out, nil)).Info("key", "key", k, "in", struct{ K *Key }{k})
	b, err := json.Marshal(map[string]any{"key": k})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	seed := k.private.Seed()
	for _, secret := range []string{fmt.Sprintf("%x", seed), fmt.Sprintf("%X", seed), b64.EncodeToString(seed), "7 7 7 7", "BwcH", "0x7, 0x7"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q is in\n%s", secret, out.String())
		}
	}
	if !strings.Contains(out.String(), k.Public().String()) {
		t.Error("the public half does not show either")
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	k, name := newKey(t), filepath.Join(dir, "teacher")
	if err := k.Save(name); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	got, warning, err := Load(name)
	if err != nil || warning != "" || got.Public() != k.Public() {
		t.Errorf("got %v, %q, %v", got, warning, err)
	}
	if p, err := LoadPublic(name + ".pub"); err != nil || p != k.Public() {
		t.Errorf("got %v, %v", p, err)
	}
	if p, err := LoadPublic(k.Public().String()); err != nil || p != k.Public() {
		t.Errorf("the text of it: got %v, %v", p, err)
	}
	if err := k.Save(name); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("over another: got %v", err)
	}
	if err := newKey(t).Save(filepath.Join(dir, "nowhere", "x")); err == nil {
		t.Error("it was written nowhere")
	}
	if err := os.Chmod(name, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, warning, err := Load(name); err != nil || !strings.Contains(warning, "others may read the private key "+name+" (mode 0640): chmod 600 it") {
		t.Errorf("got %q, %v", warning, err)
	}
}

// der is a key of another kind, as other programs keep it.
func der(t *testing.T, kind string, key any) string {
	t.Helper()
	var b []byte
	var err error
	if kind == privateBlock {
		b, err = x509.MarshalPKCS8PrivateKey(key)
	} else {
		b, err = x509.MarshalPKIXPublicKey(key)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
}

func TestWhatIsNoKey(t *testing.T) {
	k := key(t)
	private := der(t, privateBlock, k.private)
	public := der(t, publicBlock, k.private.Public())
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind, text string) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: []byte(text)}))
	}
	for _, tc := range []struct{ name, file, load, public string }{
		{"a private key", private, "", "this is a private key, which is for its owner alone"},
		{"a public key", public, "this is a public key: to sign, the private one is needed", ""},
		{"the text of a public key", k.Public().String() + "\n", "this is a public key", ""},
		{"nothing", "", "there is no key in it", "there is no key in it"},
		{"text", "hello\n", "there is no key in it", "there is no key in it"},
		{"half a text", k.Public().String()[:30], "there is no key in it", "a public key is ed25519: and 43 letters"},
		{"RSA", der(t, privateBlock, rs), "the key in it is one of RSA: one of ed25519 is needed", "private key"},
		{"RSA, public", der(t, publicBlock, rs.Public()), "public key", "one of RSA"},
		{"ECDSA", der(t, privateBlock, ec), "one of ECDSA", "private key"},
		{"old RSA", block("RSA PRIVATE KEY", "x"), "of another kind", "of another kind"},
		{"OpenSSH", block("OPENSSH PRIVATE KEY", "x"), "one of OpenSSH", "one of OpenSSH"},
		{"with a passphrase", block("ENCRYPTED PRIVATE KEY", "x"), "has a passphrase", "has a passphrase"},
		{"a certificate", block("CERTIFICATE", "x"), "there is no key in it", "there is no key in it"},
		{"damaged", block(privateBlock, "x"), "the private key in it is damaged", "private key"},
		{"damaged, public", block(publicBlock, "x"), "public key", "the public key in it is damaged"},
		{"two", private + private, "something follows the key", "private key"},
		{"too long", strings.Repeat("x", maxFile+1), "it has more than 65536 bytes", "it has more than 65536 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(name, []byte(tc.file), 0o600); err != nil {
				t.Fatal(err)
			}
			_, _, err := Load(name)
			_, perr := LoadPublic(name)
			for _, x := range []struct {
				want string
				err  error
			}{{tc.load, err}, {tc.public, perr}} {
				if (x.err == nil) != (x.want == "") || x.err != nil && !strings.Contains(x.err.Error(), x.want) {
					t.Errorf("got %v, want %q", x.err, x.want)
				}
				if x.err != nil && strings.Contains(x.err.Error(), "BwcH") {
					t.Errorf("%v tells the key", x.err)
				}
			}
		})
	}
	if _, _, err := Load(filepath.Join(t.TempDir(), "nowhere")); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v", err)
	}
	if _, err := LoadPublic("/dev/zero"); err == nil || !strings.Contains(err.Error(), "it is a device") {
		t.Errorf("got %v", err)
	}
}

// openssl reads our keys, we read its, and it confirms our signatures.
func TestOpenSSLAgrees(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command(openssl, args...).CombinedOutput(); err != nil {
			t.Fatalf("openssl %v: %v: %s", args, err, out)
		}
	}
	run("genpkey", "-algorithm", "ed25519", "-out", at("theirs"))
	run("pkey", "-in", at("theirs"), "-pubout", "-out", at("theirs.pem"))
	k, _, err := Load(at("theirs"))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := LoadPublic(at("theirs.pem")); err != nil || p != k.Public() {
		t.Errorf("got %v, %v", p, err)
	}
	s := k.Sign("report 1", []byte("hello"))
	for name, b := range map[string][]byte{"message": []byte("wireloom report 1\nhello"), "signature": s.value[:]} {
		if err := os.WriteFile(at(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", at("theirs.pem"), "-sigfile", at("signature"), "-in", at("message"))
}
