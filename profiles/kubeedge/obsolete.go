package kubeedge

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// madeRule is the form of the rules that an import makes: their stream, their
// device and their resource are in it.
var madeRule = regexp.MustCompile(`^SELECT .* AS timestamp FROM (\S+) WHERE meta\(deviceName\) = ("(?:[^"\\]|\\.)*") AND isnull\((.+)\) = false` +
	`(?: GROUP BY TUMBLINGWINDOW\(ms, \d+\) HAVING count\(\*\) > 0)?$`)

// MayBeByImport tells whether an import may have made the rule of an id.
func MayBeByImport(id string) bool { return slices.Contains(ruleNames, ruleName(id)) }

// ruleName is what the id of a rule ends in.
func ruleName(id string) string { return id[strings.LastIndexByte(id, '_')+1:] }

// deviceOf is the device that an import made a rule for; "": it was none. A copy
// of such a rule that somebody has made has another id, or another condition.
func deviceOf(id, sql string) string {
	m := madeRule.FindStringSubmatch(sql)
	if m == nil || !MayBeByImport(id) || id != ruleID(m[1], strings.Trim(m[3], "`"), ruleName(id)) {
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
