package connector

import (
	"errors"
	"fmt"
	"time"
)

// SinkCommon are the properties that every sink has: package delivery acts on
// them. A property marked unsupported is refused unless it has its default.
type SinkCommon struct {
	SendSingle    bool     `prop:"sendSingle" doc:"One message for each row of a result instead of one message with an array."`
	OmitIfEmpty   bool     `prop:"omitIfEmpty" doc:"Send nothing when a result has no rows."`
	Fields        []string `prop:"fields" doc:"Keep only these columns; a missing one is written as null."`
	ExcludeFields []string `prop:"excludeFields" doc:"Leave these columns out; not together with fields."`
	DataField     string   `prop:"dataField" alias:"tableDataField" doc:"Take this column, an object or an array of objects, as the result."`
	DataTemplate  Template `prop:"dataTemplate" doc:"Go text/template over the result: an array of maps, with sendSingle one map."`
	Format        string   `prop:"format" doc:"Format of the payload; json is the only one so far."`
	BufferLength  int      `prop:"bufferLength" doc:"Messages that wait for the target at most. A full queue holds the rule back while the target keeps up, and loses its oldest message, counted, while the target is gone or its messages wait for more than a second."`
	Concurrency   int      `prop:"concurrency" doc:"Accepted; results never depend on it."`

	BatchSize      int           `prop:"batchSize" doc:"Collect so many results into one message: an array of what each would be by itself, with sendSingle an array of objects. A rest is sent after lingerInterval, and when the rule stops. Results whose evaluated properties differ do not share a message."`
	LingerInterval time.Duration `prop:"lingerInterval" doc:"Collect results for so long into one message; with batchSize at most for so long, 1 s when it is 0."`
	RateLimit      string        `prop:"rateLimit" doc:"Write at most so many messages in any period, such as 20/1m; the others wait in their order. Actions with the same target and the same limit share it."`

	SchemaID          string         `prop:"schemaId,unsupported" doc:"Message of the schema registry."`
	Delimiter         string         `prop:"delimiter,unsupported" doc:"Separator of the delimited format."`
	HasHeader         bool           `prop:"hasHeader,unsupported" doc:"Header line of the delimited format."`
	Compression       string         `prop:"compression,unsupported" doc:"zlib, gzip, flate or zstd."`
	CompressionProps  map[string]any `prop:"compressionProps,unsupported" doc:"Level of the compression."`
	Encryption        string         `prop:"encryption,unsupported" doc:"aes."`
	EncProps          map[string]any `prop:"encProps,unsupported" doc:"Settings of the encryption."`
	ResourceID        string         `prop:"resourceId" doc:"Configuration key of the sink type; its properties come below those of the action."`
	ConnectionSelect  string         `prop:"connectionSelector" doc:"Named connection of the type; equal connections are shared without it too."`
	ResendAlterQueue  bool           `prop:"resendAlterQueue,unsupported" doc:"New results first, old ones beside them."`
	ResendPriority    int            `prop:"resendPriority,unsupported" doc:"Order of old and new results."`
	ResendIndicator   string         `prop:"resendIndicatorField,unsupported" doc:"Column that marks rows sent again."`
	ResendDestination string         `prop:"resendDestination,unsupported" doc:"Other topic for rows sent again."`

	EnableCache          bool          `prop:"enableCache" doc:"Accepted: what a target cannot take always waits on disk and is sent again in order, also after a restart. With it maxDiskCache counts."`
	MemoryCacheThreshold int           `prop:"memoryCacheThreshold" doc:"Accepted; bufferLength bounds the queue in memory."`
	MaxDiskCache         int           `prop:"maxDiskCache" doc:"Messages of this action that wait on disk at most, rounded up to whole pages, if enableCache is set; 0: only the size of the queue on disk counts."`
	BufferPageSize       int           `prop:"bufferPageSize" doc:"Messages in a page: see maxDiskCache."`
	CacheFull            string        `prop:"cacheFull" doc:"What is dropped, and counted, when the queue on disk is full: dropOldest, of all actions on the connection, or dropNewest, of this action."`
	CleanCacheAtStop     bool          `prop:"cleanCacheAtStop" doc:"Forget what waits on disk for this action when its rule stops."`
	ResendInterval       time.Duration `prop:"resendInterval" doc:"Pause between attempts; 0: 100 ms at first, doubled up to 30 s."`
}

