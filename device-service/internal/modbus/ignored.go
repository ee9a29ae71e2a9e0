package modbus

import (
	"maps"
	"slices"

	"sluice/device-service/internal/driver"
	"sluice/sqlengine/diag"
)

// ignored names what the files of a device say and what is not used.
// device-modbus takes no notice of foreign names either, so that its files load
// as they are. A name that is like one of ours is a misspelling, and an error.
func ignored(dev driver.Device, s settings, resources []driver.Resource) (names []string) {
	for protocol, known := range properties {
		for _, name := range slices.Sorted(maps.Keys(dev.Protocols[protocol])) {
			if foreign(name, known) {
				names = append(names, protocol+"."+name)
			}
		}
	}
	if s.timeout == longestTimeout {
		names = append(names, "what Timeout is above "+longestTimeout.String())
	}
	seen := map[string]bool{urlRawQuery: true}
	for _, r := range resources {
		for _, name := range slices.Sorted(maps.Keys(r.Attributes)) {
			if !seen[name] && foreign(name, attributes) {
				names = append(names, "attribute "+name)
			}
			seen[name] = true
		}
	}
	return names
}

// foreign tells whether a name is neither known nor like one that is.
func foreign(name string, known []string) bool {
	return !slices.Contains(known, name) && diag.Nearest(name, known) == ""
}
