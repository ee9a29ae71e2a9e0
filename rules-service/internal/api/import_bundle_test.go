package api_test

import "testing"

// What a whole import has brought is not deleted again, however it spells the
// type.
func TestImportKeepsTypesInAnyCase(t *testing.T) {
	b := real(t)
	b.want("PUT", "/metadata/sources/mqtt/confKeys/old", `{"qos":1}`, 200, "")
	b.want("POST", "/data/import", content(`{"sourceConfig":{"MQTT":"{\"k1\":{\"qos\":0}}"}}`), 200, "…")
	b.want("GET", "/metadata/sources/yaml/mqtt", "", 200, `{"k1":{"qos":0}}`+"\n")
}
