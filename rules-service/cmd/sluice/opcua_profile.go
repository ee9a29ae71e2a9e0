package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// browsedNode is what a browse found.
type browsedNode struct {
	Name        string            `json:"name"`
	Path        string            `json:"path"`
	Kind        string            `json:"kind"`
	NodeID      string            `json:"nodeId"`
	ObjectID    string            `json:"objectId,omitempty"`
	Type        string            `json:"type"`
	ReadWrite   string            `json:"readWrite"`
	DataType    string            `json:"dataType,omitempty"`
	Description string            `json:"description,omitempty"`
	Units       string            `json:"units,omitempty"`
	Minimum     *float64          `json:"minimum,omitempty"`
	Maximum     *float64          `json:"maximum,omitempty"`
	Values      map[string]string `json:"values,omitempty"`
	Inputs      []nodeArgument    `json:"inputs,omitempty"`
	Outputs     []nodeArgument    `json:"outputs,omitempty"`
}

// nodeArgument is one of a method.
type nodeArgument struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	DataType    string `json:"dataType"`
	Description string `json:"description,omitempty"`
}

// signature is what a method takes and gives.
func (n *browsedNode) signature() string {
	text := "(" + argumentList(n.Inputs) + ")"
	if len(n.Outputs) > 0 {
		text += " -> " + argumentList(n.Outputs)
	}
	return text
}

func argumentList(list []nodeArgument) string {
	parts := make([]string, len(list))
	for i, a := range list {
		parts[i] = a.Name + " " + a.DataType
	}
	return strings.Join(parts, ", ")
}

// about is the description of the resource: that of the node, and what its values
// or arguments mean.
func (n *browsedNode) about() string {
	parts := []string{n.Description}
	switch {
	case n.Kind == "method":
		parts = append(parts, "method"+n.signature())
	case len(n.Values) > 0:
		numbers := slices.SortedFunc(maps.Keys(n.Values), byNumber)
		for i, number := range numbers {
			numbers[i] = number + " " + n.Values[number]
		}
		parts = append(parts, strings.Join(numbers, ", "))
	case n.Type == "Object":
		parts = append(parts, n.DataType)
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ": ")
}

func byNumber(a, b string) int {
	x, _ := strconv.ParseInt(a, 10, 64) // the service writes numbers
	y, _ := strconv.ParseInt(b, 10, 64)
	return int(x - y)
}

// opcuaProfile is a device profile of EdgeX.
type opcuaProfile struct {
	Name        string          `yaml:"name"`
	Description string          `yaml:"description"`
	Labels      []string        `yaml:"labels,flow"`
	Resources   []opcuaResource `yaml:"deviceResources"`
	Commands    []opcuaCommand  `yaml:"deviceCommands,omitempty"`
}

type opcuaResource struct {
	Name        string            `yaml:"name"`
	Description string            `yaml:"description,omitempty"`
	Attributes  map[string]string `yaml:"attributes,flow"`
	Properties  opcuaProperties   `yaml:"properties,flow"`
}

type opcuaProperties struct {
	ValueType string   `yaml:"valueType"`
	ReadWrite string   `yaml:"readWrite"`
	Units     string   `yaml:"units,omitempty"`
	Minimum   *float64 `yaml:"minimum,omitempty"`
	Maximum   *float64 `yaml:"maximum,omitempty"`
	MediaType string   `yaml:"mediaType,omitempty"`
}

type opcuaCommand struct {
	Name       string              `yaml:"name"`
	ReadWrite  string              `yaml:"readWrite"`
	Operations []map[string]string `yaml:"resourceOperations,flow"`
}

// allValues is the command that reads all variables. EdgeX allows so many
// resources of one command, unless Device.MaxCmdOps says otherwise.
const (
	allValues  = "Values"
	mostOfThem = 128
)

// newOPCUAProfile makes resources of nodes.
func newOPCUAProfile(name string, nodes []browsedNode) *opcuaProfile {
	p := &opcuaProfile{Name: name, Description: "Written by sluice opcua browse", Labels: []string{"opcua"}}
	var read []map[string]string
	taken := false
	for i := range nodes {
		n := &nodes[i]
		p.Resources = append(p.Resources, n.resource())
		taken = taken || n.Name == allValues
		if n.Kind != "method" && n.ReadWrite != "W" {
			read = append(read, map[string]string{"deviceResource": n.Name})
		}
	}
	if len(read) > 0 && len(read) <= mostOfThem && !taken {
		p.Commands = []opcuaCommand{{Name: allValues, ReadWrite: "R", Operations: read}}
	}
	return p
}

func (n *browsedNode) resource() opcuaResource {
	r := opcuaResource{Name: n.Name, Description: n.about(), Attributes: map[string]string{"nodeId": n.NodeID},
		Properties: opcuaProperties{ValueType: n.Type, ReadWrite: n.ReadWrite, Units: n.Units, Minimum: n.Minimum, Maximum: n.Maximum}}
	if n.Kind == "method" {
		r.Attributes = map[string]string{"methodId": n.NodeID, "objectId": n.ObjectID}
	}
	if n.Type == "Binary" {
		r.Properties.MediaType = "application/octet-stream"
	}
	return r
}

func (p *opcuaProfile) text() (string, error) { return yamlText(p) }

func yamlText(v any) (string, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(v), enc.Close()); err != nil {
		return "", fmt.Errorf("profile as YAML: %w", err)
	}
	return b.String(), nil
}

// devices is a file with a device of the profile.
func (p *opcuaProfile) devices(name string, properties map[string]any) (string, error) {
	type autoEvent struct {
		Interval   string `yaml:"interval"`
		SourceName string `yaml:"sourceName"`
	}
	type device struct {
		Name        string                    `yaml:"name"`
		ProfileName string                    `yaml:"profileName"`
		Protocols   map[string]map[string]any `yaml:"protocols,flow"`
		AutoEvents  []autoEvent               `yaml:"autoEvents,omitempty"`
	}
	one := device{Name: orElse(name, strings.ToLower(p.Name)), ProfileName: p.Name, Protocols: map[string]map[string]any{"opcua": properties}}
	if len(p.Commands) > 0 {
		one.AutoEvents = []autoEvent{{"1s", allValues}}
	}
	return yamlText(map[string][]device{"deviceList": {one}})
}

// profileName is what was given, or that of the file.
func (c *opcuaBrowseCmd) profileName() string {
	file := filepath.Base(c.Profile)
	return orElse(c.ProfileName, strings.TrimSuffix(file, filepath.Ext(file)))
}
