# Wireloom. `make` builds, `make run` serves, `make help` lists the rest.

# The programs that labs run are hashed, so everybody builds them with one
# compiler. Where the installed Go is another one, the go command fetches this.
GO_TOOLCHAIN := go1.26.8
INSTALLED_GO := $(shell GOTOOLCHAIN=local go version 2>/dev/null | cut -d' ' -f3)
ifeq ($(INSTALLED_GO),)
$(error Go is not installed, or not in PATH: see https://go.dev/doc/install)
endif
export GOTOOLCHAIN := $(if $(filter $(GO_TOOLCHAIN),$(INSTALLED_GO)),local,$(GO_TOOLCHAIN))

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := build

ADDR      ?= 127.0.0.1:8080
DATA      ?= .cache/data
FUZZTIME  ?= 30s
# Sequences of about a hundred operations each: ten million operations a driver.
FUZZDRIVERS ?= 300000x
BENCHTIME ?= 1s
PKG       ?= ./...

TOOL      := go tool -modfile=tools/go.mod
NPM       := npm --prefix web --loglevel=error
LABSERVER := bin/labserver
MODULES   := web/node_modules/.package-lock.json
PAGE      := web/dist/index.html
PAGE_SRC   = $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -path 'web/test/*' -not -path 'web/e2e/*' -not -name '*.go')

# Compiled guests for the tests. A test binary doesn't know the version of its
# modules, and wazero keeps a cache for each version of wazero: so it is told.
WASM_CACHE   = $(CURDIR)/.cache/wasm
WAZERO       = github.com/tetratelabs/wazero
TEST_LDFLAGS = -X $(WAZERO)/internal/version.version=$$(go list -m -f '{{.Version}}' $(WAZERO))

# The program's version is the commit's: a tag, or its date and hash. Nothing of C is
# linked, so that the one file runs on any Linux of its architecture.
COMMIT  = $(shell git describe --tags --exact-match --dirty 2>/dev/null || git log -1 --format=%cd-%h --date=format:%Y%m%d 2>/dev/null)
CHANGED = $(shell git diff --quiet HEAD 2>/dev/null || echo -changed)
LDFLAGS = -s -w -X main.commit=$(COMMIT)$(CHANGED)

# Go files of ours, and the folders of those that are built for wasip1 alone.
GO_FILES = $(shell find . -name '*.go' -not -path '*/node_modules/*' -not -path './.*')
GUESTS   = $(shell grep -l '^//go:build wasip1' $(GO_FILES) | xargs -r -n1 dirname | sort -u)
# What must also build for GOOS=js: the lab without its server.
PORTABLE = ./vnet/... ./tunemu/... ./tapemu/... ./wasm ./wasm/fuel/... ./internal/tab/...

## build: the page, the programs and bin/labserver
.PHONY: build
build: guests page
	CGO_ENABLED=0 go build -trimpath -ldflags="$(LDFLAGS)" -o $(LABSERVER) ./cmd/labserver

