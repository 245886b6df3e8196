// Package sign signs what this program gives away, and finds out who signed something.
// A key is one of ed25519 (RFC 8032): who has its private half signs, and everybody who
// has the public half can tell that nothing was changed since.
//
// What is signed always has a purpose, which is signed with it: a signature under one
// kind of thing says nothing under another.
package sign

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// prefix is what the text of a public key begins with.
const prefix = "ed25519:"

// b64 writes keys and signatures. Of each there is one text alone: letters that say
// nothing are an error.
var b64 = base64.RawURLEncoding.Strict()

// A Public is the public half of a key. Two are the same key if they are equal.
type Public struct{ b [ed25519.PublicKeySize]byte }

// String is the key as people pass it on: "ed25519:" and 43 letters.
func (p Public) String() string { return prefix + b64.EncodeToString(p.b[:]) }

// MarshalText writes what String does.
func (p Public) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads it.
func (p *Public) UnmarshalText(b []byte) (err error) {
	*p, err = ParsePublic(string(b))
	return err
}

// ParsePublic reads what String writes.
func ParsePublic(s string) (Public, error) {
	var p Public
	text, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return p, fmt.Errorf("a public key is %s and 43 letters", prefix)
	}
	b, err := b64.DecodeString(text) // which passes over line ends: they count as letters here
	if err != nil || len(b) != len(p.b) || len(s) != PublicLen {
		return p, fmt.Errorf("a public key is %s and 43 letters; after %s here are %d that are none", prefix, prefix, len(text))
	}
	return newPublic(b)
}

// newPublic refuses the points of small order, under which one signature fits nearly
// anything. They are nobody's keys.
func newPublic(b []byte) (Public, error) {
	p := Public{[ed25519.PublicKeySize]byte(b)}
	if p.weak() {
		return Public{}, errors.New("this public key is one under which everything is signed")
	}
	return p, nil
}

// small are the y coordinates of the points of small order, little endian, and the
// second ways to write them.
var small = [...]string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

func (p Public) weak() bool {
	p.b[len(p.b)-1] &= 0x7f // the sign of x
	return slices.Contains(small[:], hex.EncodeToString(p.b[:]))
}

// A Key signs. However it is printed or logged, only its public half shows.
type Key struct{ private ed25519.PrivateKey }

// New makes a key. The chance is crypto/rand's where rand is nil.
func New(rand io.Reader) (*Key, error) {
	_, private, err := ed25519.GenerateKey(rand)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	return &Key{private}, nil
}

// Public is the key's public half.
func (k *Key) Public() Public {
	return Public{[ed25519.PublicKeySize]byte(k.private.Public().(ed25519.PublicKey))} // which it is, of an ed25519 key
}

// Format writes the public half, whatever the verb.
func (k *Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, k.Public().String()) }

// LogValue is the public half.
func (k *Key) LogValue() slog.Value { return slog.StringValue(k.Public().String()) }

// MarshalText writes the public half.
func (k *Key) MarshalText() ([]byte, error) { return k.Public().MarshalText() }

// A Signature is that of a key under some bytes.
type Signature struct {
	Key   Public
	value [ed25519.SignatureSize]byte
}

// message is what is signed: the purpose on a line, then the bytes.
func message(purpose string, b []byte) []byte {
	return append([]byte("wireloom "+purpose+"\n"), b...)
}

// Sign signs bytes for a purpose, a short text without line ends: "report 1".
func (k *Key) Sign(purpose string, b []byte) Signature {
	return Signature{k.Public(), [ed25519.SignatureSize]byte(ed25519.Sign(k.private, message(purpose, b)))}
}

// Fits reports whether the signature is that of its key under these bytes, for this
// purpose. Whose key it is, and whether that is to be trusted, it doesn't say.
func (s Signature) Fits(purpose string, b []byte) bool {
	return !s.Key.weak() && ed25519.Verify(s.Key.b[:], message(purpose, b), s.value[:])
}

// Value is the signature as text, without its key.
func (s Signature) Value() string { return b64.EncodeToString(s.value[:]) }

// String is the key and the value, with a blank between.
func (s Signature) String() string { return s.Key.String() + " " + s.Value() }

// Lengths of the texts.
const (
	PublicLen = len(prefix) + 43
	ValueLen  = 86
)

// Parse reads a signature from the texts of its key and its value.
func Parse(key, value string) (Signature, error) {
	var s Signature
	var err error
	if s.Key, err = ParsePublic(key); err != nil {
		return s, err
	}
	b, err := b64.DecodeString(value)
	if err != nil || len(b) != len(s.value) || len(value) != ValueLen {
		return s, errors.New("the signature is no signature of ed25519")
	}
	s.value = [ed25519.SignatureSize]byte(b)
	return s, nil
}
