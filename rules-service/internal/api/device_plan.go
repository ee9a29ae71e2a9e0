package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"

	"sluice/profiles/kubeedge"
	"sluice/rules-service/internal/rule"
)

// The kinds of what an import of devices changes.
const (
	kindProfile = "profile"
	kindDevice  = "device"
	kindStream  = "stream"
	kindRule    = "rule"
)

// plan is what an import of devices has to do: what is as it should be is left
// alone.
type plan struct {
	changes     []kubeedge.Change
	newProfiles []dtos.DeviceProfile
	profiles    []replaced[dtos.DeviceProfile]
	newDevices  []dtos.Device
	devices     []replaced[dtos.Device]
	definitions rule.Set
	strangers   refusedChanges // devices that are others of the same name
}

// newPlan compares what is wanted with what there is.
func newPlan(want kubeedge.Result, have kubeedge.Existing) (*plan, error) {
	p := &plan{changes: kubeedge.Diff(want, have), definitions: rule.Set{Streams: map[string]string{}, Rules: map[string]string{}}}
	todo := map[string]kubeedge.Action{}
	for i := range p.changes {
		c := &p.changes[i]
		todo[c.Kind+" "+c.Name] = c.Action
		c.Differences = redacted(c.Kind, c.Differences)
		if c.Kind == kindRule && c.Action == kubeedge.Delete {
			p.definitions.Delete = append(p.definitions.Delete, c.Name)
		}
	}
	p.strangers = strangers(want, have)
	p.profiles, p.newProfiles = parted(todo, kindProfile, profilesOf(want), have.Profiles, profileName)
	p.devices, p.newDevices = parted(todo, kindDevice, devicesOf(want), have.Devices, deviceName)
	for _, s := range want.Streams {
		if todo[kindStream+" "+s.Name] != kubeedge.Unchanged {
			p.definitions.Streams[s.Name] = s.SQL
		}
	}
	for _, r := range want.Rules {
		if todo[kindRule+" "+r.ID] == kubeedge.Unchanged {
			continue
		}
		text, err := renewed(r, have.Rules[r.ID])
		if err != nil {
			return nil, err
		}
		p.definitions.Rules[r.ID] = text
	}
	return p, nil
}

// strangers are the devices of other namespaces that there are by the names of
// those that are wanted. One must not take the place of the other.
func strangers(want kubeedge.Result, have kubeedge.Existing) (list refusedChanges) {
	namespaces := map[string]string{}
	for _, d := range have.Devices {
		namespaces[d.Name] = namespaceOf(d)
	}
	for _, d := range want.Devices {
		old, now := namespaces[d.Name], namespaceOf(d.Device)
		if old != "" && now != "" && old != now {
			list = append(list, refusedChange{kindDevice, d.Name, fmt.Sprintf(
				"there is one of namespace %s already; delete it, and import both together if there are to be both: then they get names of their own", old)})
		}
	}
	return list
}

// namespaceOf is the namespace of a device, "" of one that KubeEdge does not
// know. Whoever writes a tag can write anything into it.
func namespaceOf(d dtos.Device) string {
	namespace, _ := d.Tags[kubeedge.TagNamespace].(string)
	return namespace
}

func profilesOf(r kubeedge.Result) []dtos.DeviceProfile {
	list := make([]dtos.DeviceProfile, len(r.Profiles))
	for i, p := range r.Profiles {
		list[i] = p.DeviceProfile
	}
	return list
}

func devicesOf(r kubeedge.Result) []dtos.Device {
	list := make([]dtos.Device, len(r.Devices))
	for i, d := range r.Devices {
		list[i] = d.Device
	}
	return list
}

// parted parts what replaces something from what is new.
func parted[T any](todo map[string]kubeedge.Action, kind string, want, have []T, name func(T) string) (changed []replaced[T], created []T) {
	old := map[string]T{}
	for _, one := range have {
		old[name(one)] = one
	}
	for _, one := range want {
		switch todo[kind+" "+name(one)] {
		case kubeedge.Create:
			created = append(created, one)
		case kubeedge.Update:
			changed = append(changed, replaced[T]{one, old[name(one)]})
		}
	}
	return changed, created
}

// renewed is a rule with what it had besides.
func renewed(r kubeedge.Rule, old map[string]any) (string, error) {
	whole := map[string]any{"id": r.ID}
	if r.Name != "" {
		whole["name"] = r.Name
	}
	maps.Copy(whole, old)
	whole["sql"], whole["actions"] = r.SQL, r.Actions
	text, err := json.Marshal(whole)
	if err != nil {
		return "", fmt.Errorf("rule %s: %w", r.ID, err)
	}
	return string(text), nil
}

// delicate are names and values of what may be secret.
var delicate = regexp.MustCompile(`(?i)passw|secret|token|credential|://[^/ ]*@`)

// redacted are differences without the values that may hold secrets. The
// actions of a rule are one value.
func redacted(kind string, differences []string) []string {
	for i, d := range differences {
		path, _, _ := strings.Cut(d, ": ")
		if kind == kindRule && path == "actions" || delicate.MatchString(d) {
			differences[i] = path + " is another one"
		}
	}
	return differences
}

// place is where something stands that is to be changed.
func (p *plan) place(kind, name string) kubeedge.Place {
	for _, c := range p.changes {
		if c.Kind == kind && c.Name == name {
			return c.From
		}
	}
	return kubeedge.Place{}
}

// refusedDefinitions are what the rules have against their part of the plan.
func refusedDefinitions(e *rule.Rejected) refusedChanges {
	list := make(refusedChanges, len(e.Findings))
	for i, f := range e.Findings {
		message := f.Message
		if f.Hint != "" {
			message += "; " + f.Hint
		}
		list[i] = refusedChange{string(f.Kind), f.Name, message}
	}
	return list
}
