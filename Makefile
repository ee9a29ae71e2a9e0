# make lists the targets. The two to know are make run and make test.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GO      ?= go

# The SDKs tell these at /api/v3/version; without them they say 0.0.0.
DEVICE_SDK := github.com/edgexfoundry/device-sdk-go/v3/internal/common.SDKVersion
APP_SDK    := github.com/edgexfoundry/app-functions-sdk-go/v3/internal
LDFLAGS    := -s -w -X main.version=$(VERSION) -X $(DEVICE_SDK)=3.1.1 \
              -X $(APP_SDK).SDKVersion=3.1.1 -X $(APP_SDK).ApplicationVersion=$(VERSION)

# EdgeX leaves the NATS client of its SDKs out of what is built without the first
# tag: device services could not use a NATS bus, and would say so at their start.
# The second leaves the debug pages of gRPC out, which nobody serves: with their
# templates the linker keeps the methods of all types, a quarter of such a program.
export GOFLAGS := $(GOFLAGS) -tags=include_nats_messaging,grpcnotrace

# Programs by their folders.
PROGRAMS          := device-modbus device-opcua rules-service sluice box
dir_device-modbus := ./device-service/cmd/device-modbus
dir_device-opcua  := ./device-service/cmd/device-opcua
dir_rules-service := ./rules-service
dir_sluice        := ./rules-service/cmd/sluice
dir_box           := ./box

.DEFAULT_GOAL := help
.PHONY: help build run test servers check unit race e2e chart images containers fuzz bench lint docs $(PROGRAMS)

help: ## lists the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: $(PROGRAMS) ## builds all programs into bin/

# Go knows best what has changed, so the programs are always asked for.
$(PROGRAMS):
	@printf '  build  bin/%s\n' $@
	@CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/$@ $(dir_$@)

run: build ## starts a whole plant on this machine; ARGS="--help" shows its flags
	@bin/box $(ARGS)

# The e2e and container tests run alone: they start the programs themselves.
UNIT     := $(GO) list -f '{{if not (or (eq .Name "e2e") (eq .Name "containers"))}}{{.ImportPath}}{{end}}' ./...
FUZZTIME ?= 10s
GOLANGCI := $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# timed runs a command, prints how long the part took and fails as it does.
timed = @start=$$(date +%s); ( $(2) ); code=$$?; echo "== $(1): $$(($$(date +%s) - start)) s"; exit $$code

test: servers check unit race e2e chart containers ## runs every test, each part with its time

servers: ## installs the servers that tests talk to (as root; else says what is missing)
	@tests/servers/install || [ -z "$(CI)" ]

check: ## formatting and vet
	$(call timed,check,files=$$(gofmt -l .) || exit; [ -z "$$files" ] || { echo "not formatted: $$files"; exit 1; }; $(GO) vet ./...)

# Tests wait for servers more than they compute: one package more at a time than
# there are cores keeps these busy. The part check vets all of them.
PACKAGES ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))

# Go keeps the results of tests that start programs until these programs change,
# so they are built first.
TESTED_PROGRAMS := $(GO) test -count=1 ./tests/stack

unit: ## unit, golden, conformance and shape tests
	$(call timed,unit,all=$$($(UNIT)) && $(TESTED_PROGRAMS) && $(GO) test -vet=off -p $(PACKAGES) $$all)

race: ## the same under the race detector
	$(call timed,race,all=$$($(UNIT)) && $(TESTED_PROGRAMS) && $(GO) test -race -vet=off -p $(PACKAGES) $$all)

e2e: ## whole programs against real servers
	$(call timed,e2e,$(GO) test -count=1 -timeout 15m ./tests/e2e)

# Helm's own packages render the chart: a module of its own, as they bring
# hundreds of Kubernetes' with them. What is rendered lies outside of it, where
# the cache of test results does not look.
chart: ## the Helm chart, rendered and checked
	$(call timed,chart,cd docker/helm && $(GO) test -count=1 ./...)

# Images carry the time and the commit they were made from, so that the same
# commit makes the same images. PLATFORMS=host builds those of this machine.
PLATFORMS ?= linux/amd64,linux/arm64,linux/arm/v7
IMAGES    ?= images
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)

images: ## container images for PLATFORMS into IMAGES (images/); needs no container engine
	@SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) $(GO) run ./docker/images --out '$(IMAGES)' --platform $(PLATFORMS) \
		--tag $(VERSION) --revision "$$(git rev-parse HEAD 2>/dev/null)" --ldflags='$(LDFLAGS)'

containers: ## images, compose files and a real Consul in containers; needs root and dockerd
	@[ "$$(id -u)" = 0 ] && command -v dockerd >/dev/null && command -v docker-compose >/dev/null || [ -n "$(CI)" ] || \
		echo "no container engine can be started here: this takes root, dockerd, docker and docker-compose; what needs them is skipped"
	$(call timed,containers,$(GO) test -count=1 -timeout 20m ./tests/containers)

fuzz: ## every fuzz target for FUZZTIME (10s)
	@all=$$($(GO) list ./...) || exit; for p in $$all; do \
		found=$$($(GO) test -list '^Fuzz' $$p) || { echo "$$found"; exit 1; }; \
		for f in $$(echo "$$found" | grep '^Fuzz'); do \
			echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p || exit 1; \
		done; \
	done

bench: ## benchmarks of the engine, then scenarios as ratios to the floor
	$(GO) test -run '^$$' -bench . ./sqlengine/... ./rules-service/internal/codec
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 20m ./tests/bench

lint: ## the linters of .golangci.yml
	$(GOLANGCI) run ./...
	@cd docker/helm && $(GOLANGCI) run ./...

docs: ## writes what is generated from declarations
	$(GO) run ./sqlengine/function/gendocs
	$(GO) run ./sqlengine/diag/gendocs
	$(GO) run ./rules-service/internal/builtin/gendocs
