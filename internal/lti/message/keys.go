package message

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The life of a key of the tool:
//
//	made --- a day or more --> signs --- term --> retired --- kept --> gone
//	`------------------ published by /lti/keys ----------------'
//
// Platforms cache the tool's keys, so a key is published before it signs, and stays published after: Canvas may
// have been given one by hand. There are always two: the one that signs, and the next.
const (
	ahead = 24 * time.Hour
	term  = 90 * 24 * time.Hour
	kept  = 30 * 24 * time.Hour
)

// A Key is one of the tool's key pairs. PEM is PKCS#8; Signs is from when it signs.
type Key struct {
	ID    string
	PEM   string
	Signs time.Time
}

// Keys are the tool's, by when they sign, the first first.
type Keys []Key

// Due returns from when the keys sign that are to be made now, and the ids of those to be deleted.
func (k Keys) Due(now time.Time) (signs []time.Time, gone []string) {
	if len(k) == 0 { // the very first signs at once: no platform has cached anything yet
		return []time.Time{now, now.Add(term)}, nil
	}
	for i := range len(k) - 1 {
		if now.After(k[i+1].Signs.Add(kept)) {
			gone = append(gone, k[i].ID)
		}
	}
	if last := k[len(k)-1].Signs; !now.Before(last) {
		at := last.Add(term)
		if soon := now.Add(ahead); at.Before(soon) {
			at = soon
		}
		signs = append(signs, at)
	}
	return signs, gone
}

// Signing returns the key that signs now.
func (k Keys) Signing(now time.Time) (Key, error) {
	for _, key := range slices.Backward(k) {
		if !now.Before(key.Signs) {
			return key, nil
		}
	}
	return Key{}, errors.New("the tool has no key that signs yet")
}

// NewKey makes one: RSA with 2048 bits, which every platform takes.
func NewKey(signs time.Time) (Key, error) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return Key{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return Key{}, err
	}
	return Key{rand.Text(), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), signs}, nil
}

func (k Key) private() (*rsa.PrivateKey, error) {
	b, _ := pem.Decode([]byte(k.PEM))
	if b == nil {
		return nil, fmt.Errorf("key %s of the tool is not PEM", k.ID)
	}
	any, err := x509.ParsePKCS8PrivateKey(b.Bytes)
	if err != nil {
		return nil, fmt.Errorf("key %s of the tool: %w", k.ID, err)
	}
	p, ok := any.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("key %s of the tool is no RSA key", k.ID)
	}
	return p, nil
}

// Public returns what /lti/keys serves.
func (k Keys) Public() (jose.JSONWebKeySet, error) {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, key := range k {
		p, err := key.private()
		if err != nil {
			return set, err
		}
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: p.Public(), KeyID: key.ID, Algorithm: string(jose.RS256), Use: "sig"})
	}
	return set, nil
}

// Sign makes a token of claims.
func (k Key) Sign(claims any) (string, error) {
	p, err := k.private()
	if err != nil {
		return "", err
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: p, KeyID: k.ID}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	o, err := s.Sign(b)
	if err != nil {
		return "", err
	}
	return o.CompactSerialize()
}
