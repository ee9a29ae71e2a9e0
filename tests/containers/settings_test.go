package containers

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/edgexfoundry/go-mod-bootstrap/v3/config"
	"go.yaml.in/yaml/v3"

	"sluice/tests/stack"
)

// settings is what a program of ours reads of its container.
type settings struct {
	private string   // its configuration file
	read    []string // settings that name folders it reads
	written []string // folders that it writes
}

// ours are our services by their images.
var ours = map[string]*settings{
	"device-modbus": {private: "device-service/cmd/device-modbus/res/configuration.yaml", read: []string{"Device.ProfilesDir", "Device.DevicesDir", "Driver.DataDir", "Autonomy.Dir"}, written: []string{"/data"}},
	"device-opcua":  {private: "device-service/cmd/device-opcua/res/configuration.yaml", read: []string{"Device.ProfilesDir", "Device.DevicesDir", "Driver.PKI", "Driver.DataDir", "Autonomy.Dir"}, written: []string{"/pki", "/data"}},
	"rules-service": {private: "rules-service/res/configuration.yaml", read: []string{"Rules.DataDir"}, written: []string{"/data"}},
}

// folders are those that the configuration names, as the container has them.
func (s *settings) folders() []string {
	var all []string
	for _, setting := range s.read {
		var node any = load(s.private)
		for step := range strings.SplitSeq(setting, ".") {
			node = node.(tree)[step]
		}
		all = append(all, path.Join("/", node.(string)))
	}
	return all
}

func load(name string) tree {
	text, err := os.ReadFile(filepath.Join(stack.Root(), name))
	if err != nil {
		panic(err) // a file of this repository
	}
	var content tree
	if err := yaml.Unmarshal(text, &content); err != nil {
		panic(err)
	}
	return content
}

// general are the variables that all services of EdgeX read.
var general = []string{
	"EDGEX_SECURITY_SECRET_STORE", "EDGEX_CONFIG_PROVIDER", "EDGEX_COMMON_CONFIG", "EDGEX_CONFIG_DIR", "EDGEX_CONFIG_FILE", "EDGEX_PROFILE", "EDGEX_USE_REGISTRY",
	"EDGEX_INSTANCE_NAME", "EDGEX_SERVICE_KEY", "EDGEX_STARTUP_DURATION", "EDGEX_STARTUP_INTERVAL", "EDGEX_DISABLE_JWT_VALIDATION", "EDGEX_REMOTE_SERVICE_HOSTS", "TZ",
}

// foreign are the variables of images that are neither ours nor EdgeX's.
var foreign = map[string][]string{
	"hashicorp/consul": {"CONSUL_DISABLE_PERM_MGMT"},
	"influxdb":         {"INFLUXDB_DB", "INFLUXDB_REPORTING_DISABLED"},
}

// everyService are the sections that EdgeX's library reads for each service.
type everyService struct {
	Service      config.ServiceInfo
	MessageBus   config.MessageBusInfo
	Registry     config.RegistryInfo
	Database     config.Database
	ExternalMQTT config.ExternalMQTTInfo
	SecretStore  config.SecretStoreInfo
	Writable     struct{ LogLevel string }
	Clients      struct {
		CoreMetadata, CoreData, CoreCommand, SupportNotifications config.ClientInfo
	}
}

// variables are the overrides of all fields of a type.
func variables(t reflect.Type, prefix string) []string {
	if t.Kind() != reflect.Struct {
		return []string{strings.TrimSuffix(prefix, "_")}
	}
	var all []string
	for i := range t.NumField() {
		f := t.Field(i)
		all = append(all, variables(f.Type, prefix+strings.ToUpper(snake(f.Name))+"_")...)
	}
	return all
}

var hump = regexp.MustCompile(`^(Core|Support)([A-Z])`)

// snake writes the clients' keys: core-metadata.
func snake(name string) string { return hump.ReplaceAllString(name, "${1}_$2") }

// leaves are the overrides of all settings of a file.
func leaves(node any, steps ...string) []string {
	below, ok := node.(tree)
	if !ok {
		return []string{variableName(steps)}
	}
	var all []string
	for k, v := range below {
		all = append(all, leaves(v, append(steps[:len(steps):len(steps)], k)...)...)
	}
	return all
}

// documented are the variables in the table of the rules service's settings,
// which a test of its own compares with the program.
func documented() []string {
	text, err := os.ReadFile(filepath.Join(stack.Root(), "rules-service", "docs", "operations.md"))
	if err != nil {
		panic(err) // a file of this repository
	}
	var all []string
	for _, m := range regexp.MustCompile("`((?:RULES|KUIPER_)_[A-Z0-9_]+)`").FindAllStringSubmatch(string(text), -1) {
		all = append(all, m[1])
	}
	return all
}

// known are the variables that the program of a container understands.
func known(image string) []string {
	repository, _, _ := strings.Cut(image, ":")
	if names, ok := foreign[repository]; ok {
		return names
	}
	sections := variables(reflect.TypeFor[everyService](), "")
	all := slices.Concat(general, sections)
	common := load("docker/box/common.yaml")
	switch name := path.Base(repository); {
	case name == "core-common-config-bootstrapper":
		for _, part := range []string{"ALL_SERVICES_", "APP_SERVICES_", "DEVICE_SERVICES_"} {
			for _, s := range sections {
				all = append(all, part+s)
			}
		}
		return append(all, leaves(common)...)
	case ours[name] != nil:
		all = append(all, leaves(load(ours[name].private))...)
		if name == "rules-service" {
			return append(all, documented()...)
		}
		return append(all, leaves(common["device-services"])...)
	}
	return all
}

// variableFaults finds variables that nobody reads, and addresses of others.
func variableFaults(service string, s tree) (wrong []string) {
	understood := known(fmt.Sprint(s["image"]))
	env, _ := s["environment"].(tree)
	for name, value := range env {
		if !slices.Contains(understood, name) {
			wrong = append(wrong, fmt.Sprintf("no setting has the variable %s", name))
		}
		if host := s["hostname"]; name == "SERVICE_HOST" && value != host && (host != nil || value != service) {
			wrong = append(wrong, fmt.Sprintf("SERVICE_HOST is %v", value))
		}
	}
	return wrong
}
