package web

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestDistServesAnIndex(t *testing.T) {
	w := httptest.NewRecorder()
	http.FileServerFS(Dist()).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("GET /: got %d, want 200", w.Code)
	}
	if got := w.Body.String(); !strings.Contains(got, "<title>Wireloom") {
		t.Errorf("GET / has no Wireloom title:\n%s", got)
	}
}

func TestUnbuiltServesThePlaceholder(t *testing.T) {
	w := httptest.NewRecorder()
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		t.Fatal(err)
	}
	http.FileServerFS(unbuilt{sub}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if got := w.Body.String(); !strings.Contains(got, "make build") {
		t.Errorf("GET / of an unbuilt page: got %q, want it to say make build", got)
	}
	if _, err := (unbuilt{sub}).Open("missing.js"); err == nil {
		t.Error("a missing file opened, want an error")
	}
}
