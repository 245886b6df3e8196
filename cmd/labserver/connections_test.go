//go:build unix

package main

import (
	"net/http"
	"net/url"
	"testing"
)

// Who is signed in needs nothing of what strangers at their address may have, whatever they ask for
// first by a connection: a class sits behind one router.
func TestConnectionsOfAPersonAreNotTheAddresss(t *testing.T) {
	at := newHome(t)
	s := startServe(t, at.serves("--files", t.TempDir(), "--max-connections-per-client", "2")...)
	page, err := url.Parse(s.url + "/")
	if err != nil {
		t.Fatal(err)
	}
	ada := (&browser{t, &http.Client{Transport: &http.Transport{}}, page}).keepsCookies()
	t.Cleanup(ada.client.CloseIdleConnections)
	ada.signIn(at)
	ada.want(200, "GET", "api/me", nil)
	lab, status, said := ada.newLab()
	if status != http.StatusCreated {
		t.Fatalf("no lab: %d %s", status, said)
	}
	for n := range 6 { // each keeps its connection
		b := &browser{t, &http.Client{Transport: &http.Transport{}, Jar: ada.client.Jar}, page}
		t.Cleanup(b.client.CloseIdleConnections)
		b.want(200, "GET", []string{"api/me", "api/labs/" + lab}[n%2], nil)
	}
	for n, want := range []int{200, 200, http.StatusTooManyRequests} {
		b := &browser{t, &http.Client{Transport: &http.Transport{}}, page}
		t.Cleanup(b.client.CloseIdleConnections)
		if res, got := b.ask("GET", "healthz", nil); res.StatusCode != want {
			t.Errorf("stranger %d: %s %.200s, want %d", n, res.Status, got, want)
		}
	}
}
