package mqtt

import (
	"fmt"
	"strings"

	"sluice/rules-service/internal/mqttclient"
)

// filtersOf are the filters that a DATASOURCE names: topics of a cloud by their
// names, or filters as they are, with commas between them.
func filtersOf(datasource string, named map[string]string) []string {
	var out []string
	for f := range strings.SplitSeq(datasource, ",") {
		f = strings.TrimSpace(f)
		if topic, ok := named[f]; ok {
			f = topic
		}
		out = append(out, f)
	}
	return out
}

// checkFilters looks at what a source of a cloud subscribes to.
func checkFilters(filters []string, qos uint8) error {
	if qos > 1 {
		return fmt.Errorf(`property "qos": the cloud takes 0 and 1, not %d`, qos)
	}
	for _, f := range filters {
		if err := mqttclient.CheckFilter(f); err != nil {
			return err
		}
	}
	return nil
}
