package file

import (
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/sqlengine/value"
)

// csvRecords are the lines of a csv file, as rows of texts.
type csvRecords struct {
	in      *input
	csv     *csv.Reader
	columns []string
	header  bool // still to be read
	timeAt  string

	row    *value.Fields
	places []int // of the columns in the row, by their order in the file
}

func newCSVRecords(in *input, c *SourceConfig) (*csvRecords, error) {
	r := &csvRecords{in: in, csv: csv.NewReader(in), columns: c.Columns, header: c.HasHeader, timeAt: c.ReplayField}
	r.csv.ReuseRecord, r.csv.FieldsPerRecord = true, -1
	var err error
	r.csv.Comma, err = comma(c.Delimiter)
	return r, err
}

func (r *csvRecords) next(dst []byte) ([]byte, time.Time, error) {
	cells, err := r.read()
	if err == nil && r.header {
		r.header = false
		r.columns = slices.Clone(cells)
		cells, err = r.read()
	}
	if err != nil {
		return dst, time.Time{}, err
	}
	r.fill(cells)
	return codec.AppendRows(dst, []*value.Fields{r.row}), r.time(), nil
}

func (r *csvRecords) read() ([]string, error) {
	cells, err := r.csv.Read()
	if err != nil {
		return nil, r.explained(err)
	}
	r.in.recordEnds()
	return cells, nil
}

// explained tells of a line that cannot be read; the next one can.
func (r *csvRecords) explained(err error) error {
	var wrong *csv.ParseError
	if errors.Is(err, errTooLong) || !errors.As(err, &wrong) {
		return err
	}
	r.in.recordEnds()
	return &skipped{fmt.Errorf("line %d, column %d: %w", wrong.Line, wrong.Column, wrong.Err)}
}

// fill puts the cells into the row.
func (r *csvRecords) fill(cells []string) {
	if r.row == nil || len(cells) != len(r.places) {
		r.arrange(len(cells))
	}
	for i, text := range cells {
		r.row.Values[r.places[i]] = value.OfString(text)
	}
}

// arrange makes a row for so many cells. Of two columns of one name the later
// one counts.
func (r *csvRecords) arrange(cells int) {
	names := make([]string, cells)
	for i := range names {
		names[i] = "col" + strconv.Itoa(i)
		if i < len(r.columns) && r.columns[i] != "" {
			names[i] = r.columns[i]
		}
	}
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	r.row = &value.Fields{Names: sorted, Values: make([]value.Value, len(sorted))}
	r.places = r.places[:0]
	for _, name := range names {
		at, _ := slices.BinarySearch(sorted, name)
		r.places = append(r.places, at)
	}
}

// time is that of the row.
func (r *csvRecords) time() time.Time {
	if r.timeAt == "" {
		return time.Time{}
	}
	return timeOf(r.row.Get(r.timeAt))
}
