# make           lists the targets
# make build     builds all programs into bin/
# make run       starts a whole plant on this machine, with sample alarms

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GO      ?= go

# The SDKs tell these at /api/v3/version; without them they say 0.0.0.
DEVICE_SDK := github.com/edgexfoundry/device-sdk-go/v3/internal/common.SDKVersion
APP_SDK    := github.com/edgexfoundry/app-functions-sdk-go/v3/internal
LDFLAGS    := -s -w -X main.version=$(VERSION) -X $(DEVICE_SDK)=3.1.1 \
              -X $(APP_SDK).SDKVersion=3.1.1 -X $(APP_SDK).ApplicationVersion=$(VERSION)

# Programs by their folders.
PROGRAMS          := device-modbus device-opcua rules-service sluice box
dir_device-modbus := ./device-service/cmd/device-modbus
dir_device-opcua  := ./device-service/cmd/device-opcua
dir_rules-service := ./rules-service
dir_sluice        := ./rules-service/cmd/sluice
dir_box           := ./box

.DEFAULT_GOAL := help
.PHONY: help build run $(PROGRAMS)

help: ## lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: $(PROGRAMS) ## builds all programs into bin/

# Go knows best what has changed, so the programs are always asked for.
$(PROGRAMS):
	@printf '  build  bin/%s\n' $@
	@CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/$@ $(dir_$@)

run: build ## starts a whole plant on this machine; ARGS="--help" shows its flags
	@bin/box $(ARGS)
