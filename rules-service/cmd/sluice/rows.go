package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"sluice/rules-service/internal/definition"
)

// unnamed is where rows stand whose stream is not said.
const unnamed = ""

// readRows reads rows by their streams.
func readRows(text string) (map[string][]json.RawMessage, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, errors.New("no rows are in it")
	}
	rows := map[string][]json.RawMessage{}
	if json.Unmarshal([]byte(text), &rows) == nil && len(rows) > 0 {
		return rows, nil
	}
	var list []json.RawMessage
	if strings.HasPrefix(text, "[") {
		if err := definition.CheckJSON(text); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return nil, err
		}
	} else {
		var err error
		if list, err = rowLines(text); err != nil {
			return nil, err
		}
	}
	return map[string][]json.RawMessage{unnamed: list}, nil
}

// rowLines reads rows that stand one in a line; one row may stand in several.
func rowLines(text string) ([]json.RawMessage, error) {
	if whole := json.RawMessage(text); json.Valid(whole) {
		return []json.RawMessage{whole}, nil
	}
	var list []json.RawMessage
	number := 0
	for line := range strings.Lines(text) {
		number++
		row := bytes.TrimSpace([]byte(line))
		if len(row) == 0 {
			continue
		}
		if !json.Valid(row) {
			return nil, fmt.Errorf("line %d: a row must be JSON such as {\"temperature\": 81}", number)
		}
		list = append(list, row)
	}
	return list, nil
}
