package sign

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"wireloom/internal/diskfile"
)

// maxFile is how many bytes a key's file may have: some of other programs have several
// thousand.
const maxFile = 64 << 10

// The types of PEM blocks (RFC 7468).
const (
	privateBlock = "PRIVATE KEY" // PKCS #8
	publicBlock  = "PUBLIC KEY"  // SubjectPublicKeyInfo
)

// Save writes the key to a new file that its owner alone may read, and its public half
// to the file of that name with .pub behind it, which is for everybody. A file that is
// there stays: a key that is gone can't be made again.
func (k *Key) Save(name string) error {
	for _, n := range []string{name, name + ".pub"} {
		if _, err := os.Lstat(n); err == nil {
			return fmt.Errorf("key %s is there already: give another name, or move it away", n)
		}
	}
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	if err := create(name, 0o600, pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: der})); err != nil {
		return err
	}
	return create(name+".pub", 0o644, []byte(k.Public().String()+"\n"))
}

// create writes a file that is not there yet.
func create(name string, mode fs.FileMode, b []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("key: %w", errors.Join(err, os.Remove(name))) // half a key is none
	}
	return nil
}

// Load reads a private key's file: one of Save, or any of ed25519 in PKCS #8 (openssl
// genpkey). warning is what is wrong with the file though it can be used: others than
// its owner may read it.
func Load(name string) (k *Key, warning string, err error) {
	b, err := read(name)
	if err != nil {
		return nil, "", err
	}
	k, err = parsePrivate(b)
	if err != nil {
		return nil, "", fmt.Errorf("key %s: %w", name, err)
	}
	if info, err := os.Stat(name); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		warning = fmt.Sprintf("others may read the private key %s (mode %04o): chmod 600 it, and if they have, make another key", name, info.Mode().Perm())
	}
	return k, warning, nil
}

// LoadPublic reads a public key: its text, or a file with that, or one of ed25519 in PEM.
func LoadPublic(text string) (Public, error) {
	if strings.HasPrefix(text, prefix) {
		p, err := ParsePublic(text)
		if err != nil {
			return p, fmt.Errorf("key %s: %w", text, err)
		}
		return p, nil
	}
	b, err := read(text)
	if err != nil {
		return Public{}, err
	}
	p, err := parsePublic(b)
	if err != nil {
		return Public{}, fmt.Errorf("key %s: %w", text, err)
	}
	return p, nil
}

func read(name string) ([]byte, error) {
	b, err := diskfile.Read(name, maxFile)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	return b, nil
}

var (
	errPublic  = errors.New("this is a public key: to sign, the private one is needed")
	errPrivate = errors.New("this is a private key, which is for its owner alone: to verify, give the public one (the file that ends in .pub, or what labserver key public prints)")
	errNone    = errors.New("there is no key in it: labserver key new makes one")
)

// parsePrivate reads what a private key's file holds. No error tells anything of that.
func parsePrivate(b []byte) (*Key, error) {
	if _, err := ParsePublic(strings.TrimSpace(string(b))); err == nil {
		return nil, errPublic
	}
	block, rest := pem.Decode(b)
	switch {
	case block == nil:
		return nil, errNone
	case block.Type == publicBlock:
		return nil, errPublic
	case block.Type != privateBlock:
		return nil, foreign(block)
	case len(strings.TrimSpace(string(rest))) > 0:
		return nil, errors.New("something follows the key in it")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the private key in it is damaged")
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, otherKind(key)
	}
	return &Key{private}, nil
}

func parsePublic(b []byte) (Public, error) {
	text := strings.TrimSpace(string(b))
	if strings.HasPrefix(text, prefix) {
		return ParsePublic(text)
	}
	block, rest := pem.Decode(b)
	switch {
	case block == nil:
		return Public{}, errNone
	case block.Type == privateBlock:
		return Public{}, errPrivate
	case block.Type != publicBlock:
		return Public{}, foreign(block)
	case len(strings.TrimSpace(string(rest))) > 0:
		return Public{}, errors.New("something follows the key in it")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return Public{}, errors.New("the public key in it is damaged")
	}
	public, ok := key.(ed25519.PublicKey)
	if !ok {
		return Public{}, otherKind(key)
	}
	return newPublic(public)
}

// otherKind is the error of a key that is not of ed25519.
func otherKind(key any) error {
	kind := "another kind"
	switch key.(type) {
	case *rsa.PrivateKey, *rsa.PublicKey:
		kind = "RSA"
	case *ecdsa.PrivateKey, *ecdsa.PublicKey:
		kind = "ECDSA"
	case *ecdh.PrivateKey, *ecdh.PublicKey:
		kind = "X25519, which does not sign"
	}
	return fmt.Errorf("the key in it is one of %s: one of ed25519 is needed", kind)
}

// foreign says what a file of another program is.
func foreign(b *pem.Block) error {
	switch b.Type {
	case "ENCRYPTED PRIVATE KEY":
		return errors.New("the key in it has a passphrase, which cannot be given here: labserver key new makes one without")
	case "OPENSSH PRIVATE KEY":
		return errors.New("the key in it is one of OpenSSH, which is another format: labserver key new makes one")
	case "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY":
		return errors.New("the key in it is of another kind: one of ed25519 is needed")
	}
	return errNone
}
