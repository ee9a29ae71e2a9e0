package function

// Special documents a function that has no declaration: the planner turns its
// calls into columns.
type Special struct{ Name, Signature, Section, Summary string }

// Specials are the functions of the dialect that are no entries of a Set.
func Specials() []Special {
	return []Special{
		{"meta", "meta(key) → any", context, "A value of the message's metadata, such as meta(topic) or meta(deviceName); meta(*) is all of it, meta(a->b) a field of a value. NULL when it is missing."},
		{"mqtt", "mqtt(key) → any", context, "The same as meta, for messages that came by MQTT: mqtt(topic), mqtt(messageId)."},
	}
}
