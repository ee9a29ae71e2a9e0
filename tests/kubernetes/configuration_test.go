package kubernetes

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// ofOthers are ConfigMaps that values name and do not make.
var ofOthers = []string{"plant-rules", "trust"}

// configuration of a container, as it is in its mounts.
func configuration(t *testing.T, s Set, pod Pod, c Container) map[string]any {
	t.Helper()
	files, missing, err := s.Files(pod, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range missing {
		if !slices.Contains(ofOthers, name) {
			t.Errorf("the ConfigMap %s is not there", name)
		}
	}
	for _, arg := range c.Args {
		flag, value, _ := strings.Cut(arg, "=")
		if flag == "-cc" && files[value] == "" {
			t.Errorf("%s: is in no mount", arg)
		}
		if flag == "-cd" {
			var conf map[string]any
			text := files[value+"/configuration.yaml"]
			if err := yaml.Unmarshal([]byte(text), &conf); err != nil || len(conf) == 0 {
				t.Fatalf("%s/configuration.yaml: %v\n%s", value, err, text)
			}
			return conf
		}
	}
	t.Fatalf("arguments %q name no configuration", c.Args)
	return nil
}

// flat are the settings of a configuration by their paths.
func flat(prefix string, in map[string]any, into map[string]any) map[string]any {
	for key, v := range in {
		if below, ok := v.(map[string]any); ok {
			flat(prefix+key+".", below, into)
			continue
		}
		into[prefix+key] = v
	}
	return into
}

// keysOfRules are the keys and the variables that docs/operations.md lists, which
// the rules service's own tests compare with the program.
func keysOfRules(t *testing.T) (keys, variables map[string]bool) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "rules-service/docs/operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "<!-- settings -->")
	table, _, _ := strings.Cut(rest, "<!-- end of settings -->")
	keys, variables = map[string]bool{}, map[string]bool{}
	quoted := regexp.MustCompile("`([^`]+)`")
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			continue
		}
		keys[strings.Trim(strings.TrimSpace(cells[1]), "`")] = true
		for _, m := range quoted.FindAllStringSubmatch(cells[2], -1) {
			variables[m[1]] = true
		}
	}
	if len(keys) < 30 || len(variables) < 50 {
		t.Fatalf("%d keys and %d variables are documented", len(keys), len(variables))
	}
	return keys, variables
}

// sample is the configuration that comes with a service: its keys are those that
// the service knows, apart from the ones that EdgeX has for all services.
func sample(t *testing.T, service string) map[string]any {
	t.Helper()
	path := map[string]string{
		"rules-service": "rules-service/res/configuration.yaml",
		"device-modbus": "device-service/cmd/device-modbus/res/configuration.yaml",
		"device-opcua":  "device-service/cmd/device-opcua/res/configuration.yaml",
	}[service]
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	var conf map[string]any
	if err := yaml.Unmarshal(text, &conf); err != nil {
		t.Fatal(err)
	}
	return flat("", conf, map[string]any{})
}

// ofEdgeX are keys of EdgeX that the samples have as comments or not at all.
var ofEdgeX = []string{"Driver.AutoDown"}

func TestSettingsExist(t *testing.T) {
	keys, _ := keysOfRules(t)
	eachContainer(t, func(t *testing.T, s Set, _ Manifest, pod Pod, c Container) {
		known := sample(t, c.Service())
		for path := range flat("", configuration(t, s, pod, c), map[string]any{}) {
			rule, ofRules := strings.CutPrefix(path, "Rules.")
			_, ok := known[path]
			if ok = ok || slices.Contains(ofEdgeX, path); ofRules {
				ok = keys[rule]
			}
			if !ok {
				t.Errorf("the service knows no setting %s", path)
			}
		}
	})
}

// edgexVariables are those that EdgeX's SDKs read besides the ones for settings.
var edgexVariables = []string{"EDGEX_SECURITY_SECRET_STORE", "EDGEX_INSTANCE_NAME"}