# The labs as a program for browsers, beside the server that writes sites with it.
TAB = bin/tab/lab.wasm
.PHONY: $(TAB)
$(TAB): guests
	@mkdir -p bin/tab/samples
	@GOOS=js GOARCH=wasm go build -trimpath -ldflags="-s -w" -o $@ ./internal/tab/main
	@install -m 644 "$$(go env GOROOT)/lib/wasm/wasm_exec.js" bin/tab/wasm_exec.js
	@install -m 644 bin/guests/*.wasm bin/tab/samples/

## site: the page with its labs in it, for any static server, into site/ (SITE=folder, SCENARIOS="ping arp": these alone)
SITE ?= site
.PHONY: site
site: build $(TAB)
	$(LABSERVER) site $(SITE) $(SCENARIOS)

# What the program is distributed for, and the time of its commit.
ARCHES ?= amd64 arm64
EPOCH   = $(shell git log -1 --format=%ct 2>/dev/null || echo 1)

## dist: what is handed out, into dist/: the program and a Debian package for each of ARCHES="amd64 arm64", an OCI image, SHA256SUMS
.PHONY: dist
dist: guests page
	for arch in $(ARCHES); do CGO_ENABLED=0 GOARCH=$$arch go build -trimpath -ldflags="$(LDFLAGS)" -o bin/labserver-$$arch ./cmd/labserver; done
	rm -rf dist
	go run ./internal/dist -version $(COMMIT)$(CHANGED) -epoch $(EPOCH) $(foreach arch,$(ARCHES),$(arch)=bin/labserver-$(arch))
	@cd dist && ls -sh1 && sha256sum --quiet -c SHA256SUMS

## run: build, then serve http://127.0.0.1:8080 (ADDR=host:port, DATA=folder of classes and hand-ins)
.PHONY: run
run: build
	$(LABSERVER) serve --addr $(ADDR) --data $(DATA)

## protocol: the types and guards of the page, from the structs of internal/protocol and internal/protocol/class
.PHONY: protocol
protocol:
	go run ./internal/typescript

## guests: the programs that labs run: references and samples
.PHONY: guests
guests:
	@go run ./internal/guestbuild

## page: the front end, into web/dist
.PHONY: page
page: $(PAGE)

$(PAGE): $(MODULES) $(PAGE_SRC)
	$(NPM) run build
	@touch $@

$(MODULES): web/package-lock.json web/package.json
	$(NPM) ci --no-audit --no-fund
	@touch $@

## check: formatting, linters, and functions that nobody reaches
.PHONY: check
check: check-go check-guests check-dead check-page

.PHONY: check-go
check-go:
	@unformatted=$$($(TOOL) gofumpt -l $(GO_FILES)); \
	if [ -n "$$unformatted" ]; then printf 'not formatted, run make fmt:\n%s\n' "$$unformatted"; exit 1; fi
	go vet ./...
	$(TOOL) golangci-lint run ./...
	go fix -diff ./...
	go mod tidy -diff
	GOOS=js GOARCH=wasm go build $(PORTABLE)
	go run ./internal/typescript -check

# The linter itself must be built for this machine: hence -n, which builds it and
# prints where it is.
.PHONY: check-guests
check-guests:
	@if [ -n "$(GUESTS)" ]; then set -x; lint=$$($(TOOL) -n golangci-lint); export GOOS=wasip1 GOARCH=wasm; \
	go vet $(GUESTS); $$lint run $(GUESTS); fi

.PHONY: check-dead
check-dead:
	go run ./internal/deadcode $(GUESTS)

.PHONY: check-page
check-page: $(MODULES)
	$(NPM) run typecheck
	$(NPM) run lint

## fmt: format Go and TypeScript
.PHONY: fmt
fmt: $(MODULES)
	$(TOOL) gofumpt -w $(GO_FILES)
	$(NPM) run format

# A program under -race sleeps for a second before it exits, so that other threads
# may still report; the tests start hundreds.
export GORACE = atexit_sleep_ms=20

# Hundreds of whole runs of labs, in which nothing happens that the tests of the parts
# don't have under -race: there they would take five times as long.
WHOLE_RUNS = internal/course internal/onehash

# Packages with tests that open a store, and those of them that are run on PostgreSQL each time,
# since nothing but the database differs then and they cost little.
STORED  = $(shell grep -l '"wireloom/internal/store/storetest"' $$(find . -name '*_test.go' -not -path '*/node_modules/*' -not -path './.*') | xargs -r -n1 dirname | sort -u)
ON_BOTH = ./internal/classroom ./internal/keeper ./internal/lti ./internal/wall

## test: every test; ends with "N passed, N failed". A test of the store has both databases, any other SQLite, and those of ON_BOTH run again on PostgreSQL
.PHONY: test
test: prereqs warm bin/platform bin/postgres $(TAB)
	@go run ./internal/testcount \
		"go=WIRELOOM_CACHE=$(WASM_CACHE) go test -race -timeout=40m -json -ldflags=\"$(TEST_LDFLAGS)\" \$$(go list ./... | grep -vxF $(WHOLE_RUNS:%=-e wireloom/%))" \
		"go-runs=WIRELOOM_CACHE=$(WASM_CACHE) go test -timeout=40m -json -ldflags=\"$(TEST_LDFLAGS)\" $(WHOLE_RUNS:%=./%)" \
		"go-pg=WIRELOOM_TEST_DB=postgres go test -count=1 -timeout=10m -json $(ON_BOTH)" \
		"page=$(NPM) test" \
		"view=LABSERVER=$(CURDIR)/$(LABSERVER) WIRELOOM_CACHE=$(WASM_CACHE) $(NPM) run test:page" \
		"axe=LABSERVER=$(CURDIR)/$(LABSERVER) WIRELOOM_CACHE=$(WASM_CACHE) $(NPM) run test:axe" \
		"term=LABSERVER=$(CURDIR)/$(LABSERVER) WIRELOOM_PLATFORM=$(CURDIR)/bin/platform WIRELOOM_CACHE=$(WASM_CACHE) $(NPM) run test:term" \
		"term-pg=WIRELOOM_TEST_DB=postgres PARTS=term-class LABSERVER=$(CURDIR)/$(LABSERVER) WIRELOOM_CACHE=$(WASM_CACHE) $(NPM) run test:term" \
		"e2e=LABSERVER=$(CURDIR)/$(LABSERVER) WIRELOOM_GUESTS=$(CURDIR)/bin/guests WIRELOOM_CACHE=$(WASM_CACHE) $(NPM) run e2e" \
		"site=LABSERVER=$(CURDIR)/$(LABSERVER) WIRELOOM_CACHE=$(WASM_CACHE) $(NPM) run test:site"

## test-postgres: every test that opens a store, and the term in a browser, on PostgreSQL alone
.PHONY: test-postgres
test-postgres: prereqs warm bin/platform bin/postgres
	@export WIRELOOM_TEST_DB=postgres WIRELOOM_CACHE=$(WASM_CACHE); go run ./internal/testcount \
		"go=go test -count=1 -race -timeout=40m -json -ldflags=\"$(TEST_LDFLAGS)\" $(STORED)" \
		"term=LABSERVER=$(CURDIR)/$(LABSERVER) WIRELOOM_PLATFORM=$(CURDIR)/bin/platform $(NPM) run test:term"

## term-lti: a lesson in a course of Canvas, Moodle, Open edX and Brightspace, each in a frame in Chromium
.PHONY: term-lti
term-lti: build bin/platform
	LABSERVER=$(CURDIR)/$(LABSERVER) WIRELOOM_CACHE=$(WASM_CACHE) node web/e2e/term-lti.mjs

# The learning platform that the term test comes from.
.PHONY: bin/platform
bin/platform:
	@go build -o $@ ./internal/lti/platform/run

# The PostgreSQL of the term test.
.PHONY: bin/postgres
bin/postgres:
	@go build -o $@ ./internal/store/storetest/run

# Installs what the tests need beyond Go, Node and npm, or says what is missing.
.PHONY: prereqs
prereqs:
	@tools/prereqs.sh

# Compiling a Go guest takes most of a minute under -race, reading it from the cache
# a third of a second: so the server, built without -race, compiles them all first.
.PHONY: warm
warm: build
	@WIRELOOM_CACHE=$(WASM_CACHE) $(LABSERVER) compile --builtin bin/guests
	@WIRELOOM_CACHE=$(WASM_CACHE) go test -count=1 -ldflags="$(TEST_LDFLAGS)" -run='^TestBehaviour' ./wasm >/dev/null
	@WIRELOOM_CACHE=$(WASM_CACHE) go test -count=1 -ldflags="$(TEST_LDFLAGS)" -run='^(TestExamples|TestSurfaceOfGo)$$' ./wasm/guest >/dev/null

## bench: every benchmark, then the lab against its neighbours (PKG=./vnet: that package's only; ITEMS="fabric labs": these items only; BASE=COMMIT: against a build of that commit)
.PHONY: bench
bench: build $(TAB)
	@$(if $(BASE)$(ITEMS),,go test -run='^$$' -bench=. -benchmem -benchtime=$(BENCHTIME) $(PKG) | grep -v -e '^PASS$$' -e 'no test files' -e '^ok .*\[no tests')
	@$(if $(filter ./...,$(PKG)),go run ./internal/bench $(if $(BASE),-base $(BASE)) $(ITEMS))

## fuzz: every fuzz target for FUZZTIME=30s, those of the drivers for ten million operations each
.PHONY: fuzz
fuzz:
	@grep -rHoE --include='*_test.go' --exclude-dir=node_modules --exclude-dir='.?*' '^func Fuzz[A-Za-z0-9_]*' . | sort | \
	while IFS=: read -r file target; do \
		case $$file in ./t?pemu/*|./t?nemu/*) time=$(FUZZDRIVERS);; *) time=$(FUZZTIME);; esac; \
		echo "== $${file%/*} $${target#func }, $$time"; \
		go test -run='^$$' -fuzz="^$${target#func }$$" -fuzzminimizetime=1s -fuzztime=$$time "$${file%/*}"; \
	done

## door-v86: Debian's installer on v86, a PC in JavaScript, joins a lab by a WebSocket door (minutes; packages seabios and debian-installer-12-netboot-i386)
.PHONY: door-v86
door-v86: guests
	npm --prefix tools/v86 --loglevel=error ci --no-audit --no-fund
	WIRELOOM_CACHE=$(WASM_CACHE) go test -count=1 -tags v86 -timeout=30m -ldflags="$(TEST_LDFLAGS)" -run='^TestAV86Guest' -v ./cmd/labserver

## cover: statement coverage of the drivers by their tests and the recordings; less than 100% fails
.PHONY: cover
cover:
	@mkdir -p .cache
	@go test -count=1 -coverprofile=.cache/cover.out -coverpkg=./tunemu,./tapemu ./tunemu ./tapemu ./internal/conform >/dev/null
	@go tool cover -func=.cache/cover.out | tail -n 1
	@go tool cover -func=.cache/cover.out | grep -q '^total:.*[^0-9]100\.0%'

## screenshot: take docs/page.png and docs/class.png, which the docs show, anew
.PHONY: screenshot
screenshot: build
	@LABSERVER=$(CURDIR)/$(LABSERVER) WIRELOOM_GUESTS=$(CURDIR)/bin/guests WIRELOOM_SCREENSHOT=1 $(NPM) run e2e
	@LABSERVER=$(CURDIR)/$(LABSERVER) node web/e2e/picture.mjs

## update: rewrite the golden files; read the diff before it lands
.PHONY: update
update: warm
	@grep -rlE --include='*_test.go' --exclude-dir=node_modules --exclude-dir='.?*' 'flag\.Bool\("update"' . | xargs -r -n1 dirname | sort -u | \
	while read -r pkg; do WIRELOOM_CACHE=$(WASM_CACHE) go test "$$pkg" -update; done

## clean: remove what make built, but not installed npm packages
.PHONY: clean
clean:
	rm -rf bin dist site .cache scenarios/*/reference*.wasm.gz
	find web/dist -mindepth 1 -not -name placeholder.html -delete

## help: this list
.PHONY: help
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)
