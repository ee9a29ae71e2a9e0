package metadata

import "net/http"

// find returns the record of a name.
func find[T any](table map[string]T, noun, name string) (T, error) {
	record, found := table[name]
	if !found {
		return record, missing(noun, name)
	}
	return record, nil
}

// insert stores a record whose name is new.
func insert[T any](table map[string]T, noun, name string, record T) error {
	if _, found := table[name]; found {
		return exists(noun, name)
	}
	table[name] = record
	return nil
}

// byNameOrID finds the record that a PATCH means. Where both are given, they
// must be the same record's.
func byNameOrID[T any](table map[string]T, noun string, name, id *string, idOf func(T) string) (T, error) {
	if name != nil {
		record, err := find(table, noun, *name)
		if err == nil && id != nil && *id != idOf(record) {
			err = refuse(http.StatusBadRequest, "%s %q has another id than %s", noun, *name, *id)
		}
		return record, err
	}
	for _, record := range table {
		if id != nil && idOf(record) == *id {
			return record, nil
		}
	}
	var none T
	return none, refuse(http.StatusNotFound, "no %s has that id", noun)
}
