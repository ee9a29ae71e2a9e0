package containers

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"sluice/tests/stack"
)

// layouts are the ways in which the compose files are meant to be used.
var layouts = map[string][]string{
	"box":            {"-f", "compose.box.yml"},
	"edgex":          {"-f", "compose.yml"},
	"redis-bus":      {"-f", "compose.yml", "--env-file", "redis-bus.env"},
	"mqtt-bus":       {"-f", "compose.yml", "--env-file", "mqtt-bus.env"},
	"nats-bus":       {"-f", "compose.yml", "--env-file", "nats-bus.env"},
	"simulators":     {"-f", "compose.yml", "--profile", "simulators"},
	"influx":         {"-f", "compose.yml", "--profile", "influx"},
	"all of edgex's": {"-f", "compose.yml", "--profile", "mqtt-bus", "--profile", "redis-bus", "--profile", "nats-bus", "--profile", "simulators", "--profile", "influx"},
}

// TestComposeFiles has docker-compose read the files in each layout, and checks
// what it can see of each service against what the program knows.
func TestComposeFiles(t *testing.T) {
	for name, args := range layouts {
		t.Run(name, func(t *testing.T) {
			content := resolved(t, nil, args...)
			for service, s := range content["services"].(tree) {
				if wrong := faults(service, s.(tree), content); len(wrong) > 0 {
					t.Errorf("%s: %s", service, strings.Join(wrong, "; "))
				}
			}
		})
	}
}

// edgexSecure is as much of EdgeX's secure compose file as secure.yml refers to.
const edgexSecure = `services:
  security-secretstore-setup: {image: edgex, environment: {EDGEX_ADD_KNOWN_SECRETS: "` + edgexSecrets + `"}}
  consul: {image: edgex}
networks: {edgex-network: {}}
`

// edgexSecrets are those of EdgeX's own services.
const edgexSecrets = "redisdb[app-rules-engine],redisdb[device-rest],message-bus[device-rest],redisdb[device-virtual],message-bus[device-virtual]"

// TestSecureFile checks our services in EdgeX's secure stack.
func TestSecureFile(t *testing.T) {
	base := filepath.Join(t.TempDir(), "docker-compose.yml")
	if err := os.WriteFile(base, []byte(edgexSecure), 0o644); err != nil {
		t.Fatal(err)
	}
	plant := "PLANT=" + filepath.Join(stack.Root(), "docker", "plant") // paths are those of the first file
	content := resolved(t, []string{plant}, "-f", base, "-f", "secure.yml")
	for service, key := range services {
		s := content["services"].(tree)[service].(tree)
		if wrong := faults(service, s, content); len(wrong) > 0 {
			t.Errorf("%s: %s", service, strings.Join(wrong, "; "))
		}
		token := fmt.Sprintf("%s%[2]s:%[1]s%[2]s:ro", tokens, key)
		if mounts := fmt.Sprint(s["volumes"]); !strings.Contains(mounts, token) {
			t.Errorf("%s mounts %s, want %s", service, mounts, token)
		}
		if env := environment(content, service); env["EDGEX_SECURITY_SECRET_STORE"] != "true" || env["RULES_AUTHENTICATION"] != "" {
			t.Errorf("%s is not secure: %v", service, env)
		}
		for _, list := range []string{"EDGEX_ADD_SECRETSTORE_TOKENS", "EDGEX_ADD_REGISTRY_ACL_ROLES"} {
			given := environment(content, "security-secretstore-setup")[list] + environment(content, "consul")[list]
			if !slices.Contains(strings.Split(given, ","), key) {
				t.Errorf("%s does not name %s: %q", list, key, given)
			}
		}
	}
	given := environment(content, "security-secretstore-setup")["EDGEX_ADD_KNOWN_SECRETS"]
	for secret := range strings.SplitSeq(edgexSecrets, ",") {
		if !slices.Contains(strings.Split(given, ","), secret) {
			t.Errorf("EDGEX_ADD_KNOWN_SECRETS takes %s away from EdgeX: %q", secret, given)
		}
	}
}

