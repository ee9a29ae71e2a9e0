package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/profiles"
)

// tree is a YAML mapping.
type tree = map[string]any

// writeConfig writes what the services read at their start: the common
// configuration of EdgeX, and for each service its own configuration with
// profiles and devices. Existing files are replaced.
func writeConfig(f flags) error {
	if err := writeYAML(filepath.Join(f.Data, "common.yaml"), commonConfig(f)); err != nil {
		return err
	}
	for _, s := range f.services() {
		res := filepath.Join(f.Data, s.key, "res")
		if err := writeYAML(filepath.Join(res, "configuration.yaml"), s.config(f)); err != nil {
			return err
		}
		if err := writePlant(f, s.key, res); err != nil {
			return err
		}
	}
	return nil
}

// commonConfig is what core-common-config-bootstrapper would give to all.
func commonConfig(f flags) tree {
	clients := tree{"core-metadata": tree{"Protocol": "http", "Host": host, "Port": f.MetadataPort}}
	return tree{
		"all-services": tree{
			"Writable": tree{
				"LogLevel":        f.logLevel(),
				"InsecureSecrets": tree{"DB": tree{"SecretName": "redisdb", "SecretData": tree{"username": "", "password": ""}}},
				"Telemetry":       tree{"Interval": "30s"},
			},
			"Service": tree{"HealthCheckInterval": "10s", "MaxResultCount": 1024, "RequestTimeout": "5s"},
			"MessageBus": tree{
				"Protocol": "tcp", "Host": host, "Port": f.BusPort, "Type": "mqtt", "AuthMode": "none", "BaseTopicPrefix": "edgex",
				"Optional": tree{"Qos": "0", "KeepAlive": "10", "Retained": "false", "AutoReconnect": "true", "ConnectTimeout": "5"},
			},
		},
		"app-services": tree{
			"Writable": tree{"StoreAndForward": tree{"Enabled": false, "RetryInterval": "5m", "MaxRetryCount": 10}},
			"Clients":  clients,
			"Trigger":  tree{"Type": "edgex-messagebus", "SubscribeTopics": "events/#"},
		},
		"device-services": tree{
			"MaxEventSize": 0,
			"Writable":     tree{"Reading": tree{"ReadingUnits": true}},
			"Clients":      clients,
			"Device": tree{
				"DataTransform": true, "MaxCmdOps": 128, "MaxCmdValueLen": 256, "ProfilesDir": "./res/profiles", "DevicesDir": "./res/devices",
				"EnableAsyncReadings": true, "AsyncBufferSize": 16, "Labels": []string{}, "Discovery": tree{"Enabled": false, "Interval": "30s"},
			},
		},
	}
}

// logLevel is that of the services: lines that are not shown need not be
// written. The SDK has one for each auto-event of a device.
func (f flags) logLevel() string {
	if f.Verbose {
		return "INFO"
	}
	return "WARN"
}

// config is the service's own part of the configuration.
func (s service) config(f flags) tree {
	dir := filepath.Join(f.Data, s.key)
	c := tree{
		"Writable":   tree{"LogLevel": f.logLevel()},
		"Service":    tree{"Host": host, "Port": s.port, "StartupMsg": s.key + " started"},
		"MessageBus": tree{"Optional": tree{"ClientId": s.key}},
	}
	if s.key == "rules-service" {
		c["Rules"] = tree{"Host": host, "Port": f.RulesPort, "DataDir": filepath.Join(dir, "data"), "Authentication": ""}
		return c
	}
	c["Device"] = tree{"ProfilesDir": filepath.Join(dir, "res", "profiles"), "DevicesDir": filepath.Join(dir, "res", "devices")}
	return c
}

// writePlant copies the profiles and devices of a service, with the addresses
// of the simulators.
func writePlant(f flags, key, res string) error {
	plant := profiles.Boilerhouse()
	return fs.WalkDir(plant, ".", func(name string, e fs.DirEntry, err error) error {
		below, ours := strings.CutPrefix(name, key+"/")
		if err != nil || e.IsDir() || !ours {
			return err
		}
		text, err := fs.ReadFile(plant, name)
		if err != nil {
			return err
		}
		if path.Dir(below) == "devices" {
			if text, err = relocate(text, f); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return writeFile(filepath.Join(res, filepath.FromSlash(below)), text)
	})
}

// deviceFile is a file of devices. Only what relocate changes is typed.
type deviceFile struct {
	DeviceList []struct {
		Protocols map[string]tree `yaml:"protocols"`
		Rest      tree            `yaml:",inline"`
	} `yaml:"deviceList"`
}

// relocate points devices at the ports of the simulators.
func relocate(text []byte, f flags) ([]byte, error) {
	var file deviceFile
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	for _, d := range file.DeviceList {
		if p := d.Protocols["modbus-tcp"]; p != nil {
			p["Address"], p["Port"] = host, f.ModbusSimPort
		}
		if p := d.Protocols["opcua"]; p != nil {
			p["Endpoint"] = "opc.tcp://" + host + ":" + strconv.Itoa(f.OpcuaSimPort)
		}
	}
	return yaml.Marshal(file)
}

func writeYAML(path string, content any) error {
	text, err := yaml.Marshal(content)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return writeFile(path, text)
}

func writeFile(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
