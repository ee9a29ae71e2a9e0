package function

import "strings"

// Reserved tells of the names that stand for steps of a plan elsewhere: there
// they can be called, here neither be called nor registered.
func Reserved(name string) bool {
	switch strings.ToLower(name) {
	case "bypass", "inc_avg", "inc_collect", "inc_count", "inc_last_value", "inc_max", "inc_merge_agg", "inc_min", "inc_sum":
		return true
	}
	return false
}