// tokens is where EdgeX puts the tokens of services for its secret store.
const tokens = "/tmp/edgex/secrets/"

// TestFaultsAreFound breaks the files in ways in which people do.
func TestFaultsAreFound(t *testing.T) {
	cases := []struct {
		name, service, want string
		damage              func(s tree)
	}{
		{"variable", "device-modbus", "MESSAGEBUS_HSOT", func(s tree) { s["environment"].(tree)["MESSAGEBUS_HSOT"] = "x" }},
		{"variable of rules", "rules-engine", "RULES_HSOT", func(s tree) { s["environment"].(tree)["RULES_HSOT"] = "x" }},
		{"variable of eKuiper", "rules-engine", "KUIPER__BASIC__RESTPROT", func(s tree) { s["environment"].(tree)["KUIPER__BASIC__RESTPROT"] = "x" }},
		{"variable of all", "core-common-config-bootstrapper", "ALL_SERVICES_MESSAGEBUS_HSOT", func(s tree) { s["environment"].(tree)["ALL_SERVICES_MESSAGEBUS_HSOT"] = "x" }},
		{"variable of EdgeX", "core-data", "SERVICE_HSOT", func(s tree) { s["environment"].(tree)["SERVICE_HSOT"] = "x" }},
		{"host of another", "device-opcua", "SERVICE_HOST is edgex-device-modbus", func(s tree) { s["environment"].(tree)["SERVICE_HOST"] = "edgex-device-modbus" }},
		{"mount", "device-modbus", "/res/profils", func(s tree) { s["volumes"] = []any{"/:/res/profils:ro"} }},
		{"source of a mount", "device-modbus", "is not there", func(s tree) { s["volumes"] = []any{"/nowhere:/res/profiles:ro"} }},
		{"state", "rules-engine", "nothing is kept of /data", func(s tree) { s["volumes"] = []any{} }},
		{"volume", "rules-engine", "rules-dta", func(s tree) { s["volumes"] = []any{"rules-dta:/data:rw"} }},
		{"port", "rules-engine", "127.0.0.1", func(s tree) { s["ports"] = []any{"59720:59720/tcp"} }},
		{"root", "device-opcua", "runs as root", func(s tree) { delete(s, "user") }},
		{"writable", "ui", "read_only", func(s tree) { s["read_only"] = false }},
		{"capabilities", "ui", "cap_drop", func(s tree) { delete(s, "cap_drop") }},
		{"privileges", "ui", "no-new-privileges", func(s tree) { delete(s, "security_opt") }},
		{"memory", "ui", "mem_limit", func(s tree) { delete(s, "mem_limit") }},
		{"log", "ui", "logging", func(s tree) { delete(s, "logging") }},
		{"health", "ui", "health", func(s tree) { delete(s, "healthcheck") }},
	}
	text, err := yaml.Marshal(resolved(t, nil, "-f", "compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var content tree
			if err := yaml.Unmarshal(text, &content); err != nil {
				t.Fatal(err)
			}
			s := content["services"].(tree)[c.service].(tree)
			c.damage(s)
			if got := strings.Join(faults(c.service, s, content), "; "); !strings.Contains(got, c.want) {
				t.Errorf("faults %q, want %q", got, c.want)
			}
		})
	}
}

// asked finds the variables that a compose file asks its user for.
var asked = regexp.MustCompile(`\$\{(\w+):-`)

