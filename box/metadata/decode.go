package metadata

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxBody is far above any profile; what is longer is no metadata.
const maxBody = 16 << 20

// readItems decodes the body of a request, an array of requests. One bad item
// refuses the whole body, as core-metadata does.
func readItems[T any](w http.ResponseWriter, r *http.Request) ([]T, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLong *http.MaxBytesError
	if errors.As(err, &tooLong) {
		return nil, refuse(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", maxBody)
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "read the body: %v", err)
	}
	items, err := decodeItems[T](body)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return items, nil
}

func decodeItems[T any](body []byte) ([]T, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, errors.New("empty body; want a JSON array of requests")
	}
	// In two steps, because the items check themselves while they are
	// decoded and their errors know no position.
	var raw []json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, at(body, err)
	}
	items := make([]T, len(raw))
	for i, text := range raw {
		if err := json.Unmarshal(text, &items[i]); err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
	}
	return items, nil
}

// at adds line and column to a JSON error that has an offset.
func at(text []byte, err error) error {
	offset := int64(-1)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset = kind.Offset
	}
	if offset < 0 || offset > int64(len(text)) {
		return err
	}
	before := text[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n') - 1
	return fmt.Errorf("%d:%d: %w", line, max(column, 1), err)
}
