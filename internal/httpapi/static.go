package httpapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// A static serves the built page from memory. What the build named after its
// content may be kept for ever; everything else is asked for each time, and
// answered by its ETag if it is the same.
type static struct {
	files map[string]*asset // by path, from "/"
}

type asset struct {
	typ   string
	etag  string
	cache string
	raw   []byte
	gz    []byte // nil where it is not worth it
}

// worthIt is the size in bytes from which compression pays.
const worthIt = 1024

func newStatic(dist fs.FS) (*static, error) {
	s := &static{files: map[string]*asset{}}
	if dist == nil {
		return s, nil
	}
	err := fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(dist, name)
		if err != nil {
			return err
		}
		s.files["/"+name] = newAsset(name, b)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("the page: %w", err)
	}
	for _, index := range []string{"/index.html", "/placeholder.html"} {
		if a := s.files[index]; a != nil && s.files["/"] == nil {
			s.files["/"] = a
		}
	}
	return s, nil
}

func newAsset(name string, b []byte) *asset {
	sum := sha256.Sum256(b)
	a := &asset{typ: mime.TypeByExtension(path.Ext(name)), etag: hex.EncodeToString(sum[:16]), cache: "no-cache", raw: b}
	if a.typ == "" {
		a.typ = http.DetectContentType(b)
	}
	if strings.HasPrefix(name, "assets/") {
		a.cache = "public, max-age=31536000, immutable"
	}
	if len(b) >= worthIt && (strings.HasPrefix(a.typ, "text/") || strings.Contains(a.typ, "javascript") || strings.Contains(a.typ, "json") || strings.Contains(a.typ, "svg")) {
		var z bytes.Buffer
		w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
		if err == nil {
			_, err = w.Write(b)
		}
		if err == nil {
			err = w.Close()
		}
		if err == nil && z.Len() < len(b)*9/10 {
			a.gz = z.Bytes()
		}
	}
	return a
}

// page serves a file of the page.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	a := s.static.files[r.URL.Path]
	switch {
	case a == nil:
		fail(w, http.StatusNotFound, "there is no page %s here; the lab is at %s", shown(r.URL.Path), s.home())
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		notAllowed(w, r, "GET, HEAD")
		return
	}
	h := w.Header()
	body, etag := a.raw, `"`+a.etag+`"`
	if a.gz != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			body, etag = a.gz, `"`+a.etag+`-gzip"`
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Content-Type", a.typ)
	h.Set("Cache-Control", a.cache)
	h.Set("ETag", etag)
	for tag := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if strings.TrimPrefix(strings.TrimSpace(tag), "W/") == etag {
			h.Del("Content-Encoding")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // who does not wait for it does not need it
	}
}

// acceptsGzip reads Accept-Encoding as far as it is about gzip (RFC 9110, 12.5.3).
func acceptsGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
			v, err := strconv.ParseFloat(q, 64)
			return !ok || err != nil || v > 0
		}
	}
	return false
}