// TestVariablesOfComposeFiles: what compose.yml asks for is in the files of the
// buses, and nothing else is.
func TestVariablesOfComposeFiles(t *testing.T) {
	dir := filepath.Join(stack.Root(), "docker")
	names := map[string]bool{"COMPOSE_PROFILES": true}
	text, err := os.ReadFile(filepath.Join(dir, "compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range asked.FindAllStringSubmatch(string(text), -1) {
		if m[1] != "SLUICE_TAG" && m[1] != "PLANT" { // README.md has these
			names[m[1]] = true
		}
	}
	for _, bus := range []string{"redis-bus", "mqtt-bus", "nats-bus"} {
		given := map[string]bool{}
		text, err := os.ReadFile(filepath.Join(dir, bus+".env"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if name, _, ok := strings.Cut(line, "="); ok {
				given[name] = true
			}
		}
		if fmt.Sprint(given) != fmt.Sprint(names) {
			t.Errorf("%s.env has %v, compose.yml asks for %v", bus, given, names)
		}
	}
}

// faults are what is wrong with a service.
func faults(service string, s, content tree) (wrong []string) {
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if s["read_only"] != true {
		add("no read_only root")
	}
	if fmt.Sprint(s["cap_drop"]) != "[ALL]" {
		add("no cap_drop of all")
	}
	if !strings.Contains(fmt.Sprint(s["security_opt"]), "no-new-privileges:true") {
		add("no no-new-privileges")
	}
	if user := fmt.Sprint(s["user"]); user == "<nil>" || strings.HasPrefix(user, "0") && service != "influx" {
		add("runs as root")
	}
	for _, key := range []string{"mem_limit", "pids_limit", "logging", "restart"} {
		if s[key] == nil {
			add("no %s", key)
		}
	}
	if s["healthcheck"] == nil && !hasOwnHealth(s) && service != "core-common-config-bootstrapper" && service != "samples" {
		add("no health check")
	}
	ports, _ := s["ports"].([]any)
	for _, port := range ports {
		if !strings.HasPrefix(fmt.Sprint(port), "127.0.0.1:") {
			add("port %v is not on 127.0.0.1", port)
		}
	}
	wrong = append(wrong, variableFaults(service, s)...)
	return append(wrong, mountFaults(s, content)...)
}

// hasOwnHealth tells whether the image has a health check.
func hasOwnHealth(s tree) bool { return settingsOf(s) != nil }

// settingsOf is what is known of our service in a container; nil: not ours.
func settingsOf(s tree) *settings {
	name, _, _ := strings.Cut(strings.TrimPrefix(fmt.Sprint(s["image"]), "sluice/"), ":")
	return ours[name]
}

// mountFaults compares the mounts with the folders of the program's
// configuration: none too many, and none of those missing that it writes.
func mountFaults(s, content tree) (wrong []string) {
	known := settingsOf(s)
	mounts, _ := s["volumes"].([]any)
	var targets []string
	for _, m := range mounts {
		parts := strings.Split(m.(string), ":")
		source, target := parts[0], parts[1]
		targets = append(targets, target)
		switch named, _ := content["volumes"].(tree); {
		case filepath.IsAbs(source):
			if _, err := os.Stat(source); err != nil && !strings.HasPrefix(source, tokens) {
				wrong = append(wrong, fmt.Sprintf("%s is not there", source))
			}
			if parts[len(parts)-1] != "ro" {
				wrong = append(wrong, fmt.Sprintf("%s can be written", source))
			}
		case !hasKey(named, source):
			wrong = append(wrong, fmt.Sprintf("volume %s is not declared", source))
		}
		if strings.HasPrefix(source, tokens) && target == source {
			continue
		}
		if known != nil && !slices.Contains(known.folders(), target) && !strings.Contains(fmt.Sprint(s["command"]), "-cc="+target) {
			wrong = append(wrong, fmt.Sprintf("the program knows nothing of %s", target))
		}
	}
	if known == nil {
		return wrong
	}
	for _, folder := range known.written {
		if !slices.Contains(targets, folder) {
			wrong = append(wrong, fmt.Sprintf("nothing is kept of %s", folder))
		}
	}
	return wrong
}

func hasKey(t tree, key string) bool { _, ok := t[key]; return ok }
