package mqtt

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// marshal writes what a cloud takes, to a limit of its own.
func marshal(v any, limit int) ([]byte, error) {
	b, err := json.Marshal(v)
	if err == nil && len(b) > limit {
		err = fmt.Errorf("the message has %d bytes; the cloud takes %d", len(b), limit)
	}
	return b, err
}

// takeTime takes a column with a time out of a row; zero: none is configured or
// there.
func takeTime(row map[string]any, column string) (time.Time, error) {
	v, ok := row[column]
	if column == "" || !ok || v == nil {
		return time.Time{}, nil
	}
	delete(row, column)
	text := fmt.Sprint(v)
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(ms), nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, fmt.Errorf("column %s is no time; milliseconds or a text such as 2026-11-20T21:10:59Z are", column)
	}
	return t, nil
}
