package function

// Special documents a function that has no declaration: the planner turns its
// calls into columns.
type Special struct{ Name, Signature, Section, Summary string }

// Specials are the functions of the dialect that are no entries of a Set.
func Specials() []Special {
	return []Special{
		{"meta", "meta(key) → any", context, "A value of the message's metadata, such as meta(topic) or meta(deviceName); meta(*) is all of it, meta(a->b) a field of a value. NULL when it is missing."},
		{"mqtt", "mqtt(key) → any", context, "The same as meta, for messages that came by MQTT: mqtt(topic), mqtt(messageId)."},
		{"delay", "delay(BIGINT, any) → as the argument", context, "The second argument, so many milliseconds later: each row of the result is held back, their order stays. In the select list, not in event time."},
		{"unnest", "unnest(ARRAY) → a row for each element", columns, "A row for each element of the array, none when it is NULL or empty. The fields of an element that is a STRUCT become columns, in front of others of their names; another element is the column named by the alias, or unnest. It stands alone in the select list, once."},
		{"extract", "extract(STRUCT) → columns", columns, "The fields of the STRUCT become columns of the row, in front of others of their names; no row when it is NULL. It stands alone in the select list, once."},
		{"dedup_trigger", "dedup_trigger(BIGINT, BIGINT, BIGINT, BIGINT) → ARRAY", numbering, "Which parts of the time slot from the first argument to the second were not asked for before, such as [{\"start_key\":\"20\",\"end_key\":\"30\"}]; NULL when there are none. A row waits until the third argument, its present time, has come to the end of its slot. Slots older than the last argument, a literal, are forgotten. All are milliseconds. In the select list."},
		{"row_number", "row_number() → BIGINT", numbering, "1, 2, 3 … over the rows of a window, with OVER (PARTITION BY … ORDER BY …) within each partition in that order. 1 without a window. In the select list."},
	}
}
