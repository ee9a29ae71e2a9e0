package hub

import (
	"strings"
	"testing"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine"
)

var testKey = []byte("0123456789abcdef")

// packed is a payload as a sender with these settings writes it.
func packed(t *testing.T, p codec.Packing, payload string) string {
	t.Helper()
	p.AES.Key = testKey
	packer, err := codec.NewPacker(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(packer.Pack([]byte(payload)))
}

func TestFormats(t *testing.T) {
	for _, c := range []struct{ name, columns, options, query, payload, want string }{
		{"declared columns of delimited", "(a BIGINT, b STRING)", `FORMAT="delimited"`, "SELECT a + 1 AS a, b FROM s", "1,x", `a=2 b="x" `},
		{"delimiter of the stream", "()", `FORMAT="delimited", DELIMITER=";"`, "SELECT col1 FROM s", "1;x", `col1="x" `},
		{"fields of the source", "()", `FORMAT="delimited", EXTRA="{\"fields\":[\"p\",\"q\"],\"delimiter\":\"|\"}"`, "SELECT q FROM s", "1|x", `q="x" `},
		{"DELIMITER wins over the source", "()", `FORMAT="delimited", DELIMITER=";", EXTRA="{\"Delimiter\":\"|\"}"`, "SELECT col1 FROM s", "1;x", `col1="x" `},
		{"header", "()", `FORMAT="delimited", EXTRA="{\"hasHeader\":true}"`, "SELECT q FROM s", "p,q\n1,x", `q="x" `},
		{"all columns", "()", `FORMAT="delimited"`, "SELECT * FROM s", "1,x", "*={\"col0\":\"1\",\"col1\":\"x\"} "},
		{"format of the source", "()", `EXTRA="{\"format\":\"urlencoded\"}"`, "SELECT a FROM s", "a=x", `a="x" `},
		{"urlencoded", "(a BIGINT)", `FORMAT="URLENCODED"`, "SELECT a FROM s", "a=5", "a=5 "},
		{"cbor", "()", `FORMAT="cbor"`, "SELECT a FROM s", "\xa1\x61a\x05", "a=5 "},
		{"binary", "(image BYTEA)", `FORMAT="binary"`, "SELECT image FROM s", "\x00\x01", `image="AAE=" `},
		{"a binary message as text", "()", `FORMAT="binary"`, `SELECT encode(self, "base64") AS e FROM s`, "\x00\x01", `e="AAE=" `},
		{"decompression", "()", `FORMAT="json", EXTRA="{\"decompression\":\"zstd\"}"`, "SELECT a FROM s", packed(t, codec.Packing{Compression: "zstd"}, `{"a":5}`), "a=5 "},
		{"decryption, then decompression", "()", `FORMAT="delimited", EXTRA="{\"decompression\":\"gzip\",\"decryption\":\"aes\",\"decProps\":{\"mode\":\"gcm\"}}"`, "SELECT col0 FROM s",
			packed(t, codec.Packing{Compression: "gzip", Encryption: "aes", AES: codec.AES{Mode: "gcm"}}, "5"), `col0="5" `},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, `CREATE STREAM s `+c.columns+` WITH (TYPE="feed", DATASOURCE="d", `+c.options+`)`)
			b.Hub.env.AESKey = func() ([]byte, error) { return testKey, nil }
			if err := b.Check(b.streams["s"]); err != nil {
				t.Fatal(err)
			}
			_, out := b.attach("r", c.query)
			b.feeds.get("d").send(c.payload)
			out.want(t, c.want)
		})
	}
}

// A message that cannot be read is counted, with the format, the column and
// what was wanted; those behind it are read.
func TestMessageOfAnotherFormat(t *testing.T) {
	b := newBench(t, `CREATE STREAM s (a BIGINT) WITH (TYPE="feed", DATASOURCE="d", FORMAT="delimited")`)
	a, out := b.attach("r", "SELECT a FROM s")
	b.feeds.get("d").send("x", "5")
	out.want(t, "a=5 ")
	if s := a.Stats().Sources[0].Counts; s.Exceptions != 1 || s.LastException != `decode delimited: row 1: column "a": "x" is no BIGINT` {
		t.Errorf("%+v", s)
	}
}

type rowsConfig struct {
	Datasource string `prop:"datasource" doc:"Name."`
}

func TestFormatsRefused(t *testing.T) {
	b := newBench(t)
	connector.AddSource(b.reg, connector.SourceSpec[rowsConfig]{Name: "rows", Summary: "Rows.", Example: "{}", Format: "rows"})
	for options, want := range map[string]string{
		`FORMAT="protobuff"`:                                `unknown format "protobuff"; did you mean "protobuf"?`,
		`FORMAT="protobuf"`:                                 "format protobuf wants a schemaId",
		`FORMAT="protobuf", SCHEMAID="a.B"`:                 "there is no schema registry",
		`FORMAT="cbor", SCHEMAID="a.B"`:                     "SCHEMAID names a message of format protobuf, and the format is cbor",
		`EXTRA="{\"fields\":[\"a\"]}"`:                      "the properties hasHeader and fields belong to format delimited, and the format is json",
		`EXTRA="{\"decompression\":\"lz4\"}"`:               `unknown compression "lz4"`,
		`EXTRA="{\"decryption\":\"aes\"}"`:                  "Rules.AESKey",
		`EXTRA="{\"decProps\":{\"mod\":\"gcm\"}}"`:          `unknown property "mod"; did you mean "mode"?`,
		`EXTRA="{\"mergeField\":\"a\"}"`:                    `property "mergeField": not supported: every message counts`,
		`FORMAT="delimited", DELIMITER="\n"`:                "a delimiter must hold no quote and no line feed",
		`TYPE="rows", EXTRA="{\"decompression\":\"gzip\"}"`: "messages of a rows source are neither compressed nor encrypted",
		`TYPE="rows", SCHEMAID="a.B"`:                       "SCHEMAID names a message of format protobuf, and the format is rows",
	} {
		if !strings.Contains(options, "TYPE=") {
			options += `, TYPE="feed"`
		}
		st, err := sqlengine.ParseStatement(`CREATE STREAM x () WITH (DATASOURCE="d", ` + options + `)`)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Check(st.Stream); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", options, err, want)
		}
	}
}
