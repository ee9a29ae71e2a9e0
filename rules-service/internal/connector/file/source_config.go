package file

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sluice/rules-service/internal/connector"
)

// SourceConfig is the configuration of the source.
type SourceConfig struct {
	Datasource      string        `prop:"datasource" doc:"Name of the file or folder in path; a pattern such as *.csv, or nothing, for the files of path."`
	Path            string        `prop:"path" doc:"Folder, absolute or below the folder for files of the service (DataDir/files); others are refused if Rules.Files.AllowExternal is false."`
	FileType        string        `prop:"fileType" doc:"json: an array of objects, or one object after the other; lines: a message a line, in the FORMAT of the stream; csv: a row a line, as RFC 4180 has it. The peer's parquet is refused: it is not read here."`
	Interval        time.Duration `prop:"interval" doc:"Pause between two readings; 0: once. A single file is read anew each time, of a folder only what is new or has changed."`
	SendInterval    time.Duration `prop:"sendInterval" doc:"Pause between two messages."`
	ActionAfterRead int           `prop:"actionAfterRead" doc:"When all rules are done with a file, or have it on disk: 0 keeps it, 1 deletes it, 2 moves it to moveTo. With 1 and 2 a file that was not taken completely is read again."`
	MoveTo          string        `prop:"moveTo" doc:"Folder for files that were read; as path. A file that is there already is not overwritten."`
	HasHeader       bool          `prop:"hasHeader" doc:"The first line of a csv file names its columns."`
	Columns         []string      `prop:"columns" doc:"Names of the columns of a csv file without a header; otherwise they are col0, col1 and so on."`
	Delimiter       string        `prop:"delimiter" doc:"Character between the values of a csv file."`
	IgnoreStart     int           `prop:"ignoreStartLines" doc:"So many lines at the beginning are left out; empty ones do not count."`
	IgnoreEnd       int           `prop:"ignoreEndLines" doc:"So many lines at the end are left out; empty ones do not count."`
	Decompression   string        `prop:"decompression" doc:"gzip, zlib, flate or zstd, none for none of them; by default the ending .gz or .zst of the name decides."`
	ReplayField     string        `prop:"replayField" doc:"Column, or path of fields with points, with the time of a row: milliseconds since 1970 or a text such as 2026-01-31T08:00:00Z. Rows are sent with the pauses that are between these times."`
	ReplaySpeed     float64       `prop:"replaySpeed" doc:"How many times faster than that; 1: as it was."`
	Parallel        bool          `prop:"parallel,unsupported" doc:"Files of a folder are read at the same time." reason:"they are read one after the other, in the order of their times, so that rows keep their order"`
}

// What becomes of a file that was read.
const (
	keepFile = iota
	deleteFile
	moveFile
)

// Validate checks what the types cannot say.
func (c *SourceConfig) Validate() error {
	c.FileType = strings.ToLower(c.FileType)
	switch {
	case c.FileType == "parquet":
		return errors.New(`property "fileType": parquet is not read; convert the file to csv or json`)
	case !slices.Contains([]string{typeJSON, typeLines, typeCSV}, c.FileType):
		return fmt.Errorf(`property "fileType": there are json, lines and csv, not %q`, c.FileType)
	case c.Datasource == "" && c.Path == "":
		return errors.New(`give the name of a file as DATASOURCE, or a folder as property "path"`)
	case strings.ContainsRune(c.Datasource+c.Path+c.MoveTo, 0):
		return errors.New("the name of a file has a zero byte")
	case c.Interval < 0 || c.SendInterval < 0:
		return errors.New(`properties "interval" and "sendInterval" must not be negative`)
	case c.IgnoreStart < 0 || c.IgnoreEnd < 0:
		return errors.New(`properties "ignoreStartLines" and "ignoreEndLines" must not be negative`)
	case c.IgnoreEnd > mostIgnored:
		return fmt.Errorf(`property "ignoreEndLines": at most %d lines can be left out`, mostIgnored)
	case c.ActionAfterRead < keepFile || c.ActionAfterRead > moveFile:
		return fmt.Errorf(`property "actionAfterRead": 0 keeps a file, 1 deletes it, 2 moves it; there is no %d`, c.ActionAfterRead)
	case c.ActionAfterRead == moveFile && c.MoveTo == "":
		return errors.New(`property "moveTo" is missing: actionAfterRead 2 wants a folder to move files to`)
	case !slices.Contains([]string{"", "none", "gzip", "zlib", "flate", "zstd"}, c.Decompression):
		return fmt.Errorf(`property "decompression": there are gzip, zlib, flate, zstd and none, not %q`, c.Decompression)
	case c.ReplaySpeed <= 0:
		return errors.New(`property "replaySpeed" must be above 0; 1 is the speed of the original`)
	case c.ReplayField != "" && c.SendInterval > 0:
		return errors.New(`properties "replayField" and "sendInterval" exclude each other; leave one out`)
	}
	if _, err := filepath.Match(c.Datasource, ""); err != nil {
		return fmt.Errorf("DATASOURCE %q is no pattern: %w", c.Datasource, err)
	}
	_, err := comma(c.Delimiter)
	return err
}

// comma is the delimiter as a character.
func comma(delimiter string) (rune, error) {
	r, size := utf8.DecodeRuneInString(delimiter)
	if size != len(delimiter) || strings.ContainsAny(delimiter, "\"\r\n") || r == utf8.RuneError {
		return 0, fmt.Errorf(`property "delimiter": %q is not one character, other than a quote and an end of line`, delimiter)
	}
	return r, nil
}

// many tells whether the source reads a folder.
func (c *SourceConfig) many() bool {
	return c.Datasource == "" || strings.ContainsAny(c.Datasource, "*?[")
}

// pattern is that of the files of a folder; "": all of them.
func (c *SourceConfig) pattern() string {
	if c.many() {
		return c.Datasource
	}
	return ""
}

// place is the folder, or the file; DATASOURCE may name a folder too.
func (c *SourceConfig) place() string {
	if c.many() {
		return c.Path
	}
	if filepath.IsAbs(c.Datasource) && c.Path == "" {
		return c.Datasource
	}
	return filepath.Join(c.Path, c.Datasource)
}

func registerSource(r *connector.Registry) {
	connector.AddSource(r, connector.SourceSpec[SourceConfig]{
		Name: "file",
		Summary: "Reads a file, or the files of a folder, once or at an interval. Files whose names begin with a point are left out: write a file under such a name and rename it when it is complete. " +
			"What cannot be read is counted and shown in the status. meta(file) is the path of the file. A scan table of this type is loaded before its streams begin.",
		Defaults: SourceConfig{FileType: typeJSON, Delimiter: ",", ReplaySpeed: 1},
		Example:  `{"path": "orders", "datasource": "*.csv", "fileType": "csv", "hasHeader": true, "interval": "10s", "actionAfterRead": 2, "moveTo": "orders/done"}`,
		FormatOf: func(c SourceConfig) string {
			if c.FileType == typeCSV {
				return "texts"
			}
			return ""
		},
		Finite:  func(c SourceConfig) bool { return c.Interval == 0 },
		Durable: func(c SourceConfig) bool { return c.ActionAfterRead != keepFile },
		New:     newSource,
	})
}