var defaultSinkCommon = SinkCommon{Format: "json", BufferLength: 1024, Concurrency: 1, Delimiter: ",",
	MemoryCacheThreshold: 1024, BufferPageSize: 256, CacheFull: DropOldest}

// What is dropped when the queue on disk is full.
const (
	DropOldest = "dropOldest"
	DropNewest = "dropNewest"
)

// SinkFields documents the properties that every sink has.
func SinkFields() []Field { return fieldsOf(defaultSinkCommon) }

// SourceFields documents the properties that every source has.
func SourceFields() []Field { return fieldsOf(defaultSourceCommon) }

// retiredSinkProperties were dropped by eKuiper; EdgeX's UI still sends them.
var retiredSinkProperties = []string{"runAsync", "retryInterval", "retryCount", "cacheLength", "cacheSaveInterval"}

// Validate checks what the types cannot say.
func (c *SinkCommon) Validate() error {
	if len(c.Fields) > 0 && len(c.ExcludeFields) > 0 {
		return errors.New("fields and excludeFields exclude each other; leave one out")
	}
	if c.Format != "json" {
		return errors.New(`property "format": only "json" is supported yet`)
	}
	if c.BufferLength < 1 {
		return errors.New(`property "bufferLength" must be at least 1`)
	}
	if c.BatchSize < 0 {
		return errors.New(`property "batchSize" must not be negative`)
	}
	if c.LingerInterval < 0 {
		return errors.New(`property "lingerInterval" must not be negative`)
	}
	if _, err := ParseRate(c.RateLimit); err != nil {
		return fmt.Errorf("property \"rateLimit\": %w", err)
	}
	if c.Concurrency < 0 {
		return errors.New(`property "concurrency" must not be negative`)
	}
	if c.ResendInterval < 0 {
		return errors.New(`property "resendInterval" must not be negative`)
	}
	if c.MaxDiskCache < 0 {
		return errors.New(`property "maxDiskCache" must not be negative`)
	}
	if c.CacheFull != DropOldest && c.CacheFull != DropNewest {
		return fmt.Errorf("property \"cacheFull\" must be %q or %q, not %q", DropOldest, DropNewest, c.CacheFull)
	}
	return nil
}

// DiskMessages is how many messages of an action wait on disk at most, but at
// least so many; 0: any number.
func (c *SinkCommon) DiskMessages(least int) int {
	if !c.EnableCache || c.MaxDiskCache == 0 {
		return 0
	}
	page := max(1, c.BufferPageSize)
	return max(least, ((c.MaxDiskCache-1)/page+1)*page)
}

// SourceCommon are the properties that every source has: package hub acts on
// them.
type SourceCommon struct {
	BufferLength           int               `prop:"bufferLength" doc:"Messages that wait for the rules at most."`
	UseInt64ForWholeNumber bool              `prop:"useInt64ForWholeNumber" doc:"A JSON number without a point is BIGINT instead of FLOAT."`
	Concurrency            int               `prop:"concurrency" doc:"Accepted; results never depend on it."`
	Format                 string            `prop:"format,unsupported" doc:"The stream's FORMAT says it."`
	Decompression          string            `prop:"decompression,unsupported" doc:"zlib, gzip, flate or zstd."`
	MergeField             string            `prop:"mergeField,unsupported" doc:"Latest message of each value of this column, within an interval."`
	Merger                 string            `prop:"merger,unsupported" doc:"Named merger of frames."`
	SendInterval           time.Duration     `prop:"sendInterval,unsupported" doc:"Pause between the elements of an array."`
	PayloadField           string            `prop:"payloadField,unsupported" doc:"Column that is decoded once more."`
	PayloadFormat          string            `prop:"payloadFormat,unsupported" doc:"Format of the payload column."`
	ColAliasMapping        map[string]string `prop:"colAliasMapping,unsupported" doc:"Columns renamed while decoding."`
	ConnectionSelect       string            `prop:"connectionSelector" doc:"Named connection of the type; equal connections are shared without it too."`
}

var defaultSourceCommon = SourceCommon{BufferLength: 1024, Concurrency: 1}

// Validate checks what the types cannot say.
func (c *SourceCommon) Validate() error {
	if c.BufferLength < 1 {
		return errors.New(`property "bufferLength" must be at least 1`)
	}
	return nil
}
