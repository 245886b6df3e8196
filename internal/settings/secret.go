package settings

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
)

// maxSecret is how many bytes a secret's file may have.
const maxSecret = 64 << 10

// A Secret is the value of a setting that may hold one: a password, or an address with a
// password in it. As @FILE it is what the first line of a file says. Nothing shows it.
type Secret struct {
	text string // the secret
	file string // that it was read from; "" where it was given
}

// Set implements flag.Value.
func (s *Secret) Set(v string) error {
	file, is := strings.CutPrefix(v, "@")
	if !is {
		*s = Secret{text: v}
		return nil
	}
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("the file of a secret: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	b, err := io.ReadAll(io.LimitReader(f, maxSecret))
	if err != nil {
		return fmt.Errorf("the file of a secret: %w", err)
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	text := strings.TrimSpace(string(line))
	if text == "" {
		return fmt.Errorf("%s: the first line is empty, and is to be a secret", file)
	}
	*s = Secret{text, file}
	return nil
}

// Text is the secret itself: not for a log.
func (s *Secret) Text() string { return s.text }

// Bare reports whether the secret stood where it was set, and not in a file of its own.
func (s *Secret) Bare() bool { return s.text != "" && s.file == "" && s.String() != s.text }

// masked stands for a secret.
const masked = "(secret)"

// String implements flag.Value: it is the file, or the address without its password.
func (s *Secret) String() string {
	switch {
	case s.text == "":
		return ""
	case s.file != "":
		return "@" + s.file
	}
	u, err := url.Parse(s.text)
	if err != nil || u.Scheme == "" || u.Opaque != "" {
		return masked
	}
	if q := u.Query(); q.Has("password") || q.Has("sslpassword") { // libpq's parameters
		return masked
	}
	if _, has := u.User.Password(); !has {
		return s.text
	}
	// Not u.Redacted: a config file that is made of what is printed must not connect by a
	// password of five x.
	return strings.Replace(s.text, u.User.String()+"@", u.User.Username()+":"+masked+"@", 1)
}
