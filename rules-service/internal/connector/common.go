package connector

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// SinkCommon are the properties that every sink has: package delivery acts on
// them. A property marked unsupported is refused unless it has its default.
type SinkCommon struct {
	SendSingle    bool     `prop:"sendSingle" doc:"One message for each row of a result instead of one message with an array."`
	OmitIfEmpty   bool     `prop:"omitIfEmpty" doc:"Send nothing when a result has no rows; with sendSingle also for a row without columns."`
	Fields        []string `prop:"fields" doc:"Keep only these columns, in this order where the format has one; a missing one is written as null."`
	ExcludeFields []string `prop:"excludeFields" doc:"Leave these columns out; not together with fields."`
	SendNil       bool     `prop:"sendNil" doc:"Write columns of the rule that are NULL or missing as null; without it the option sendNilField of the rule decides."`
	SendError     bool     `prop:"sendError" doc:"Send the text of an error in a row as a message; without it the option sendError of the rule decides. A sink that takes rows gets a row with the column error."`
	DataField     string   `prop:"dataField" alias:"tableDataField" doc:"Take this column, an object or an array of objects, as the result."`
	DataTemplate  Template `prop:"dataTemplate" doc:"Go text/template over the result: an array of maps, with sendSingle one map."`
	Format        string   `prop:"format" doc:"Format of the payload: json, delimited, urlencoded, protobuf, cbor or binary. A sink that takes rows reads what dataTemplate gives in it. The formats urlencoded, protobuf and binary hold one row; binary is the column self."`
	BufferLength  int      `prop:"bufferLength" doc:"Messages that wait for the target at most. A full queue holds the rule back while the target keeps up, and loses its oldest message, counted, while the target is gone or its messages wait for more than a second."`
	Concurrency   int      `prop:"concurrency" doc:"Accepted; results never depend on it."`

	BatchSize      int           `prop:"batchSize" doc:"Collect so many results into one message: an array of what each would be by itself, with sendSingle an array of objects. A rest is sent after lingerInterval, and when the rule stops. Results whose evaluated properties differ do not share a message."`
	LingerInterval time.Duration `prop:"lingerInterval" doc:"Collect results for so long into one message; with batchSize at most for so long, 1 s when it is 0."`
	RateLimit      string        `prop:"rateLimit" doc:"Write at most so many messages in any period, such as 20/1m; the others wait in their order. Actions with the same target and the same limit share it."`

	SchemaID         string           `prop:"schemaId" doc:"Message of the schema registry for format protobuf, such as schema1.Message."`
	Delimiter        string           `prop:"delimiter" doc:"What stands between the columns of format delimited; \\t is a tab."`
	HasHeader        bool             `prop:"hasHeader" doc:"Payloads of format delimited begin with a line of the names of the columns."`
	Compression      string           `prop:"compression" doc:"How payloads are compressed: gzip, zlib, flate or zstd."`
	CompressionProps CompressionProps `prop:"compressionProps" doc:"Settings of the compression: {\"level\": 9}. Levels go from 1, the fastest, to 9, with zstd to 22; 0 is the default of the algorithm."`
	Encryption       string           `prop:"encryption" doc:"aes: payloads are encrypted, after compression, with the key Rules.AESKey of the service."`
	EncProps         EncProps         `prop:"encProps" doc:"Settings of the encryption: {\"mode\": \"gcm\"}, cfb by default; iv and aad as base64. The iv stands in front of the payload, a random one for each unless it is given."`

	ResourceID        string `prop:"resourceId" doc:"Configuration key of the sink type; its properties come below those of the action."`
	ConnectionSelect  string `prop:"connectionSelector" doc:"Named connection of the type; equal connections are shared without it too."`
	ResendAlterQueue  bool   `prop:"resendAlterQueue,ignored" doc:"New results first, old ones beside them." reason:"results reach a target in their order"`
	ResendPriority    int    `prop:"resendPriority,ignored" doc:"Whether old results come after (-1) or before (1) new ones." reason:"old results come before new ones, always"`
	ResendIndicator   string `prop:"resendIndicatorField,ignored" doc:"Column that marks rows sent again." reason:"a message is made once, and is on disk as it will be sent"`
	ResendDestination string `prop:"resendDestination,ignored" doc:"Other topic for rows sent again." reason:"what waited goes where it was to go, before anything newer"`

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

// CompressionProps are settings of a compression.
type CompressionProps struct {
	Level int `prop:"level" doc:"1 is the fastest; 0: the default of the algorithm."`
}

// EncProps are settings of an encryption.
type EncProps struct {
	Mode    string `prop:"mode" doc:"cfb or gcm, which also proves that nobody has changed the payload."`
	IV      string `prop:"iv" doc:"Initialization vector as base64: 16 bytes, with gcm 12. A constant one tells which payloads are equal; leave it out."`
	AAD     string `prop:"aad" doc:"Additional data of gcm as base64; then the tag stands in front of the text."`
	TagSize int    `prop:"tagsize" doc:"Bytes of the tag with aad; zeros fill it up."`
}

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

// RetiredSinkProperties are those that are taken with a warning.
func RetiredSinkProperties() []string { return slices.Clone(retiredSinkProperties) }

// Validate checks what the types cannot say.
func (c *SinkCommon) Validate() error {
	if len(c.Fields) > 0 && len(c.ExcludeFields) > 0 {
		return errors.New("fields and excludeFields exclude each other; leave one out")
	}
	if c.Format = strings.ToLower(c.Format); c.Format == "" {
		c.Format = defaultSinkCommon.Format // as forms send what is not filled in
	}
	if c.ResendPriority < -1 || c.ResendPriority > 1 {
		return errors.New(`property "resendPriority" must be -1, 0 or 1`)
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
	BufferLength           int      `prop:"bufferLength" doc:"Messages that wait for the rules at most."`
	UseInt64ForWholeNumber bool     `prop:"useInt64ForWholeNumber" doc:"A JSON number without a point is BIGINT instead of FLOAT."`
	Concurrency            int      `prop:"concurrency" doc:"Accepted; results never depend on it."`
	Format                 string   `prop:"format" doc:"Format of the messages, where FORMAT of the stream does not say another than json: json, delimited, urlencoded, protobuf, cbor or binary."`
	SchemaID               string   `prop:"schemaId" doc:"Message of the schema registry for format protobuf, where SCHEMAID of the stream does not say it."`
	Delimiter              string   `prop:"delimiter" doc:"What stands between the columns of format delimited, where DELIMITER of the stream does not say it; \\t is a tab."`
	HasHeader              bool     `prop:"hasHeader" doc:"Messages of format delimited begin with a line of the names of the columns."`
	Fields                 []string `prop:"fields" doc:"Names of the columns of format delimited; without it the declared ones, or col0, col1 and so on."`
	Decompression          string   `prop:"decompression" doc:"How messages are compressed: gzip, zlib, flate or zstd."`
	Decryption             string   `prop:"decryption" doc:"aes: messages are encrypted with the key Rules.AESKey of the service, as an action with encryption does it."`
	DecProps               EncProps `prop:"decProps" doc:"Settings of the decryption: as encProps of actions."`

	MergeField       string            `prop:"mergeField,unsupported" doc:"Latest message of each value of this column, within an interval." reason:"every message counts; use a window"`
	Merger           string            `prop:"merger,unsupported" doc:"Named merger of frames." reason:"mergers are plugins"`
	SendInterval     time.Duration     `prop:"sendInterval,unsupported" doc:"Pause between the elements of an array." reason:"rows reach the rules when they come"`
	PayloadField     string            `prop:"payloadField,unsupported" doc:"Column that is decoded once more." reason:"decode it in a rule, with parse_json"`
	PayloadFormat    string            `prop:"payloadFormat,unsupported" doc:"Format of the payload column." reason:"see payloadField"`
	ColAliasMapping  map[string]string `prop:"colAliasMapping,unsupported" doc:"Columns renamed while decoding." reason:"rename them in a rule, with AS"`
	ConnectionSelect string            `prop:"connectionSelector" doc:"Named connection of the type; equal connections are shared without it too."`
}

var defaultSourceCommon = SourceCommon{BufferLength: 1024, Concurrency: 1}

// Validate checks what the types cannot say.
func (c *SourceCommon) Validate() error {
	if c.BufferLength < 1 {
		return errors.New(`property "bufferLength" must be at least 1`)
	}
	return nil
}
