package main

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"sluice/docker/image"
)

// program is a program that has an image.
type program struct {
	name    string
	pkg     string
	summary string
	config  string   // private configuration of the service; it becomes /res/configuration.yaml
	folders []string // below /res, empty: profiles and devices are mounted or named by variables
	volumes []string // folders that the program writes
	data    []string // the same, of programs that need not keep anything
	env     []string
	args    []string // when the container is given none
	ports   []string
	health  string // URL; empty: not a server, or one of several
}

// fromConsul is how EdgeX's own images start.
var fromConsul = []string{"-cp=consul.http://edgex-core-consul:8500", "--registry"}

var programs = []program{
	{
		name: "device-modbus", pkg: "./device-service/cmd/device-modbus", summary: "EdgeX device service for Modbus",
		config: "device-service/cmd/device-modbus/res/configuration.yaml", folders: []string{"profiles", "devices"}, volumes: []string{"data"},
		args: fromConsul, ports: []string{"59901/tcp"}, health: "http://${SERVICE_HOST|localhost}:${SERVICE_PORT|59901}/api/v3/ping",
	},
	{
		name: "device-opcua", pkg: "./device-service/cmd/device-opcua", summary: "EdgeX device service for OPC UA",
		config: "device-service/cmd/device-opcua/res/configuration.yaml", folders: []string{"profiles", "devices"}, volumes: []string{"data", "pki"},
		args: fromConsul, ports: []string{"59997/tcp"}, health: "http://${SERVICE_HOST|localhost}:${SERVICE_PORT|59997}/api/v3/ping",
	},
	{
		name: "rules-service", pkg: "./rules-service", summary: "SQL rules on the EdgeX message bus, with eKuiper's REST interface",
		config: "rules-service/res/configuration.yaml", volumes: []string{"data"},
		env:  []string{"RULES_HOST=0.0.0.0"}, // a container is reached from outside; the API asks for a token then
		args: fromConsul, ports: []string{"59720/tcp", "59701/tcp", "10081/tcp"},
		health: "http://localhost:${KUIPER__BASIC__RESTPORT|RULES_PORT|59720}/healthz",
	},
	{name: "sluice", pkg: "./rules-service/cmd/sluice", summary: "command line of the rules service and the device services"},
	{name: "boxpart", pkg: "./docker/boxpart", summary: "parts of the box: broker, metadata, simulators, receivers", data: []string{"data"}},
}

func (p program) repository() string { return "sluice/" + p.name }

// files is the layer of the program itself.
func (p program) files(binary []byte) ([]image.File, error) {
	files := []image.File{{Path: p.name, Mode: 0o755, Data: binary}}
	if p.config != "" {
		text, err := os.ReadFile(p.config)
		if err != nil {
			return nil, fmt.Errorf("configuration: %w", err)
		}
		files = append(files, image.File{Path: "res/configuration.yaml", Mode: 0o644, Data: text})
	}
	for _, f := range p.folders {
		files = append(files, image.Folder("res/"+f, 0o755, 0, 0))
	}
	for _, v := range slices.Concat(p.volumes, p.data) {
		files = append(files, image.Folder(v, 0o700, user, group))
	}
	return files, nil
}

// spec is what the engine does with the program.
func (p program) spec(f flags, target v1.Platform, created time.Time) image.Spec {
	c := v1.ImageConfig{
		User: fmt.Sprintf("%d:%d", user, group), WorkingDir: "/", Entrypoint: []string{"/" + p.name}, Cmd: p.args, Env: p.env,
		ExposedPorts: map[string]struct{}{}, Volumes: map[string]struct{}{},
		Labels: map[string]string{
			v1.AnnotationTitle: p.name, v1.AnnotationDescription: p.summary, v1.AnnotationVersion: f.Tag, v1.AnnotationRevision: f.Revision,
			v1.AnnotationCreated: created.UTC().Format(time.RFC3339), v1.AnnotationLicenses: "Apache-2.0", v1.AnnotationVendor: "Sluice",
		},
	}
	for _, port := range p.ports {
		c.ExposedPorts[port] = struct{}{}
	}
	for _, v := range p.volumes {
		c.Volumes["/"+v] = struct{}{}
	}
	s := image.Spec{Platform: target, Created: created, Config: c}
	if p.health != "" {
		s.Health = &image.Health{
			Test: []string{"CMD", "/" + p.name, "--health=" + p.health}, Interval: 10 * time.Second, Timeout: 6 * time.Second, StartPeriod: 30 * time.Second, Retries: 3,
		}
	}
	return s
}
