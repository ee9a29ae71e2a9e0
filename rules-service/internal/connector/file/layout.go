package file

import (
	"fmt"

	"github.com/valyala/fastjson"
)

// layout is how messages stand in a file.
type layout interface {
	// message appends a message; empty: it is the first one of the file. An
	// error is one of the message.
	message(dst []byte, o *output, payload []byte) ([]byte, error)
	// tail stands behind the last message, and is written over by the next one.
	tail() []byte
}

func newLayout(c *SinkConfig) (layout, error) {
	switch c.FileType {
	case typeJSON:
		return jsonLayout{}, nil
	case typeCSV:
		return newCSVLayout(c)
	}
	return lineLayout{}, nil
}

// lineLayout is a message a line.
type lineLayout struct{}

func (lineLayout) message(dst []byte, _ *output, payload []byte) ([]byte, error) {
	return append(append(dst, payload...), '\n'), nil
}

func (lineLayout) tail() []byte { return nil }

// jsonLayout is one array, with an element a line.
type jsonLayout struct{}

func (jsonLayout) message(dst []byte, o *output, payload []byte) ([]byte, error) {
	if err := fastjson.ValidateBytes(payload); err != nil {
		return dst, fmt.Errorf("a message that is no JSON cannot stand in a json file: %w", err)
	}
	if o.empty {
		dst = append(dst, "[\n"...)
	} else {
		dst = append(dst, ",\n"...)
	}
	return append(dst, payload...), nil
}

func (jsonLayout) tail() []byte { return []byte("\n]\n") }
