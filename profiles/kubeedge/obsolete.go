package kubeedge

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// madeRule is the form of the rules that an import makes: their stream and their
// device are in it.
var madeRule = regexp.MustCompile(`^SELECT .* AS timestamp FROM (\S+) WHERE meta\(deviceName\) = ("(?:[^"\\]|\\.)*") AND isnull\(`)

// MayBeByImport tells whether an import may have made the rule of an id.
func MayBeByImport(id string) bool {
	return slices.Contains(ruleNames, id[strings.LastIndexByte(id, '_')+1:])
}

// deviceOf is the device that an import made a rule for; "": it was none.
func deviceOf(id, sql string) string {
	m := madeRule.FindStringSubmatch(sql)
	if m == nil || !strings.HasPrefix(id, m[1]+"_") || !MayBeByImport(id) {
		return ""
	}
	device, err := strconv.Unquote(m[2])
	if err != nil {
		return ""
	}
	return device
}

// obsolete finds the rules of wanted devices that are not wanted any more: they
// would go on sending values to where the device said once.
func (d *differ) obsolete(want Result, have map[string]map[string]any) {
	wanted := map[string]bool{}
	for _, r := range want.Rules {
		wanted[r.ID] = true
	}
	devices := index(want.Devices, func(i Instance) string { return i.Name })
	for _, id := range slices.Sorted(maps.Keys(have)) {
		if wanted[id] {
			continue
		}
		if one, ours := devices[deviceOf(id, text(have[id]["sql"]))]; ours && one.stream != "" {
			d.changes = append(d.changes, Change{Kind: "rule", Name: id, Action: Delete, From: one.From})
		}
	}
}
