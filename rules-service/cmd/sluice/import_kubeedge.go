package main

import (
	"fmt"
	"time"

	"sluice/profiles/kubeedge"
)

// importKubeEdgeCmd imports device models and devices of KubeEdge and OpenYurt.
type importKubeEdgeCmd struct {
	deviceImport
	Node         string            `placeholder:"NODE" help:"Only the devices of this node."`
	CycleUnit    string            `enum:"auto,ns,ms" default:"auto" help:"Unit of collectCycle and reportCycle: ns up to KubeEdge 1.17, ms later; auto takes values from 100000000 on as ns."`
	Semantics    string            `enum:"sensible,kubeedge" default:"sensible" help:"kubeedge: integers are unsigned and booleans in registers are the high byte, as its Modbus mapper has it."`
	Signed       bool              `help:"Integers are signed whose model does not say so by a minimum below 0."`
	BoolHighByte bool              `name:"bool-highbyte" help:"Booleans in registers are the high byte."`
	Broker       string            `placeholder:"URL" help:"The MQTT broker at the edge that rules publish to; tcp://127.0.0.1:1883 unless said."`
	Service      map[string]string `placeholder:"PROTOCOL=NAME" help:"Device service of a protocol, such as modbus=device-modbus-2; give it several times for several."`
	Watch        bool              `short:"w" help:"Apply, and apply again when the files change, until interrupted."`
	Every        time.Duration     `default:"2s" help:"Pause between two looks with --watch."`
}

// Help shows the usual ways.
func (*importKubeEdgeCmd) Help() string {
	return `Files are DeviceModels and Devices of v1alpha1, v1alpha2 and v1beta1 in YAML or JSON, ConfigMaps with a deviceProfile.json, that file itself, and
DeviceProfiles and Devices of OpenYurt. Profiles and devices go to EdgeX's core-metadata, streams and rules to the rules service: all, or
nothing when anything is wrong. What is as it should be is not touched.

  sluice import kubeedge line.yaml                            what would change
  sluice import kubeedge line.yaml --node edge1 --apply       do it
  sluice import kubeedge line.yaml --out res                  files for the services; no service is needed
  sluice import kubeedge /etc/devices --watch                 follow a mounted ConfigMap`
}

// kubeEdgeEndings are those of files in a folder.
var kubeEdgeEndings = []string{".yaml", ".yml", ".json"}

// kubeEdgeBody is what the service is sent.
type kubeEdgeBody struct {
	Files        []manifest        `json:"files"`
	Node         string            `json:"node,omitempty"`
	CycleUnit    string            `json:"cycleUnit,omitempty"`
	Semantics    string            `json:"semantics,omitempty"`
	Signed       bool              `json:"signed,omitempty"`
	BoolHighByte bool              `json:"boolHighByte,omitempty"`
	Broker       string            `json:"broker,omitempty"`
	Services     map[string]string `json:"services,omitempty"`
	DryRun       bool              `json:"dryRun,omitempty"`
}

// Run imports once, or follows the files.
func (c *importKubeEdgeCmd) Run(s *session) error {
	files, err := s.manifests(c.Files, kubeEdgeEndings)
	if err != nil {
		return err
	}
	if c.Watch {
		return c.follow(s)
	}
	if c.Out != "" {
		if err := c.write(s, files); err != nil || !c.Apply {
			return err
		}
	}
	return c.send(s, files, !c.Apply)
}

func (c *importKubeEdgeCmd) send(s *session, files []manifest, dryRun bool) error {
	return s.importDevices("/import/kubeedge", kubeEdgeBody{
		Files: files, Node: c.Node, CycleUnit: c.CycleUnit, Semantics: c.Semantics, Signed: c.Signed, BoolHighByte: c.BoolHighByte,
		Broker: c.Broker, Services: c.Service, DryRun: dryRun,
	})
}

// write writes what the services read into a folder.
func (c *importKubeEdgeCmd) write(s *session, files []manifest) error {
	list := make([]kubeedge.File, len(files))
	for i, f := range files {
		list[i] = kubeedge.File{Name: f.Name, Data: []byte(f.Data)}
	}
	set, findings := kubeedge.Read(list...)
	result, more := kubeedge.Convert(set, kubeedge.Options{
		Node: c.Node, Broker: c.Broker, Services: c.Service,
		Choices: kubeedge.Choices{CycleUnit: kubeedge.CycleUnit(c.CycleUnit), Semantics: kubeedge.Semantics(c.Semantics), Signed: c.Signed, BoolHighByte: c.BoolHighByte},
	})
	findings = append(findings, more...)
	r := imported{Entries: kubeedge.Report(set, findings, kubeedge.Diff(result, kubeedge.Existing{}))}
	if n := len(findings.Errors()); n > 0 {
		return s.showFailed(&r, fmt.Sprintf("nothing was written; errors: %d", n))
	}
	out := outFolder{dir: c.Out}
	out.result(&result)
	return s.writeFiles(&r, &out)
}
