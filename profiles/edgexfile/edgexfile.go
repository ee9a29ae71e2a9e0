// Package edgexfile writes profiles and devices as the YAML files that EdgeX's
// device services read, without the fields that say nothing.
package edgexfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"go.yaml.in/yaml/v3"
)

// Profile is a profile as a file.
func Profile(p dtos.DeviceProfile) ([]byte, error) { return write(p) }

// Devices are devices as a file.
func Devices(list []dtos.Device) ([]byte, error) {
	return write(struct {
		DeviceList []dtos.Device `json:"deviceList"`
	}{list})
}

// silent are fields whose usual value a file need not have: a device service
// sets the states of the devices that it loads.
var silent = map[string]string{"isHidden": "false", "onChange": "false", "adminState": "UNLOCKED", "operatingState": "UP"}

// write goes by way of JSON, whose names EdgeX's types have for what YAML has
// none for.
func write(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write for EdgeX: %w", err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("write for EdgeX: %w", err)
	}
	tidy(&doc, 0, false)
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return nil, fmt.Errorf("write for EdgeX: %w", err)
	}
	return b.Bytes(), enc.Close()
}

// freeFields are those whose content is not EdgeX's.
var freeFields = map[string]bool{"properties": true, "attributes": true, "protocols": true, "tags": true}

// tidy drops fields that say nothing, puts the name first, and writes short
// objects on one line. What is in free fields stays as it is.
func tidy(n *yaml.Node, depth int, free bool) {
	n.Style &^= yaml.FlowStyle
	if n.Kind == yaml.ScalarNode {
		n.Style = 0
		if n.Tag == "!!str" && (plain(n.Value) != "!!str" || oldBooleans[strings.ToLower(n.Value)]) {
			n.Style = yaml.DoubleQuotedStyle
		}
		return
	}
	if n.Kind == yaml.MappingNode && !free {
		dropSilent(n)
		nameFirst(n)
	}
	for i, c := range n.Content {
		tidy(c, depth+1, free || n.Kind == yaml.MappingNode && i%2 == 1 && freeFields[n.Content[i-1].Value])
	}
	if n.Kind == yaml.MappingNode && depth > 1 && flat(n) || len(n.Content) == 0 {
		n.Style |= yaml.FlowStyle
	}
}

// oldBooleans are truth values to readers of YAML 1.1.
var oldBooleans = map[string]bool{"y": true, "n": true, "yes": true, "no": true, "on": true, "off": true}

// plain is the type that a text would have without quotes.
func plain(s string) string {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(s), &n); err != nil || len(n.Content) != 1 || n.Content[0].Kind != yaml.ScalarNode {
		return ""
	}
	return n.Content[0].ShortTag()
}

// dropSilent drops fields that are null, empty, or as they would be anyway.
func dropSilent(n *yaml.Node) {
	kept := n.Content[:0]
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i].Value, n.Content[i+1]
		if v.Tag == "!!null" || v.Kind == yaml.ScalarNode && v.Value == "" || v.Kind == yaml.ScalarNode && silent[key] == v.Value {
			continue
		}
		kept = append(kept, n.Content[i], v)
	}
	n.Content = kept
}

func nameFirst(n *yaml.Node) {
	for i := 2; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "name" {
			name := []*yaml.Node{n.Content[i], n.Content[i+1]}
			copy(n.Content[2:i+2], n.Content[:i])
			copy(n.Content, name)
			return
		}
	}
}

// widest is how many characters an object on one line has at most.
const widest = 120

// flat tells whether an object holds single values alone, few enough for a
// line.
func flat(n *yaml.Node) bool {
	width := 0
	for _, c := range n.Content {
		if c.Kind != yaml.ScalarNode {
			return false
		}
		width += len(c.Value) + 2
	}
	return width < widest
}
