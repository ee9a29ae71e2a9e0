package edgex

import (
	"cmp"
	"strings"
)

// help is what --help prints. It does without text/template, which looks methods
// up by name: the linker would keep those of all types, a quarter of the program.
func help(s Service) string {
	return strings.NewReplacer("{service}", s.Key, "{version}", s.Version, "{summary}", cmp.Or(s.Summary, "an EdgeX 3.1 device service")).Replace(helpText)
}

const helpText = `{service} {version}: {summary}

Usage:
  {service} -cp=consul.http://localhost:8500 -r    configuration and registry from Consul
  {service} -cc common.yaml -cd res                configuration from files

Options, and the environment variables that win over them:
  -cp=URL, EDGEX_CONFIG_PROVIDER   configuration provider
  -cc, EDGEX_COMMON_CONFIG         common configuration: a file or a URL
  -cd, EDGEX_CONFIG_DIR            folder of configuration.yaml (default res)
  -cf, EDGEX_CONFIG_FILE           its name (default configuration.yaml)
  -p, EDGEX_PROFILE                a folder below it
  -r, EDGEX_USE_REGISTRY=true      register with the registry and look services up there
  -o                               overwrite the provider's configuration with the file
  -i, EDGEX_INSTANCE_NAME          a suffix for the service key, to run several
  -rsh LOCAL,REMOTE,BIND           hosts, when this service runs on another node
  -d                               developer mode: all other hosts are localhost
  --health=URL                     ask a running service for its health: exit code 0 or 1
  --version, --help

Environment:
  EDGEX_SECURITY_SECRET_STORE=false   run without the secret store
  EDGEX_STARTUP_DURATION=60           give up after so many seconds when the message bus or the
                                      configuration provider is not there (default: wait)
  AUTONOMY_DIR=./data                 where the last known state of Consul and core-metadata is kept,
                                      with which the service starts while they are away
  AUTONOMY_ENABLED=false              start only when they are there
  SERVICE_HOST, MESSAGEBUS_HOST, CLIENTS_CORE_METADATA_HOST, WRITABLE_LOGLEVEL, …
                                      any setting: its path in capitals, "/" and "-" as "_"

Files:
  res/configuration.yaml      service, message bus client, folders of the next two
  res/profiles/*.yaml         device profiles: resources, their attributes, commands
  res/devices/*.yaml          devices: protocol properties, auto-events
Profiles and devices are handed to core-metadata once, when it does not know their names yet.

Try it:
  curl http://localhost:PORT/api/v3/ping
  curl http://localhost:PORT/api/v3/device/name/DEVICE/COMMAND
`
