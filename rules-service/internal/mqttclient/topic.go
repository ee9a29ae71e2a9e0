package mqttclient

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const longestFilter = 65535 // MQTT writes its length in two bytes

// CheckFilter says what is wrong with a topic filter.
func CheckFilter(filter string) error {
	topic, err := shared(filter)
	switch {
	case err != nil:
		return err
	case topic == "":
		return errors.New("a topic is empty")
	case len(filter) > longestFilter:
		return fmt.Errorf("topic %.40q… has %d bytes; MQTT allows %d", filter, len(filter), longestFilter)
	case strings.Contains(filter, "\x00") || !utf8.ValidString(filter):
		return fmt.Errorf("topic %q: MQTT allows UTF-8 without NUL", filter)
	}
	levels := strings.Split(topic, "/")
	for i, l := range levels {
		switch {
		case l == "#" && i < len(levels)-1:
			return fmt.Errorf("topic %q: # must be the last level", filter)
		case l != "#" && strings.Contains(l, "#"), l != "+" && strings.Contains(l, "+"):
			return fmt.Errorf("topic %q: # and + stand for whole levels", filter)
		}
	}
	return nil
}

const sharedPrefix = "$share/"

// shared is the topic filter of a subscription that may be shared, as
// $share/GROUP/FILTER.
func shared(filter string) (topic string, err error) {
	rest, ok := strings.CutPrefix(filter, sharedPrefix)
	if !ok {
		return filter, nil
	}
	group, topic, _ := strings.Cut(rest, "/")
	if group == "" || topic == "" || strings.ContainsAny(group, "+#") {
		return "", fmt.Errorf("topic %q: a shared subscription is written $share/GROUP/TOPIC", filter)
	}
	return topic, nil
}

// unshared is the filter that a shared subscription routes by.
func unshared(filter string) string {
	if rest, ok := strings.CutPrefix(filter, sharedPrefix); ok {
		_, filter, _ = strings.Cut(rest, "/")
	}
	return filter
}
