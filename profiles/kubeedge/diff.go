package kubeedge

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// Existing is what EdgeX and the rules service have. Streams are statements,
// rules are as their REST API has them. Of the rules those matter that are
// wanted, and those that MayBeByImport is true of.
type Existing struct {
	Profiles []dtos.DeviceProfile
	Devices  []dtos.Device
	Streams  map[string]string
	Rules    map[string]map[string]any
}

// Action is what becomes of an object.
type Action string

// The actions.
const (
	Create    Action = "created"
	Update    Action = "updated"
	Unchanged Action = "unchanged"
	Delete    Action = "deleted"
	Failed    Action = "error"
	Skipped   Action = "not imported"
)

// Change is what an import does to one object.
type Change struct {
	Kind   string `json:"kind"` // profile, device, stream or rule
	Name   string `json:"name"`
	Action Action `json:"action"`
	// Differences name what an update changes, such as
	// "protocols.modbus-tcp.Port: 502 -> 1502".
	Differences []string `json:"differences,omitempty"`
	From        Place    `json:"from"`
}

// Diff compares what there is to be with what there is. It writes nothing.
func Diff(want Result, have Existing) []Change {
	d := differ{}
	profiles := index(have.Profiles, func(p dtos.DeviceProfile) string { return p.Name })
	for _, p := range want.Profiles {
		old, there := profiles[p.Name]
		old.Id, old.DBTimestamp = "", dtos.DBTimestamp{} // which core-metadata gives
		d.compare("profile", p.Name, p.From, there, old, p.DeviceProfile)
	}
	devices := index(have.Devices, func(d dtos.Device) string { return d.Name })
	for _, one := range want.Devices {
		old, there := devices[one.Name]
		old.Id, old.DBTimestamp = "", dtos.DBTimestamp{}
		old.AdminState, old.OperatingState = one.AdminState, one.OperatingState // which an import leaves as they are
		d.compare("device", one.Name, one.From, there, old, one.Device)
	}
	for _, s := range want.Streams {
		old, there := have.Streams[s.Name]
		d.compare("stream", s.Name, s.From, there, map[string]any{"sql": statement(old)}, map[string]any{"sql": statement(s.SQL)})
	}
	for _, r := range want.Rules {
		old, there := have.Rules[r.ID]
		d.compare("rule", r.ID, r.From, there, ruleParts(old), ruleParts(map[string]any{"sql": r.SQL, "actions": r.Actions}))
	}
	d.obsolete(want, have.Rules)
	return d.changes
}

func index[T any](list []T, name func(T) string) map[string]T {
	m := make(map[string]T, len(list))
	for _, one := range list {
		m[name(one)] = one
	}
	return m
}

// statement is SQL without what makes no difference.
func statement(sql string) string {
	return strings.TrimSuffix(strings.Join(strings.Fields(sql), " "), ";")
}

// ruleParts are what an import says about a rule.
func ruleParts(rule map[string]any) map[string]any {
	return map[string]any{"sql": statement(text(rule["sql"])), "actions": rule["actions"]}
}

type differ struct{ changes []Change }

func (d *differ) compare(kind, name string, from Place, there bool, old, wanted any) {
	c := Change{Kind: kind, Name: name, Action: Create, From: from}
	if there {
		c.Action = Unchanged
		if !sameText(old, wanted) {
			c.Differences = differences(old, wanted)
		}
		if !passing(c.Differences) {
			c.Action = Update
		} else {
			c.Differences = nil
		}
	}
	d.changes = append(d.changes, c)
}

// seen are paths to what a cluster has seen of a device, time and again.
var seen = regexp.MustCompile(`^properties\.kubeedge\.device\.(?:` +
	`properties\..+\.(?:reported|observedDesired)(?:\.(?:value|metadata\.timestamp))?|rest\.status\.(?:state|lastOnlineTime))$`)

// passing tells whether all differences are of what a cluster has seen: they are
// no reason to change a device.
func passing(differences []string) bool {
	return !slices.ContainsFunc(differences, func(d string) bool {
		path, _, _ := strings.Cut(d, ": ")
		return !seen.MatchString(path)
	})
}

// differences names what is different between two objects.
func differences(a, b any) []string {
	x, errX := treeOf(a)
	y, errY := treeOf(b)
	if errX != nil || errY != nil {
		return []string{"it cannot be compared"}
	}
	for _, tree := range []map[string]any{x, y} {
		forget(tree)
		for _, key := range []string{"deviceResources", "deviceCommands"} {
			tree[key] = itemsByName(tree[key])
		}
		prune(tree)
	}
	var list []string
	walk("", x, y, &list)
	return list
}

// itemsByName are the items of a list by their names.
func itemsByName(v any) map[string]any {
	list, _ := v.([]any)
	m := map[string]any{}
	for _, one := range list {
		item, _ := one.(map[string]any)
		m[text(item["name"])] = one
	}
	return m
}

// prune drops what says nothing: core-metadata leaves it out or puts it in.
func prune(tree map[string]any) {
	for key, v := range tree {
		switch v := v.(type) {
		case map[string]any:
			if prune(v); len(v) == 0 {
				delete(tree, key)
			}
		case []any:
			for _, one := range v {
				if m, ok := one.(map[string]any); ok {
					prune(m)
				}
			}
			if len(v) == 0 {
				delete(tree, key)
			}
		case string:
			if v == "" {
				delete(tree, key)
			}
		case bool:
			if !v {
				delete(tree, key)
			}
		}
	}
}

// walk names the differences below a path.
func walk(path string, a, b map[string]any, list *[]string) {
	for _, key := range slices.Sorted(maps.Keys(merged(a, b))) {
		at := strings.TrimPrefix(path+"."+key, ".")
		x, y := a[key], b[key]
		old, wasMap := x.(map[string]any)
		in, isMap := y.(map[string]any)
		switch {
		case equal(x, y):
		case wasMap && isMap:
			walk(at, old, in, list)
		default:
			*list = append(*list, fmt.Sprintf("%s: %s -> %s", at, shown(x), shown(y)))
		}
	}
}

// longest is how much of a value a difference shows.
const longest = 60

func shown(v any) string {
	if v == nil {
		return "nothing"
	}
	s := text(v)
	if r := []rune(s); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return s
}
