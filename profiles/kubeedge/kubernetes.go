package kubeedge

import "regexp"

// What Kubernetes takes as the name of an object, and as the key and the value
// of a label.
var (
	objectName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	labelKey   = regexp.MustCompile(`^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)
	labelValue = regexp.MustCompile(`^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$`)
)

// longestName is how long the name of an object may be.
const longestName = 253

// fitting parts the labels that Kubernetes takes from those that it refuses,
// such as a description of several words.
func fitting(labels map[string]string) (fit, unfit map[string]string) {
	fit = map[string]string{}
	for key, v := range labels {
		if labelKey.MatchString(key) && labelValue.MatchString(v) {
			fit[key] = v
			continue
		}
		if unfit == nil {
			unfit = map[string]string{}
		}
		unfit[key] = v
	}
	return fit, unfit
}
