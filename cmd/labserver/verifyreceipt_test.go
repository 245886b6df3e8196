package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"wireloom/internal/gradebook"
	"wireloom/internal/sign"
)

// TestVerifyReceipt: who wrote a receipt, and whether files are what was handed in.
func TestVerifyReceipt(t *testing.T) {
	key, err := sign.New(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := sign.New(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	mine, another := file(t, "mine.wasm", "\x00asm mine"), file(t, "another.wasm", "\x00asm another")
	sum := sha256.Sum256([]byte("\x00asm mine"))
	text := "wireloom " + gradebook.Purpose + "\nhandin h1\nclass c1\nlesson l1\nperson p1\nnumber 1\nvalues \"p1\"\nscenario s1\n" +
		"program bob.pingd " + hex.EncodeToString(sum[:]) + " 9 \"mine.wasm\"\nsize 9\nat 2026-12-01T10:00:00.000Z\n"
	whole := text + "signature " + key.Sign(gradebook.Purpose, []byte(text)).String() + "\n"
	good := file(t, "receipt.txt", whole)
	cases := []struct {
		name string
		args []string
		code int
		says string
	}{
		{"by the key that is trusted", []string{good, "--key", key.Public().String()}, exitOK, "confirmed: the server had all of this"},
		{"with the file that was handed in", []string{good, "--key", key.Public().String(), "--program", "bob=" + mine}, exitOK, "was handed in, for bob.pingd"},
		{"with another file", []string{good, "--key", key.Public().String(), "--program", another}, exitDiffers, "IS ANOTHER"},
		{"with the file, for another place", []string{good, "--key", key.Public().String(), "--program", "alice=" + mine}, exitDiffers, "it was not handed in for alice"},
		{"without a key nothing is proven", []string{good}, exitError, "not proven"},
		{"by another key", []string{good, "--key", other.Public().String()}, exitDiffers, "BY ANOTHER KEY"},
		{"changed after it was signed", []string{file(t, "changed.txt", strings.Replace(whole, "10:00:00", "09:00:00", 1)), "--key", key.Public().String()}, exitDiffers, "DOES NOT FIT"},
		{"cut off", []string{file(t, "cut.txt", text)}, exitError, "not all of one"},
		{"no such file", []string{good, "--key", key.Public().String(), "--program", "nowhere.wasm"}, exitError, "nowhere.wasm"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := labserver(t, append([]string{"verify"}, c.args...)...)
			if code != c.code || !strings.Contains(out+errs, c.says) {
				t.Errorf("code %d, want %d with %q:\n%s%s", code, c.code, c.says, out, errs)
			}
		})
	}
}
