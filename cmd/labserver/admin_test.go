package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
)

// The first operator comes in by what labserver admin prints, once, while the server runs.
func TestTheFirstOperator(t *testing.T) {
	data := t.TempDir()
	s := startServe(t, "--data", data)
	code, out, errs := labserver(t, "admin", "operator", "Ada", "--data", data)
	_, token, ok := strings.Cut(strings.TrimSpace(out), "#signin=")
	if code != exitOK || !ok || errs != "" {
		t.Fatalf("code %d: %s%s", code, out, errs)
	}
	signIn := func() (*http.Client, int) {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		c := &http.Client{Jar: jar}
		body, err := json.Marshal(map[string]string{"token": token})
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Post(s.url+"/api/signin", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close() // the status says it
		return c, res.StatusCode
	}
	ada, status := signIn()
	if status != http.StatusOK {
		t.Fatalf("signing in: %d: %s", status, s.log)
	}
	res, err := ada.Get(s.url + "/api/me")
	if err != nil {
		t.Fatal(err)
	}
	var me struct {
		Name     string
		Operator bool
	}
	err = json.NewDecoder(res.Body).Decode(&me)
	_ = res.Body.Close() // only read
	if err != nil || me.Name != "Ada" || !me.Operator {
		t.Errorf("she is %+v, %v", me, err)
	}
	if _, status := signIn(); status == http.StatusOK {
		t.Error("the address signs in twice")
	}
	s.stop()
	if log := s.log.String(); strings.Contains(log, token) || strings.Contains(log, "Ada") || strings.Contains(log, "There is no operator") {
		t.Errorf("the log says %s", log)
	}
	for _, c := range []struct{ args, want string }{
		{"", "takes one of operator"},
		{"operate x --data " + data, "takes one of operator"},
		{"operator --data " + data, "takes operator NAME"},
		{"operator Ada", "Name its data folder with --data"},
		{"operator Ada --config /nonexistent/x", "the settings: open /nonexistent/x"},
	} {
		if code, out, errs := labserver(t, append([]string{"admin"}, strings.Fields(c.args)...)...); code != exitError || out != "" || !strings.Contains(errs, c.want) {
			t.Errorf("admin %s: code %d, %s%s", c.args, code, out, errs)
		}
	}
}
