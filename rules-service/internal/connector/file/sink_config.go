package file

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
)

// SinkConfig is the configuration of the sink.
type SinkConfig struct {
	Path             connector.Template         `prop:"path" doc:"File, absolute or below the folder for files of the service (DataDir/files); others are refused if Rules.Files.AllowExternal is false. Folders are made."`
	FileType         string                     `prop:"fileType" doc:"lines: a message a line; json: one array of all messages, complete after each write; csv: a row a line, for which format is json or delimited."`
	HasHeader        bool                       `prop:"hasHeader" doc:"A csv file begins with the names of its columns."`
	Delimiter        string                     `prop:"delimiter" doc:"Character between the values of a csv file."`
	Fields           []string                   `prop:"fields" doc:"Keep only these columns, in this order in a csv file; without it those of the first row of a file are its columns, in the order of their names; what later rows have beside them is left out. After a restart of the service only a header or fields tell what a file has."`
	RollingInterval  time.Duration              `prop:"rollingInterval" doc:"A new file is begun when a file is so old, whether messages come or not; 0: never."`
	RollingCount     int                        `prop:"rollingCount" doc:"A new file is begun after so many messages; 0: never."`
	RollingSize      int64                      `prop:"rollingSize" doc:"A new file is begun when a file has so many bytes, as they are on disk; 0: never."`
	RollingName      string                     `prop:"rollingNamePattern" doc:"Where the time at which a file is begun, in milliseconds, stands in its name: suffix (log-1700000000000.txt), prefix (1700000000000-log.txt) or none: then all is appended to one file."`
	CheckInterval    time.Duration              `prop:"checkInterval" doc:"Accepted: files are rolled on time."`
	RollingHook      string                     `prop:"rollingHook,unsupported" doc:"Plugin that is called when a file is complete." reason:"there are no plugins; a file source with moveTo takes complete files on"`
	RollingProps     map[string]any             `prop:"rollingHookProps,unsupported" doc:"Settings of rollingHook." reason:"see rollingHook"`
	Compression      string                     `prop:"compression" doc:"gzip or zstd, with the ending .gz or .zst: each write is a member of its own, so the file is complete at any time."`
	CompressionProps connector.CompressionProps `prop:"compressionProps" doc:"Settings of the compression: {\"level\": 9}. Levels go from 1, the fastest, to 9, with zstd to 22; 0 is the default of the algorithm."`
	Encryption       string                     `prop:"encryption,unsupported" doc:"aes." reason:"a crash would make a file that is encrypted as a whole unreadable; use an encrypted file system"`
}

// Where the time stands in the names of files.
const (
	nameSuffix = "suffix"
	namePrefix = "prefix"
	nameNone   = "none"
)

// Validate checks what the types cannot say.
func (c *SinkConfig) Validate() error {
	c.FileType = strings.ToLower(c.FileType)
	if c.RollingName == "" {
		c.RollingName = nameNone
	}
	switch {
	case c.Path == "":
		return errors.New(`property "path" is missing: the file to write`)
	case strings.ContainsRune(string(c.Path), 0):
		return errors.New(`property "path" has a zero byte`)
	case !slices.Contains([]string{typeJSON, typeLines, typeCSV}, c.FileType):
		return fmt.Errorf(`property "fileType": there are lines, json and csv, not %q`, c.FileType)
	case !slices.Contains([]string{nameSuffix, namePrefix, nameNone}, c.RollingName):
		return fmt.Errorf(`property "rollingNamePattern": there are suffix, prefix and none, not %q`, c.RollingName)
	case c.RollingInterval < 0 || c.RollingCount < 0 || c.RollingSize < 0 || c.CheckInterval < 0:
		return errors.New(`properties "rollingInterval", "rollingCount", "rollingSize" and "checkInterval" must not be negative`)
	case !slices.Contains([]string{"", "gzip", "zstd"}, c.Compression):
		return fmt.Errorf(`property "compression": there are gzip and zstd, not %q`, c.Compression)
	}
	_, err := comma(c.Delimiter)
	return err
}

// Adjust gives the renderer what it is to do for a file: the sink makes the
// lines of a csv file itself, as only it knows where one begins.
func (c *SinkConfig) Adjust(common *connector.SinkCommon) error {
	if len(c.Fields) > 0 && len(common.ExcludeFields) > 0 {
		return errors.New("fields and excludeFields exclude each other; leave one out")
	}
	common.Fields = c.Fields
	if c.FileType == typeLines && common.Format == "delimited" && c.HasHeader {
		c.FileType = typeCSV // the header belongs to the file, not to each message
	}
	if c.FileType != typeCSV {
		common.HasHeader = c.HasHeader
		common.Delimiter = c.Delimiter
		return nil
	}
	if common.Format != "json" && common.Format != "delimited" {
		return fmt.Errorf(`property "format": a csv file has rows of json or delimited, not %q`, common.Format)
	}
	common.Format = "json"
	return nil
}

func registerSink(r *connector.Registry) {
	owners := &owners{paths: map[string]*sink{}}
	connector.AddSink(r, connector.SinkSpec[SinkConfig]{
		Name: "file",
		Summary: "Writes results into files. What counts as written is on disk: after a crash or a loss of power it is there, and what was being written then is written again. " +
			"All actions that write a file must have the same properties.",
		Defaults: SinkConfig{Path: "cache", FileType: typeLines, Delimiter: ",", RollingCount: 1_000_000, CheckInterval: 5 * time.Minute},
		Example:  `{"path": "alarms/{{.device}}.csv", "fileType": "csv", "hasHeader": true, "sendSingle": true, "rollingNamePattern": "suffix", "rollingInterval": "24h", "rollingSize": 10000000}`,
		// A file that cannot be written must not hold up another one.
		Key:    func(c SinkConfig) string { return string(c.Path) },
		Target: func(c SinkConfig) string { return string(c.Path) },
		New: func(c SinkConfig, env connector.Env) (connector.Sink, error) {
			return newSink(c, env, owners)
		},
	})
}
