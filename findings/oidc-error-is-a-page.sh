#!/usr/bin/env bash
# The error of go-oidc's NewProvider is as long as what the server says.
#
# github.com/coreos/go-oidc/v3 v3.21.0: where the address of a provider answers another
# status than 200, such as a proxy's 502 with a page of HTML, the error of NewProvider has
# the whole of that page in it, line breaks and all, and no limit. Of an answer of 200 that is
# no JSON, such as a portal's page at which one has to log in first, the error is one line.
#
# What it means for a lab: who logs that error, or shows it to the person who wants to sign
# in, must shorten it, and take the line breaks out.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'M'
module finding

go 1.24

require github.com/coreos/go-oidc/v3 v3.21.0
M
cat > main.go <<'G'
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
)

func main() {
	page := "<html>\n<h1>Bad Gateway</h1>\n" + strings.Repeat("<!-- padding -->\n", 10000) + "</html>\n"
	for _, status := range []int{http.StatusBadGateway, http.StatusOK} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			fmt.Fprint(w, page)
		}))
		_, err := oidc.NewProvider(context.Background(), s.URL)
		fmt.Printf("%d with a page of %d bytes: the error has all of it: %v, and %d lines\n",
			status, len(page), strings.Contains(err.Error(), strings.TrimSpace(page)), strings.Count(err.Error(), "\n"))
		s.Close()
	}
}
G
export GOFLAGS=-mod=mod
go mod tidy >/dev/null 2>&1
got=$(go run .)
want='502 with a page of 170036 bytes: the error has all of it: true, and 10003 lines
200 with a page of 170036 bytes: the error has all of it: false, and 0 lines'
printf '%s\n' "$got"
if [ "$got" != "$want" ]; then
	printf 'this is no longer so: want\n%s\n' "$want" >&2
	exit 1
fi