func TestVariablesExist(t *testing.T) {
	_, variables := keysOfRules(t)
	eachContainer(t, func(t *testing.T, s Set, _ Manifest, pod Pod, c Container) {
		ofSettings := map[string]bool{}
		for path := range flat("", configuration(t, s, pod, c), map[string]any{}) {
			ofSettings[strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(path))] = true
		}
		values := ""
		for _, v := range c.Env {
			values += v.Value
		}
		for i, v := range c.Env {
			used := strings.Contains(values, "$("+v.Name+")")
			secret := strings.HasPrefix(v.Name, "RULES_SECRET_") && c.Service() == "rules-service"
			ofRules := variables[v.Name] && c.Service() == "rules-service"
			if !used && !secret && !ofRules && !ofSettings[v.Name] && !slices.Contains(edgexVariables, v.Name) && v.Name != "NODE_NAME" {
				t.Errorf("the service knows no variable %s", v.Name)
			}
			for _, m := range regexp.MustCompile(`\$\((\w+)\)`).FindAllStringSubmatch(v.Value, -1) {
				if !slices.ContainsFunc(c.Env[:i], func(o Variable) bool { return o.Name == m[1] }) {
					t.Errorf("%s takes %s, which does not stand before it", v.Name, m[0])
				}
			}
		}
	})
}

// folders are settings that name places; true: the service writes there.
var folders = map[string]bool{
	"Rules.DataDir": true, "Rules.PublicKeys": false, "Rules.RestTLS.CertFile": false, "Rules.RestTLS.KeyFile": false,
	"Device.ProfilesDir": false, "Device.DevicesDir": false, "Driver.PKI": true, "Driver.DataDir": true, "Autonomy.Dir": true,
	"KubeEdge.DMI.EdgeSocket": true, "KubeEdge.DMI.Socket": true,
}

// Device services write below their working folder unless they are told
// another place, and that one is read-only here.
func TestDeviceServicesKeepTheirData(t *testing.T) {
	eachContainer(t, func(t *testing.T, s Set, _ Manifest, pod Pod, c Container) {
		if c.Service() == "rules-service" {
			return
		}
		conf := flat("", configuration(t, s, pod, c), map[string]any{})
		for _, path := range []string{"Driver.DataDir", "Autonomy.Dir"} {
			if place, _ := conf[path].(string); !strings.HasPrefix(place, "/") {
				t.Errorf("%s is %q", path, place)
			}
		}
	})
}

// A service that has the folder of edgecore's socket is a mapper.
func TestMappersHaveTheSocketOfEdgecore(t *testing.T) {
	mappers := 0
	eachContainer(t, func(t *testing.T, s Set, _ Manifest, pod Pod, c Container) {
		conf := flat("", configuration(t, s, pod, c), map[string]any{})
		_, mounted := c.Mounted("/etc/kubeedge/dmi.sock")
		if protocol := conf["KubeEdge.DMI.Protocol"]; mounted != (protocol != nil) || mounted && "device-"+fmt.Sprint(protocol) != c.Service() {
			t.Errorf("the socket is mounted: %v, the protocol is %v", mounted, protocol)
		}
		if mounted {
			mappers++
		}
	})
	if mappers == 0 {
		t.Error("no manifest has a mapper")
	}
}

func TestFoldersAndPortsAreThoseOfTheConfiguration(t *testing.T) {
	eachContainer(t, func(t *testing.T, s Set, _ Manifest, pod Pod, c Container) {
		conf := flat("", configuration(t, s, pod, c), map[string]any{})
		for path, writes := range folders {
			place, _ := conf[path].(string)
			if place == "" {
				continue
			}
			if mounted, writable := c.Mounted(place); !mounted || writes && !writable {
				t.Errorf("%s: %s is mounted %v, writable %v", path, place, mounted, writable)
			}
		}
		if mounted, writable := c.Mounted("/tmp/upload"); !mounted || !writable {
			t.Error("/tmp is read-only")
		}
		for setting, port := range map[string]string{"Service.Port": "edgex", "Rules.Port": "rules", "Rules.HTTPServer.Port": "http-push"} {
			if want, ok := conf[setting]; ok && fmt.Sprint(want) != fmt.Sprint(c.Port(port)) {
				t.Errorf("%s is %v, the port %s %d", setting, want, port, c.Port(port))
			}
		}
	})
}
