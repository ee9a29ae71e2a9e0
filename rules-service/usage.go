package main

import "slices"

const usage = `rules-service runs SQL rules on the readings of the EdgeX message bus.

It takes EdgeX 3.1's configuration, speaks eKuiper's REST on port 59720, and
answers EdgeX's own API on port 59701.

Start it:
  rules-service -cp -r                      configuration and registry from Consul
  rules-service -cd res -cc common.yaml     configuration from files, without Consul

Then define a stream over the bus, and a rule:
  curl -d '{"sql":"CREATE STREAM demo () WITH (TYPE=\"edgex\", FORMAT=\"json\")"}' localhost:59720/streams
  curl -d '{"id":"hot","sql":"SELECT Temperature FROM demo WHERE Temperature > 80","actions":[{"log":{}}]}' localhost:59720/rules
  curl localhost:59720/rules/hot/status
The command sluice does the same from files: sluice help

Flags of EdgeX:
  -cp=URL, -configProvider    configuration provider; -cp alone is consul.http://localhost:8500
  -cc, -commonConfig FILE     common configuration, when there is no provider
  -cd, -configDir DIR         folder of the private configuration (default res)
  -cf, -configFile NAME       its file (default configuration.yaml)
  -p, -profile NAME           subfolder of -cd with another private configuration
  -o, -overwrite              overwrite the provider's settings with the file's
  -r, -registry               register with the registry
  -rsh, -remoteServiceHosts   hosts for a service that runs away from the others
  -d, -dev                    run beside services in containers
  -sk, -serviceKey KEY        name of the service (default rules-service)
  -h, --help                  this text
      --health=URL            ask a running service for its health: exit code 0 or 1
      --version               the version of the program

Environment (docs/operations.md has all of it):
  EDGEX_SECURITY_SECRET_STORE=false               no secret store
  RULES_HOST, RULES_PORT, RULES_DATADIR, …        section Rules of the configuration
  RULES_AUTHENTICATION                            "true", "false" or "": on off loopback
  AUTONOMY_ENABLED=false                          start only when Consul and core-metadata are there
  RULES_SECRET_NAME_KEY                           secret://NAME/KEY without a secret store
  KUIPER__BASIC__RESTIP, KUIPER__BASIC__RESTPORT  eKuiper's names for address and port

The port of the API has /healthz, /readyz and /metrics too. SIGTERM ends the
service when its sinks have taken what waits; a second one ends it at once.

Off loopback every request needs the token of DataDir/token:
  curl -H "Authorization: Bearer $(cat data/token)" http://gateway:59720/rules
`

// wantsHelp tells whether the arguments ask for the text above.
func wantsHelp(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool {
		return a == "-h" || a == "--help" || a == "-help" || a == "help"
	})
}
